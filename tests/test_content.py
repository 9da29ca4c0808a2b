"""What a run leaves as one hash: the same for the same page and files, another for whatever the page or the gate would take note of."""

import json
from pathlib import Path

import pytest

from kongchuo.core import places
from kongchuo.core.places import NOTEBOOKS
from kongchuo.core.schema import default
from kongchuo.core.tables import empty_frame
from kongchuo.pages.report import fingerprint
from kongchuo.publishing import execution
from tiny import CELLS, notebook

PAGE = "<p>生成于 2023-11-01 08:00；王<b>小明</b>的座位</p>"


def test_only_the_minute_may_differ():
    first = fingerprint([PAGE], [1, ("甲",)])
    assert fingerprint([PAGE.replace("08:00", "09:30")], [1, ("甲",)]) == first
    assert fingerprint([PAGE.replace("座位", "坐位")], [1, ("甲",)]) != first
    assert fingerprint([PAGE], [1, ("乙",)]) != first


@pytest.mark.parametrize(
    ("name", "stands"), [("王小明", True), ("小明", True), ("李四", False), ("王小", True), ("明的", True)]
)
def test_a_name_that_becomes_known_counts_where_it_stands(tmp_path, monkeypatch, name, stands):
    """The gate stops a page with it; on the page it may be cut by a tag or written with spaces."""
    monkeypatch.setenv(places.SCRATCH, str(tmp_path))
    before = fingerprint([PAGE, "<i>王 小 明</i>"], None)
    (tmp_path / places.NAMES.replace("*", "1")).write_text(json.dumps({"names": [name], "minimum": 3}), "utf-8")
    assert (fingerprint([PAGE, "<i>王 小 明</i>"], None) != before) is stands


def test_what_nobody_can_compare_is_refused():
    frame = empty_frame(default().sheets["roster"])
    with pytest.raises(TypeError):
        fingerprint([PAGE], {"rows": frame})


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_our_notebooks_do_nothing_but_show_their_report(path):
    methods = execution.shown(path)
    assert (methods[0], *methods[-2:]) == ("controls", "tables", "footer")
    assert len(set(methods)) == len(methods)


SHOWS = [("parameters", 'school = "all"\nmonth = "2023-10"'), ("code", "report = kongchuo.own(school, month)")]
FOOTER = ("code", "report.footer()")


@pytest.mark.parametrize(
    ("cells", "methods"),
    [
        ([*SHOWS, ("code", "report.cases()"), FOOTER], ("cases", "footer")),
        ([*SHOWS, ("markdown", "说明"), ("code", ""), FOOTER], ("footer",)),
        (CELLS, ()),
        ([*SHOWS, FOOTER, ("code", "report.cases()")], ()),  # after what says what the page was made from
        ([*SHOWS, ("code", "report.cases(); report.groups()"), FOOTER], ()),
        ([*SHOWS, ("code", "report.cases('甲')"), FOOTER], ()),
        ([*SHOWS, ("code", "%pip list"), FOOTER], ()),
        ([*SHOWS, ("code", "open('x').read()"), FOOTER], ()),
        ([SHOWS[0], ("code", "report = kongchuo.other(school, month)"), FOOTER], ()),
        ([SHOWS[0], ("code", "report = kongchuo.own(school, '2023-11')"), FOOTER], ()),
        ([("parameters", "school = open('x').read()\nmonth = ''"), SHOWS[1], FOOTER], ()),
    ],
)
def test_of_any_other_notebook_nobody_says_what_its_page_depends_on(tmp_path, cells, methods):
    path = Path(tmp_path / "own.ipynb")
    path.write_text(notebook(cells), "utf-8")
    assert execution.shown(path) == methods
