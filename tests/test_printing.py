"""Papers in a batch: which are due, a page that links to each file, one that cannot be made takes nothing else down."""

import datetime as dt
import re
import shutil
from urllib.parse import unquote

import docx
import openpyxl
import pytest

import townships
from kongchuo import papers
from kongchuo.__main__ import main
from kongchuo.core import places, years
from kongchuo.core.findings import UsageError, UserError
from kongchuo.pages import report
from kongchuo.papers import BY_NAME, printing
from kongchuo.publishing import archive, batch


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("共享")
    townships.make(folder, 2, 60)
    return folder


@pytest.mark.parametrize(
    ("month", "name", "due"),
    [
        ("2023-09", "责任书_家长", True),
        ("2023-10", "责任书_家长", False),
        ("2024-02", "告家长一封信", True),
        ("2024-01", "典型案例集", True),
        ("2023-10", "月报表", True),
        ("2023-10", "督查通报", True),
        ("2023-11", "督查通报公开版", False),
        ("2024-08", "公示稿", True),
    ],
)
def test_a_paper_is_due_in_its_months(month, name, due):
    assert BY_NAME[name].due(month) is due


def test_the_batch_makes_the_papers_and_the_page_links_to_each(shared, tmp_path):
    outcome = batch.run(
        places.PARAMETERS / "monthly.yaml",
        {"month": "2023-10", "school": "全镇"},
        shared,
        tmp_path,
        only=("monthly_papers",),
        say=str,
    )
    (result,) = outcome.results
    assert result.outcome == archive.DONE, result.reason
    shelf = archive.Shelf(tmp_path.resolve(), years.period("2023-10"), "monthly_papers")
    files = {path.relative_to(shelf.path).as_posix() for path in (shelf.path / "全镇").iterdir()}
    assert {name.rpartition(".")[2] for name in files} == {"docx", "xlsx", "html"}
    assert archive.named(shelf).keys() == files | {"全镇.html"}
    page = (shelf.path / "全镇.html").read_text("utf-8")
    assert {unquote(link) for link in re.findall(r'href="([^"]+\.(?:docx|xlsx|html))"', page)} >= files
    assert result.summary["papers"] == len(files) // 2
    assert not (tmp_path / "2023-10" / "monthly_self_check").exists()  # `only`


def test_a_paper_that_cannot_be_made_takes_no_other_down(shared, tmp_path, monkeypatch):
    monkeypatch.setenv(places.FILES, str(tmp_path / "files"))
    make = papers.make

    def spoilt(month, names, folder, **more):
        if names == ["简报"]:
            raise UserError("模板“控辍保学简报.docx”用了不认识的名称")
        return make(month, names, folder, **more)

    monkeypatch.setattr(printing, "make", spoilt)
    view = printing.opened("all", "2023-10", "简报、月报表", shared)
    state = printing.state(view)
    assert {name.split("_")[0] for name in state["files"]} == {"月报表"}
    assert any("不认识的名称" in line for line in state["unreadable"])
    said = str(report.Report(printing.PLAN, view).html("papers_made"))
    assert "没有生成：模板“控辍保学简报.docx”" in said
    assert "月报表_全镇_2023-10.xlsx" in unquote(said)


def test_what_was_made_is_said_though_another_paper_could_not_be(shared, tmp_path, capsys):
    """One sheet is gone: the message names that one alone, and does not say that nothing was done."""
    mine = tmp_path / "共享"
    shutil.copytree(shared, mine)
    book = mine / "2023-2024" / "示例中学" / "控辍台账.xlsx"
    held = openpyxl.load_workbook(book)
    del held["疑似辍学台账"]
    held.save(book)
    words = ["papers", str(mine), "--month", "2023-10", "--school", "示例中学", "--kind", "月报表", "劝返记录"]

    assert main([*words, "--out", str(tmp_path / "out")]) == 3
    said = capsys.readouterr()
    assert "2 个文件" in said.out
    assert "有的没有做成：示例中学 劝返记录：没有生成，读不到疑似辍学台账（示例中学）" in said.err
    assert "无法继续" not in said.err


