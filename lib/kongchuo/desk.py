"""What a double-click runs: asks in its window what a command needs to know, runs it, opens what it made.

python -m kongchuo.desk [--out OUT] WHAT FOLDER [-- PATH…]: a key of WHAT, the folder that the clicked file lies in, and what was dropped
on it. commands.starting writes the files that call it.
"""

import argparse
import datetime as dt
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from . import __main__ as commands, console
from .commands import settings
from .core import places, years
from .excel import folders

OPENER = "open" if sys.platform == "darwin" else "xdg-open"  # of a folder or page; Windows has startfile
YES = "是"
PERIODS = {  # typed -> parameter file, what it is, the period asked of it
    "1": ("term", "第一学期第一轮督查通报", "round={}-1-1"),
    "2": ("term", "第一学期第二轮督查通报", "round={}-1-2"),
    "3": ("term", "第二学期第一轮督查通报", "round={}-2-1"),
    "4": ("term", "第二学期第二轮督查通报", "round={}-2-2"),
    "5": ("year", "全学年：各月、各轮、学年奖惩报告和材料（时间长）", "year={}"),
}


def main(argv: list[str] | None = None) -> int:
    """Do what was clicked and wait for the Enter key, so that the window can be read; returns the command's exit code."""
    parser = argparse.ArgumentParser(prog="kongchuo.desk")
    parser.add_argument("what", choices=WHAT)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", default="")
    parser.add_argument("given", nargs="*")
    args = parser.parse_args(argv)
    code = console.guarded(lambda: _do(args))
    _ask("按回车键关闭。")
    return code


def _do(args: argparse.Namespace) -> int:
    folder = args.folder.absolute()
    if args.out:
        os.environ[places.OUT] = args.out
    if (folder / places.MARK).is_file():
        settings.enter(folder)  # what is wrong there the command itself says
        folder = Path(os.environ[places.WORKBOOKS])
    code, made = WHAT[args.what](folder, args.given)
    path = Path(os.environ.get(places.OUT, "build/runs"), made)
    if made and path.exists():
        _open(path)
    return code


# --- What can be clicked: of the shared folder (or the folder clicked in) and what was dropped, the exit code and what under out to open --
def check(folder: Path, given: list[str]) -> tuple[int, str]:
    """Marked copies of the folder's workbooks, or of those dropped on the icon."""
    return commands.main(["mark", *(given or [str(folder)])]), places.RETURNS


def pages(folder: Path, given: list[str]) -> tuple[int, str]:
    """The pages in the browser, until the window is closed."""
    print("网页开着的时候请不要关这个窗口；看完了再关。")
    return commands.main(["serve", "--browser"]), ""


def month(folder: Path, given: list[str]) -> tuple[int, str]:
    """The reports and papers of a month."""
    asked = _month()
    return commands.main(["run", "monthly", f"month={asked}", "school=all"]), "index.html"


def papers(folder: Path, given: list[str]) -> tuple[int, str]:
    """The papers of a month alone."""
    asked = _month()
    return commands.main(["papers", "--month", asked]), f"{places.PAPERS}/{asked}"


def roster(folder: Path, given: list[str]) -> tuple[int, str]:
    """A school's own list, dropped on the icon or into the window: first the mapping to look through, then the workbook."""
    held = given[0] if given else _ask("名单（把文件拖进这个窗口，再按回车）：").strip("'\" ")
    school = _ask("哪所学校（写全称）：") if held else ""
    if not school:
        print("没有说是哪份名单、哪所学校，什么也没有做。")
        return console.CLEAN, ""
    asked = _ask(f"没有学生编号的，是中心学校、要接着全镇最大的往下编，写“{YES}”；不编，直接按回车：")
    words = ["import", held, "--into", school, "--workbooks", str(folder), *(["--number"] if asked == YES else [])]
    return commands.main(words), f"{places.RETURNS}/{school}"


def compare(folder: Path, given: list[str]) -> tuple[int, str]:
    """A list from above, dropped on the icon, against all children known; without one, our own lists against each other."""
    words = ["reconcile", *given[:1], "--workbooks", str(folder)]
    return commands.main(
        [*words, "--out", str(Path(os.environ.get(places.OUT, "build/runs"), "核对结果.xlsx"))]
    ), "核对结果.xlsx"


