"""Every check and rule does what its page in tests/rules says, no more and no less."""

import datetime as dt
import random
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings, strategies as st

import handmade
from kongchuo.core.findings import KINDS
from kongchuo.core.policy import Policy
from kongchuo.core.schema import CENTRE
from kongchuo.core.tables import Town
from kongchuo.core.workbooks import Workbook
from kongchuo.rules import catalogue, causes, checks, judging
from kongchuo.rules.base import Rule, parts
from kongchuo.rules.judging import examine
from ruletables import AS_OF, BEFORE, FOLDER, POLICY, SCHEMA, YEAR, build, cases, shown

PAGES = sorted(path for path in FOLDER.glob("*.md") if path.stem != "README")
BY_CODE = {rule.code: rule for rule in judging.RULES}
CASES = [case for page in PAGES for case in cases(page)]


@dataclass(frozen=True)
class Watched(Policy):
    """A policy that notes which keys it is asked for."""

    asked: set = field(default_factory=set)

    def parameter(self, key):
        self.asked.add(key)
        return super().parameter(key)


def found(town, code):
    """What the judge of a code says of a town: the rule, or reading and the checks of the schema."""
    if code in BY_CODE:
        held = Watched(POLICY.parameters, POLICY.on)
        judgement = judging.judge(town, held, [BY_CODE[code]])
        assert judgement.broken == ()
        assert held.asked <= set(catalogue.parameters(BY_CODE[code].judge)), (
            "the catalogue names every parameter a rule reads"
        )
        return judgement.findings
    return [
        *(finding for workbook in town.workbooks for finding in workbook.findings),
        *checks.check(town, codes=(code,)),
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_case(case):
    code = case.title.split()[0]

    assert shown(case, [finding for finding in found(build(case), code) if finding.rule == code]) == sorted(
        case.expected
    )
    assert bool(case.expected) == case.bad, "a bad case expects something, a good one nothing"


@pytest.mark.parametrize("code", sorted({*BY_CODE} - causes.AMONG))
def test_of_a_school_a_part_of_the_town_says_the_same(code):
    """By this a cause is looked for in one school (causes.AMONG are the rules that compare schools)."""
    for case in cases(FOLDER / f"{code}.md"):
        town, home = build(case), "示例中学"
        part = causes._part(town, home, causes._pupils(town, home))
        own, of_all = (
            [one for one in found(seen, code) if one.workbook.split("/")[1] == home] for seen in (part, town)
        )
        assert own == of_all, case.title


def test_an_empty_sheet_of_the_centre_sends_nobody_to_the_centre():
    """R12: a school may ask the centre; the centre keeps its own sheets, and they are never empty."""
    told = {one.workbook.split("/")[1] == CENTRE: one.fix for one in found(build(cases(FOLDER / "R12.md")[0]), "R12")}
    assert ("与中心学校联系" in told[False], "联系" in told[True], "请中心学校填写" in told[True]) == (
        True,
        False,
        True,
    )


def test_every_rule_has_a_page_and_every_page_a_rule():
    elsewhere = {
        "F33",
        "F34",
    }  # lists from above: test_lists.py; number formats, which a page cannot show: test_unread.py
    codes = (
        {code for code in KINDS if code.startswith("F")} - elsewhere | {"R12"} | {rule.code for rule in judging.RULES}
    )

    assert {page.stem for page in PAGES} == codes


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_shows_both_sides(page):
    assert page.read_text("utf-8").startswith(f"# {page.stem} ")
    assert {case.bad for case in cases(page)} == {True, False}


@pytest.mark.parametrize("rule", judging.RULES, ids=lambda rule: rule.code)
def test_rule_explains_itself_and_names_what_it_reads(rule):
    """Docstring, message and remedy in Chinese; every need is a sheet or column of the schema."""
    town = build(CASES[0])
    for need in rule.needs:
        _, sheet, column = parts(need)
        assert not column or column in town.schema.sheets[sheet].by_name, need
    for text in (rule.explains, rule.kind.says, rule.kind.fix):
        assert any("一" <= character <= "鿿" for character in text), text
    assert rule.explains.endswith("。")
    assert rule.kind.source


def test_codes_are_unique():
    codes = [rule.code for rule in judging.RULES]

    assert len(codes) == len(set(codes))


def test_a_rule_that_fails_stops_no_other():
    def fails(town, policy):
        raise KeyError("99000020110509001X")
        yield

    broken = Rule(replace(judging.RULES[0].kind, code="X99"), (), fails)
    judgement = judging.judge(build(CASES[0]), POLICY, (broken, *judging.RULES))

    (line,) = judgement.broken
    assert "X99" in line
    assert "990000" not in line
    assert judgement.judged == {rule.code for rule in judging.RULES}


def test_what_lacks_once_is_said_once():
    """A school renamed in the registry has no folder of its new name: each rule lacks it, and that is one thing to be said."""
    town, _ = handmade.township(2, 40, 3, dt.date(2023, 11, 30))
    gone, other = town.homes[:2]
    books = [replace(book, read=False, tables={}) if book.home == gone else book for book in town.workbooks]
    books = [
        replace(book, tables={name: t for name, t in book.tables.items() if name != "visit"})
        if book.home == other
        else book
        for book in books
    ]

    lacking = judging.places(
        judging.judge(replace(town, workbooks=tuple(books), _frames={}, _made={}), POLICY).not_judged
    )

    assert len([reason for home, reason in lacking if home == gone]) == 1
    assert len(lacking[gone, "这个单位的工作簿一本也没有读到"]) > 20
    assert all("“劝返记录”" in reason for home, reason in lacking if home == other)


def test_what_cannot_be_read_is_not_judged():
    case = replace(CASES[0], tables=[], unread={("示例中学", "学籍")})
    judgement = judging.judge(build(case), POLICY)

    said = {(item.rule, item.home) for item in judgement.not_judged}
    assert ("X08", "示例中学") in said
    assert ("X08", "示例第一小学") not in said


# --- properties -------------------------------------------------------------------------------------------------------
DAYS = [dt.date(2023, 9, number) for number in (1, 4, 5, 6, 30)] + [dt.date(2022, 1, 1), dt.date(2031, 1, 1)]
WORDS = [
    "示例中学",
    "SLZ01",
    "SLZ01-2023-01",
    "七1班",
    "XS0000001",
    "甲老师",
    "SLC001",
    "SLZ01-7",
    "",
    "、",
    "甲春梅",
    "\u3000",
    "(",
    "7",
]
NUMBERS = ["990000201103150205", "99000020110315020", "G990000201103150205", "x", "99000020110315020541"]


def anything(item, chance):
    """Some value of the column's type, or none."""
    if chance.random() < 0.2:
        return None
    if item.codes:
        names = SCHEMA.codes[item.codes].names
        return "、".join(chance.sample(names, min(2, len(names)))) if item.many else chance.choice(names)
    pools = {"date": DAYS, "boolean": [True, False], "integer": [0, 1, 7, 999], "number": [0.5, 1.0, -3.0]}
    pool = NUMBERS if item.format in ("id_number", "status_no", "disability_no") else WORDS
    return chance.choice(pools.get(item.type, [YEAR] if item.format == "school_year" else pool))


def some_town(chance):
    """A town of the right shape and no sense: any sheet may be missing, empty, lack columns or hold cells nobody could read."""
    before = Town(BEFORE, AS_OF, SCHEMA, some_workbooks(chance, BEFORE)) if chance.random() < 0.7 else None
    return Town(YEAR, chance.choice(DAYS), SCHEMA, some_workbooks(chance, YEAR), before)


def some_workbooks(chance, year):
    workbooks = []
    for home in (CENTRE, "示例中学", "示例第一小学"):
        for book in SCHEMA.owned_by("centre" if home == CENTRE else "school"):
            for stem in book.stems:
                tables = {}
                for sheet in book.sheets:
                    if chance.random() < 0.9:
                        rows = [
                            {f.name: anything(f, chance) for f in sheet.typed} for _ in range(chance.choice((0, 1, 3)))
                        ]
                        columns = [f.name for f in sheet.typed if chance.random() < 0.97]
                        table = handmade.table(sheet, [{n: row[n] for n in columns} for row in rows], columns=columns)
                        lost = [
                            (2, name)
                            for name, value in (rows[0].items() if rows else ())
                            if value is None and name in columns
                        ]
                        tables[sheet.name] = replace(table, unread=frozenset(lost[::2]))
                workbooks.append(
                    Workbook(f"{year}/{home}/{stem}.xlsx", book, home, chance.random() < 0.95, tables=tables)
                )
    return tuple(workbooks)


@settings(max_examples=5, deadline=None)
@given(st.integers())
def test_nothing_of_the_right_shape_makes_them_fail(seed):
    judgement = examine(some_town(random.Random(seed)), POLICY)

    assert judgement.broken == ()
    assert all(
        finding.message and finding.fix and "〈" not in finding.message + finding.fix for finding in judgement.findings
    )
    assert list(judgement.findings) == sorted(set(judgement.findings))


# these name one of several rows that are equally to blame: the first
FIRST = {"F18", "F36", "G01", "G02", "G06", "V05", "X11", "X26", ("G11", "班级名称")}
ORDERED = [
    case
    for case in CASES
    if not any(t.merged or t.hidden or t.above for t in case.tables) and case.title.split()[0] not in ("F11", "F13")
]


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(ORDERED), st.integers())
def test_sorting_rows_changes_nothing_but_row_numbers(case, seed):
    """Staff sort their sheets: the same rows are found, wherever they stand."""
    chance, moved, tables = random.Random(seed), {}, []
    for table in case.tables:
        order = list(range(1, len(table.rows)))
        chance.shuffle(order)
        tables.append(replace(table, rows=[table.rows[0], *(table.rows[place] for place in order)]))
        name = f"{'' if '/' in table.home else YEAR + '/'}{table.home}/{table.stem}.xlsx"
        moved |= {(name, table.title, new + 2): old + 1 for new, old in enumerate(order)}
    before, after = (
        {
            (
                f.rule,
                f.workbook,
                f.sheet,
                moved.get((f.workbook, f.sheet, f.row), f.row) if shuffled else f.row,
                f.column,
            )
            for f in found(town, case.title.split()[0])
            if not {f.rule, (f.rule, f.column)} & FIRST
        }
        for town, shuffled in ((build(case), False), (build(replace(case, tables=tables)), True))
    )

    assert after == before
