"""A made-up project for tests of batch, pages and serve: a notebook that behaves as the school's name says, no pupils."""

import json
from contextlib import suppress
from pathlib import Path

import psutil

SUMMARY = "application/vnd.kongchuo+json"
CELLS = [
    ("markdown", "# 小报告"),
    ("parameters", 'school = "all"\nmonth = "2023-10"\nworkbooks = ""'),
    (
        "code",
        """import os, sys, time
from pathlib import Path
from IPython.display import HTML, display
from kongchuo.core.findings import UserError
files = sorted(path.name for path in Path(workbooks).rglob("*.xlsx"))
if school == "用户错误": raise UserError("缺少工作簿“学籍.xlsx”，请从模板复制一份")
if school == "程序错误": raise ValueError("9901012000" + "01011234")
if school == "提前退出": sys.exit(0)
if school == "内核死亡": os._exit(0)
if school == "超时": time.sleep(600)
if school == "泄露": display(HTML("<h2>二、出勤</h2><p>9901012000" + "0101123X</p>"))
display(HTML(f"<section class='kc-card'><h2>一、情况</h2><p>{school} {month} 读到 {len(files)} 个工作簿</p></section>"))""",
    ),
    (
        "code",
        """if school != "没有汇总":
    display({"text/html": "<footer class='kc-footer'>完</footer>", "application/vnd.kongchuo+json":
             {"school": school, "month": month, "errors": 2, "warnings": 1, "infos": 0, "not_judged": 0,
             "unreadable": ["甲校/学籍.xlsx：缺少工作簿。请从模板复制"] if school in ("正常中学", "all") else []}}, raw=True)""",
    ),
]
LIVE = """import ipywidgets as w
from urllib.parse import parse_qs
from IPython.display import display
query = parse_qs(os.environ.get("QUERY_STRING", ""))
school = query.get("school", [school])[0]
if school == "用户错误": raise UserError("缺少工作簿“学籍.xlsx”，请从模板复制一份")
if school == "程序错误": raise ValueError("9901012000" + "01011234")
WIDE = "<div class='kc-scroll'><table><tr>" + "<td>很长的内容</td>" * 40 + "</tr></table></div></section>"
pick, out = w.Dropdown(options=["一年级", "二年级"], description="年级"), w.HTML(layout={"width": "100%"})
def draw(*_): out.value = f"<section class='kc-card'><h2>{pick.value}</h2><p id='env'>{sorted(os.environ)}</p>" + WIDE
pick.observe(draw, "value"); draw()
display(pick, out)"""


def notebook(cells) -> str:
    """The JSON of a notebook of (kind, source) cells."""
    made = []
    for place, (kind, source) in enumerate(cells):
        cell = {"id": f"c{place}", "cell_type": "markdown" if kind == "markdown" else "code", "source": source}
        cell["metadata"] = {"tags": ["parameters"]} if kind == "parameters" else {}
        made.append(cell if kind == "markdown" else cell | {"outputs": [], "execution_count": None})
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps(
        {"cells": made, "metadata": {"kernelspec": kernel, "title": "小报告"}, "nbformat": 4, "nbformat_minor": 5}
    )


def project(folder: Path, schools: list[str]) -> tuple[Path, Path, Path]:
    """Make notebooks/, parameters/ and a shared folder of empty workbooks under `folder`; (parameter file, shared, out)."""
    for name in ("notebooks", "parameters"):
        (folder / name).mkdir(parents=True)
    (folder / "notebooks" / "tiny.ipynb").write_text(notebook(CELLS), "utf-8")
    (folder / "notebooks" / "live.ipynb").write_text(
        notebook([*CELLS[:2], ("code", "import os\nfrom kongchuo.core.findings import UserError"), ("code", LIVE)]),
        "utf-8",
    )
    file = folder / "parameters" / "tiny.yaml"
    file.write_text('notebook: tiny\nfor:\n  month: "2023-10"\n  school: all\n', "utf-8")
    for school in schools:
        home = folder / "shared" / "2023-2024" / school
        home.mkdir(parents=True)
        (home / "学籍.xlsx").write_bytes(school.encode())
    return file, folder / "shared", folder / "runs"


def twice(file: Path) -> None:
    """Have the parameter file make the same report a second time, from a notebook called other."""
    notebooks = file.parents[1] / "notebooks"
    (notebooks / "other.ipynb").write_bytes((notebooks / "tiny.ipynb").read_bytes())
    entry = '  - notebook: {}\n    for:\n      month: "2023-10"\n      school: all\n'
    file.write_text("make:\n" + entry.format("tiny") + entry.format("other"), "utf-8")


def going_on(words: str) -> list[str]:
    """The command lines of running processes that hold these words."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            found.append(" ".join(process.cmdline()))
    return [line for line in found if words in line]
