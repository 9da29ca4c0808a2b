"""The pages of a round and of a year over townships drawn at random and damaged at random: parts add to totals, the town is
the sum of its schools, a rate is the sum of its counts over the sum of its bases and never a mean."""

import datetime as dt
from dataclasses import replace
from random import Random

from hypothesis import Phase, given, settings, strategies as st

import handmade
from kongchuo.core import policy, years
from kongchuo.core.places import POLICY
from kongchuo.core.schema import default
from kongchuo.figures import unit_grades
from kongchuo.figures.base import Measure
from kongchuo.figures.unit_grades import standings
from kongchuo.pages import term, year as yearly
from kongchuo.pages.display import Table
from kongchuo.pages.term.rounds import Round
from kongchuo.pages.year.years import Year
from kongchuo.rules.judging import Judgement
from onpage import blocks, plain, table_rows, tiles

HELD = policy.load(POLICY)
SUMMER = dt.date(2024, 8, 31)
KEPT = {"school", "class", "term", "calendar", "village", "staff"}  # what gives the township its shape
KEYS = ("home", "student_key", "class_id", "school_code", "round", "item_no", "school_year", "term", "date", "month")
# a township's pages cost seconds: few examples, the same on every machine, and none made smaller
DRAWN = {"max_examples": 2, "deadline": None, "derandomize": True, "phases": (Phase.generate,)}


def damaged(seed):
    """A `spoil` for handmade.township: rows left out, cells emptied and numbers changed here and there."""
    random, sheets = Random(seed), default().sheets

    def spoil(rows):
        for name in sorted(rows.keys() - KEPT):
            rows[name][:] = [row for row in rows[name] if random.random() > 0.02]
            for row in rows[name]:
                if random.random() > 0.05:
                    continue
                free = [one for one in sorted(row) if one not in KEYS]
                if not free:
                    continue
                column = random.choice(free)
                whole = isinstance(row[column], int) and not isinstance(row[column], bool)
                row[column] = row[column] + random.randint(0, 2) if whole else None
                assert column in sheets[name].by_name

    return spoil


# --- what must hold of any table ----------------------------------------------------------------------------------------
def added(cells):
    """The sum of cells that are counts or rates (counts over bases); None where one of them is neither."""
    cells = list(map(plain, cells))
    if cells and all(isinstance(cell, tuple) for cell in cells):
        return tuple(map(sum, zip(*cells, strict=True)))
    numbers = (int, float)
    return sum(cells) if all(isinstance(cell, numbers) and not isinstance(cell, bool) for cell in cells) else None


def check_tables(section):
    """Totals are the sums of what stands above, and a rate prints its own counts."""
    seen = 0
    for table in (block for block in blocks(section) if isinstance(block, Table)):
        for cell in (cell for row in (*table.rows, table.total) for cell in row if isinstance(cell, Measure)):
            check_rate(cell)
        for place, below in enumerate(table.total):
            held = [row[place] for row in table.rows if row[place] is not None]  # no base: nothing to add
            if place and held and added([below]) is not None and (above := added(held)) is not None:
                assert plain(below) == above, (section.title, table.caption, table.columns[place])
                seen += 1
    return seen


def check_rate(rate):
    """The printed per cent is numerator over denominator."""
    if rate.percent:
        exact = 100 * rate.numerator / rate.denominator
        assert abs(float(rate.percent.removesuffix(" %")) - exact) <= 0.1 + 1e-9
        assert (rate.percent == "100.0 %") == (rate.numerator == rate.denominator)


def check_tiles(name, whole, parts, labels):
    """The tiles of the town are the sums of those of its schools."""
    for label in labels:
        assert tiles(whole)[label] == added(tiles(part)[label] for part in parts), (name, label)


# --- a round ------------------------------------------------------------------------------------------------------------
SUMS = {  # section -> tiles of which the town's are the sums of the schools'
    "overview": ("点名班数", "核对学籍"),
    "roll_call": ("点名班数", "印册数", "实到", "有差异的班", "差异合计"),
    "cases": ("个案", "有时限的步骤", "按时", "晚办", "逾期未办"),
    "rectification": ("本轮问题", "已列入问题整改", "本轮时段内完成"),
}