def period(folder: Path, given: list[str]) -> tuple[int, str]:
    """The reports of a round of inspection, or of the school year."""
    year = _year(folder)
    print(f"{year}学年的哪一份？")
    for number, (_, label, _) in PERIODS.items():
        print(f"  {number}　{label}")
    chosen = PERIODS.get(_ask("写前面的数字，再按回车："))
    if not chosen:
        print("没有选，什么也没有做。")
        return console.CLEAN, ""
    name, _, asked = chosen
    return commands.main(["run", name, asked.format(year)]), "index.html"


def daily(folder: Path, given: list[str]) -> tuple[int, str]:
    """An evening's work by itself, from now on, after a yes."""
    at = _ask("每天几点做：检查、标红，补做上月报告（直接按回车就是 18:00）：").replace("：", ":")
    if not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", at):
        at = "18:00"
        print("就用 18:00。")
    sure = _ask(f"写“{YES}”再按回车，就交给这台电脑每天自动做；直接按回车，只生成文件：") == YES
    return commands.main(["schedule", "--at", at, *(["--install"] if sure else [])]), ""


def tutorial(folder: Path, given: list[str]) -> tuple[int, str]:
    """Ten planted mistakes to mend; clicked again it says how many are left."""
    home = (places.office() or folder) / "练习"
    code = commands.main(["tutorial", str(home)])
    if home.exists():
        _open(home)
    return code, ""


def newyear(folder: Path, given: list[str]) -> tuple[int, str]:
    """The next school year from the newest there is: first what would become of it, then, if that is right, the workbooks.

    Where there are several junior schools, the filled table of who goes to which is dropped on the icon.
    """
    words = ["newyear", str(folder), "--from", _year(folder), *(f"--to={path}" for path in given[:1])]
    code = commands.main([*words, "--dry-run"])
    if (
        code == console.CLEAN
        and _ask(f"上面是会带入的，还什么也没有建。照这样建，写“{YES}”再按回车；不建，直接按回车：") == YES
    ):
        code = commands.main(words)
    return code, ""


def first(folder: Path, given: list[str]) -> tuple[int, str]:
    """An office's own folder, from three answers."""
    town = _ask("现在建办公文件夹。镇名（如 新庄镇；已经有办公文件夹的，直接按回车）：")
    if not town:
        return console.CLEAN, ""
    today = dt.date.today()
    usual = years.year_of(f"{today:%Y-%m}")
    year = _ask(f"学年（直接按回车就是 {usual}）：") or usual
    schools = _ask("学校名单（csv 或 xlsx，有“学校全称”一列；把文件拖进这个窗口，再按回车）：").strip("'\" ")
    home = folder / "控辍保学"
    home = Path(_ask(f"办公文件夹建在哪里（直接按回车就是 {home}）：").strip("'\" ") or home)
    code = commands.main(
        ["init", str(home), "--town", town, "--year", year, *(["--schools", schools] if schools else [])]
    )
    if code == console.CLEAN:
        _open(home)
    return code, ""


# by the word that stands in the file; what asks nothing and opens nothing is its command alone
WHAT = {
    **{
        one.__name__: one
        for one in (check, pages, month, papers, roster, compare, period, daily, newyear, tutorial, first)
    },
    "watch": lambda folder, given: (commands.main(["watch", str(folder)]), ""),
    "reminders": lambda folder, given: (commands.main(["notify", str(folder)]), ""),
    "upgrade": lambda folder, given: (commands.main(["upgrade"]), ""),
}


def _ask(question: str) -> str:
    """What is typed; nothing where nobody can type."""
    print(question, end="", flush=True)
    return sys.stdin.readline().strip() if sys.stdin else ""


def _year(folder: Path) -> str:
    """The newest school year there is."""
    return max(folders.school_years(folder), default="")


def _month() -> str:
    """The month that is wanted: by default the one that ended last, from the 25th on this one."""
    usual = f"{dt.date.today() - dt.timedelta(days=24):%Y-%m}"
    while True:
        typed = _ask(f"哪个月（直接按回车就是 {usual}）：")
        found = re.fullmatch(r"(20\d\d)\D{1,2}(\d{1,2})月?", typed or usual)
        asked = f"{found[1]}-{int(found[2]):02d}" if found else ""
        if years.MONTH.fullmatch(asked):
            return asked
        print(f"“{typed}”不是月份，请写成 {usual} 的样子。")


def _open(path: Path) -> None:
    """Show a folder or a page as a double-click would; a machine without a desktop shows nothing."""
    if hasattr(os, "startfile"):
        os.startfile(path)
    elif shutil.which(OPENER):
        subprocess.run([OPENER, str(path)], stderr=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    sys.exit(main())
