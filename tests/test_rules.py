"""Every check and rule does what its page in tests/rules says, no more and no less."""

from dataclasses import replace

import pytest

from kongchuo import checks, rules
from kongchuo.findings import KINDS
from kongchuo.rules.base import Rule
from ruletables import FOLDER, POLICY, build, cases, shown

PAGES = sorted(path for path in FOLDER.glob("*.md") if path.stem != "README")
BY_CODE = {rule.code: rule for rule in rules.RULES}
CASES = [case for page in PAGES for case in cases(page)]


def found(town, code):
    """What the judge of a code says of a town: the rule, or reading and the checks of the schema."""
    if code in BY_CODE:
        judgement = rules.judge(town, POLICY, [BY_CODE[code]])
        assert judgement.broken == ()
        return judgement.findings
    return [*(finding for workbook in town.workbooks for finding in workbook.findings), *checks.check(town)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_case(case):
    code = case.title.split()[0]

    assert shown(case, [finding for finding in found(build(case), code) if finding.rule == code]) == sorted(
        case.expected
    )
    assert bool(case.expected) == case.bad, "a bad case expects something, a good one nothing"


def test_every_rule_has_a_page_and_every_page_a_rule():
    codes = {code for code in KINDS if code.startswith("F")} | {"R12"} | {rule.code for rule in rules.RULES}

    assert {page.stem for page in PAGES} == codes


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_shows_both_sides(page):
    assert page.read_text("utf-8").startswith(f"# {page.stem} ")
    assert {case.bad for case in cases(page)} == {True, False}


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.code)
def test_rule_explains_itself_and_names_what_it_reads(rule):
    """Docstring, message and remedy in Chinese; every need is a sheet or column of the schema."""
    town = build(CASES[0])
    for need in rule.needs:
        sheet, _, column = need.partition(".")
        assert not column or column in town.schema.sheets[sheet].by_name, need
    assert all("一" <= text[-2] <= "鿿" or text for text in (rule.explains, rule.kind.says, rule.kind.fix))
    assert rule.explains.endswith("。")
    assert rule.kind.source


def test_codes_are_unique():
    codes = [rule.code for rule in rules.RULES]

    assert len(codes) == len(set(codes))


def test_a_rule_that_fails_stops_no_other():
    def fails(town, policy):
        raise KeyError("99000020110509001X")
        yield

    broken = Rule(replace(rules.RULES[0].kind, code="X99"), (), fails)
    judgement = rules.judge(build(CASES[0]), POLICY, (broken, *rules.RULES))

    (line,) = judgement.broken
    assert "X99" in line
    assert "990000" not in line
    assert judgement.judged == {rule.code for rule in rules.RULES}


def test_what_cannot_be_read_is_not_judged():
    case = replace(CASES[0], tables=[], unread={("示例中学", "学籍")})
    judgement = rules.judge(build(case), POLICY)

    said = {(item.rule, item.home) for item in judgement.not_judged}
    assert ("X08", "示例中学") in said
    assert ("X08", "示例第一小学") not in said