@settings(**DRAWN)
@given(seed=st.integers(2, 10**6), number=st.integers(1, 2))
def test_a_round_adds_up(seed, number):
    town, rows = handmade.township(2, 80, seed, spoil=damaged(seed))
    key = f"2023-2024-1-{number}"
    start, end = years.period(key).days
    town = replace(town, as_of=end)
    whole, *parts = (
        Round(town, HELD, Judgement((), (), frozenset()), home, key, start, end) for home in ("", *town.homes)
    )
    (own,), here = parts[0].sheets, whole.sheets[0]
    assert (own.total, own.grade, own.fatal) == (here.total, here.grade, here.fatal)  # the same sheet on both pages
    for view, sheet, before in zip(parts, whole.sheets, whole.before or [None] * len(parts), strict=True):
        vars(view).update(sheets=(sheet,), before=(before,) if before else ())
    seen = 0
    for name, make in term.SECTIONS.items():
        pages = [make(view) for view in (whole, *parts)]
        seen += sum(map(check_tables, pages))
        labels = [label for label in SUMS.get(name, ()) if all(label in tiles(page) for page in pages)]
        check_tiles(name, pages[0], pages[1:], labels)
    assert seen > 10

    for sheet in whole.sheets:
        finals = [score.final for score in sheet.scores]
        assert sheet.total == (None if sheet.day is None or None in finals else handmade.half_up(sum(finals)))
        for score in sheet.scores:
            assert score.system is None or 0 <= score.system <= score.points
    if number == 2:
        done = [row for row in rows["issue"] if row.get("source") == "督查" and row.get("due") and row.get("home")]
        due = [row for row in done if start <= row["due"] <= whole.last]
        mended = sum((row.get("done") or dt.date.max) <= whole.last for row in due)
        page = term.SECTIONS["comparison"](whole)
        assert tiles(page)["整改完成率"] == (mended, len(due))
        rates = [row["整改完成率"] for row in table_rows(page, "各校整改")]
        assert (mended, len(due)) == (added(rates) or (0, 0))


# --- a year -------------------------------------------------------------------------------------------------------------
def drawn_rounds(homes, random):
    """What the inspections came to, drawn rather than worked out, which would take most of the time: the test above does that."""
    due = [(name, number) for name in years.TERMS for number in (1, 2)]
    totals = [None, *(half / 2 for half in range(100, 201))]
    return {home: tuple(unit_grades.Round(*one, random.choice(totals)) for one in due) for home in homes}


@settings(**DRAWN)
@given(seed=st.integers(2, 10**6))
def test_a_year_adds_up(seed):
    town, rows = handmade.township(2, 80, seed, SUMMER, damaged(seed), whole_year=True)
    start = dt.date(2023, 9, 1)
    whole, *parts = (
        Year(town, HELD, Judgement((), (), frozenset()), home, "2023-2024", start, SUMMER) for home in ("", *town.homes)
    )
    held = standings(whole.scope, drawn_rounds(town.homes, Random(seed)))
    for view in (whole, *parts):  # points and grades are those of the whole township on every page
        vars(view)["standings"] = held
    pages = {name: [make(view) for view in (whole, *parts)] for name, make in yearly.SECTIONS.items()}

    for own in pages.values():
        for page in own:
            check_tables(page)
    check_tiles("headline", pages["headline"][0], pages["headline"][1:], ("班级", "一票否决的班"))
    figures = [table_rows(page, "") for page in pages["figures"]]
    for lines in zip(*figures, strict=True):
        results = [line["结果（分子/分母）"] for line in lines]
        if lines[0]["指标"] in ("学年辍学率", "学年巩固率", "学困厌学转化率") and added(results[1:]) is not None:
            assert results[0] == added(results[1:]), lines[0]
    for one in whole.classes:  # a class has the points of its parts, or none at all
        points = [part.points for part in one.parts]
        if one.total is not None and one.final is None:
            assert one.total == (0 if one.vetoed else handmade.half_up(sum(points)))
    for unit in whole.units:
        parts_of = [part.points for part in unit.parts]
        assert unit.total is None or unit.total == handmade.half_up(sum(parts_of))
        known = [round_.score for round_ in unit.rounds]
        inspection = next(part for part in unit.parts if part.key == "inspection")
        if None not in known:
            mean = HELD["unit_weight_inspection"] * sum(known) / len(known)
            assert abs(inspection.points - mean) < 0.0051  # rounded to two places
    listed = [len(one.lost) for one in whole.classes]
    assert sum(listed) == len(table_rows(pages["vetoes"][0], ""))
    assert {row["school_name"] for row in rows["school"]} > {unit.home for unit in whole.units}