def test_outside_a_batch_nothing_is_made_and_an_unknown_kind_is_refused(shared):
    view = printing.opened("all", "2023-10", "应打印", shared)
    assert [one.files for one in view.printed] == [()] * len(view.papers) != []
    said = str(report.Report(printing.PLAN, view).html("papers_made"))
    assert all(paper.title in said for paper in view.papers)
    assert "没有应当打印的" not in said  # what was not tried is not said to be nothing
    with pytest.raises(UsageError, match="没有“月历”这种材料"):
        printing.opened("all", "2023-10", "月历", shared)


def test_a_school_year_stands_for_all_its_months_and_rounds(shared, tmp_path):
    """`year` reaches every entry of year.yaml; `only` names notebooks."""
    entries = batch.load(places.PARAMETERS / "year.yaml")
    held = batch.plan(entries, {"year": "2023-2024"}, shared, tmp_path)
    found: dict[str, set[str]] = {}
    for shelf, (_, _, runs) in held.items():
        found.setdefault(shelf.notebook, set()).add(shelf.period.key)
        assert "全镇" in runs
    taught = {f"{2023 + (number > 12)}-{(number - 1) % 12 + 1:02}" for number in range(9, 19)}
    assert found["monthly_self_check"] == taught
    assert found["monthly_papers"] == taught | {"2024-07", "2024-08"}  # the notices of the last round and of the year
    assert found["term_inspection"] == {f"2023-2024-{term}-{number}" for term in (1, 2) for number in (1, 2)}
    assert found["annual_reward"] == found["signals_back_test"] == {"2023-2024"}
    assert dt.date.today() > dt.date(2024, 8, 31)
    with pytest.raises(UsageError, match="2023-10暑假"):
        batch.plan(entries, {"month": "2023-10暑假"}, shared, tmp_path)
    only = batch.plan(entries, {}, shared, tmp_path, ("annual_reward",))
    assert {shelf.notebook for shelf in only} == {"annual_reward"}
    with pytest.raises(UsageError, match="参数文件里没有“reward”"):
        batch.plan(entries, {}, shared, tmp_path, ("reward",))
    with pytest.raises(UserError, match="2022-2021"):
        batch.plan(entries, {"year": "2022-2021"}, shared, tmp_path)


def test_what_is_changed_may_stand_before_and_after_the_options(shared, tmp_path, capsys):
    asked = ["--only", "annual_reward", "year=2023-2024", "--dry-run", "school=全镇"]
    where = ["--workbooks", str(shared), "--out", str(tmp_path)]
    assert main(["run", str(places.PARAMETERS / "year.yaml"), *asked, *where]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split("：")[0] for line in said] == ["将生成 全镇 2023-2024", "将生成 全镇（公开版） 2023-2024"]
    with pytest.raises(SystemExit):
        main(["run", str(places.PARAMETERS / "year.yaml"), "--once", *where])


def test_the_index_of_the_archive_names_and_links_what_has_been_made_this_year(shared, tmp_path):
    """The page of a month, papers of an earlier month, papers of its own run: each link leads to a file that is there."""
    school = "示例中学"
    for month, kinds in (("2023-11", "月报表"), ("2024-01", "月报表、档案目录")):
        outcome = batch.run(
            places.PARAMETERS / "monthly.yaml",
            {"month": month, "school": school, "kinds": kinds},
            shared,
            tmp_path,
            only=("monthly_papers",) if month == "2024-01" else (),
            say=str,
        )
        assert not outcome.failed, [one.reason for one in outcome.results]
    folder = tmp_path / "2024-01" / "monthly_papers" / school
    page = (folder / f"档案目录_{school}_2024-01.html").read_text("utf-8")
    linked = {unquote(link) for link in re.findall(r'href="([^"]+)"', page)}
    wanted = {
        f"月报表_{school}_2024-01.xlsx",
        f"../../../2023-11/monthly_papers/{school}/月报表_{school}_2023-11.xlsx",
        f"../../../2023-11/monthly_self_check/{school}.html",
    }

    assert linked == wanted
    assert all((folder / link).is_file() for link in linked)
    document = docx.Document(folder / f"档案目录_{school}_2024-01.docx")
    links = {unquote(one.target_ref) for one in document.part.rels.values() if one.is_external}
    assert links == wanted
    (table,) = (one for one in document.tables if one.cell(0, 0).text == "序号")
    fifth = table.rows[5].cells[-1].text
    assert fifth == "月报表：11月、1月；月自查报告：11月"
    assert "日查表（未生成）" in table.rows[6].cells[-1].text
