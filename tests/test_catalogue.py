"""The catalogue of codes says what the rules say, and knows which parameters each of them reads."""

import json

import pytest

import ruletables
from kongchuo import __main__ as cli, console
from kongchuo.core.findings import FIGURE_KINDS, GATE_KINDS, KINDS, SEVERITIES
from kongchuo.rules import catalogue, judging, suspected_causes, waivers

ENTRIES = catalogue.entries()
BY_CODE = {entry.code: entry for entry in ENTRIES}


def test_every_code_stands_in_it_once():
    assert sorted(BY_CODE) == sorted(
        {
            *KINDS,
            *suspected_causes.KINDS,
            *waivers.KINDS,
            *FIGURE_KINDS,
            *GATE_KINDS,
            *(rule.code for rule in judging.RULES),
        }
    )
    assert len(ENTRIES) == len(BY_CODE)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_every_code_says_what_it_means_and_what_to_do(entry):
    assert entry.means.endswith("。")
    assert entry.level in SEVERITIES.values()
    assert entry.group in catalogue.GROUPS.values()
    assert entry.kind.source
    assert "{" not in entry.says + entry.fix
    for text in (entry.means, entry.says, entry.fix):
        assert any("一" <= character <= "鿿" for character in text)


def test_needs_are_told_in_the_words_of_the_workbooks():
    needs = catalogue.needed(BY_CODE["X12"], ruletables.SCHEMA)

    assert needs["控辍台账·疑似辍学台账"] == ("学生编号",)
    assert "缺勤类型" in needs["出勤·缺勤明细"]


def test_command_lists_every_code_in_a_line(capsys):
    assert cli.main(["rules"]) == console.CLEAN

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [entry.code for entry in ENTRIES]


def test_command_tells_all_of_one_code(capsys):
    assert cli.main(["rules", "x12"]) == console.CLEAN

    out = capsys.readouterr().out
    assert all(text in out for text in (BY_CODE["X12"].means, BY_CODE["X12"].fix, "疑似线 3（上课日", "业务规范 3.2"))


def test_command_gives_json(capsys):
    assert cli.main(["rules", "--json", "X12", "F03"]) == console.CLEAN

    first, second = json.loads(capsys.readouterr().out)
    assert (first["code"], first["severity"], first["parameters"]) == ("X12", "error", ["suspected_after"])
    assert "suspected.student_key" in first["needs"]
    assert (second["code"], second["needs"]) == ("F03", [])
    assert set(first) == {"code", "severity", "says", "means", "fix", "source", "needs", "parameters"}


def test_an_unknown_code_is_said_in_chinese(capsys):
    assert cli.main(["rules", "X12O"]) == console.USAGE
    assert "是不是“X12”" in capsys.readouterr().err
