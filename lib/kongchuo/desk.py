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

from . import __main__ as commands
from . import console
from .commands import settings
from .core import places, years

OPENER = "open" if sys.platform == "darwin" else "xdg-open"  # of a folder or page; Windows has startfile
YES = "是"


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


def watch(folder: Path, given: list[str]) -> tuple[int, str]:
    """Marked copies of whatever is saved, until the window is closed."""
    return commands.main(["watch", str(folder)]), ""


def newyear(folder: Path, given: list[str]) -> tuple[int, str]:
    """The next school year from the newest there is: first what would become of it, then, if that is right, the workbooks.

    Where there are several junior schools, the filled table of who goes to which is dropped on the icon.
    """
    held = [path.name for path in folder.iterdir() if years.YEAR.fullmatch(path.name)]
    words = ["newyear", str(folder), "--from", max(held, default=""), *(f"--to={path}" for path in given[:1])]
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


WHAT = {
    one.__name__: one for one in (check, pages, month, papers, watch, newyear, first)
}  # by the word that stands in the file


def _ask(question: str) -> str:
    """What is typed; nothing where nobody can type."""
    print(question, end="", flush=True)
    return sys.stdin.readline().strip() if sys.stdin else ""


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
