"""What staff start the program with: files to double-click, and on Windows a set of macros for Excel.

Each holds where Python is on this machine, so they are written here and not handed out. They ask and do nothing themselves: they call
kongchuo.desk. A batch file is read in the code page of its window, which its second line sets, so that no other depends on whether
Windows is Chinese; where Python lies in the account's own folder, what runs holds no Chinese at all.
"""

import os
import shlex
import sys
from pathlib import Path
from string import Template

from ..core.findings import UserError
from ..core.places import MARK, STARTERS, TEMPLATES
from ..excel import saving
from ..excel.parts import Refused

# what lies in an office's folder -> what it does (desk.WHAT); the first may lie in any folder of workbooks
OFFICE = {
    "校验": "check",
    "打开网页": "pages",
    "生成本月报告": "month",
    "打印材料": "papers",
    "看着共享文件夹": "watch",
    "导入名单": "roster",
    "核对名单": "compare",
    "生成督查和学年报告": "period",
    "催办文字": "reminders",
    "每天自动做": "daily",
    "新学年": "newyear",
    "练习": "tutorial",
    "升级": "upgrade",
}
(CHECK, *_) = OFFICE
BATCH, SCRIPT = (Path(name).suffix for name in STARTERS)
MACROS = "控辍保学.bas"
# folders of an account by the variables of Windows that name them: said so, a path holds for every account, in any code page. In the
# first the installer puts Python
ACCOUNT = ("LOCALAPPDATA", "USERPROFILE")


def write(folder: Path, out: Path, *, system: str = sys.platform, python: str = sys.executable) -> list[Path]:
    """Write the starters for this system into a folder, and say which: all of them into an office, else the one that checks.

    Raises UserError where that cannot be.
    """
    if not folder.is_dir():
        raise UserError(f"找不到文件夹“{folder}”，请检查路径。")
    windows, office = system == "win32", (folder / MARK).is_file()
    quoted = _batch if windows else shlex.quote
    # an office's kongchuo.yaml says where reports lie; it may be moved, and its starters with it
    held = {"python": quoted(python), "out": "" if office else f"--out {quoted(os.path.abspath(out))}"}
    text = Template((TEMPLATES / "starters" / ("windows.bat" if windows else "unix.command")).read_text("utf-8"))
    written = []
    for name, what in OFFICE.items() if office else ((CHECK, OFFICE[CHECK]),):
        said = text.safe_substitute(held, what=what)
        written.append(folder / f"{name}{BATCH if windows else SCRIPT}")
        _save(written[-1], (said.replace("\n", "\r\n") if windows else said).encode())
    return written


def macros(folder: Path, out: Path, *, python: str = sys.executable, page: str = "") -> Path:
    """Write the macros for Excel, which reads them in the code page of Windows (`page`, by default this machine's).

    Raises UserError where that page lacks their words.
    """
    text = Template((TEMPLATES / "starters" / "macros.bas").read_text("utf-8"))
    said = text.safe_substitute(python=python, out=os.path.abspath(out))
    try:
        data = said.replace("\n", "\r\n").encode(page or _page())
    except UnicodeEncodeError as error:
        raise UserError(
            f"“{MACROS}”没有生成：这台电脑的 Windows 写不了“{error.object[error.start]}”，Excel 里用不了这几个宏。双击“{CHECK}”照样能用。"
        ) from error
    _save(folder / MACROS, data)
    return folder / MACROS


def _save(path: Path, data: bytes) -> None:
    try:
        saving.write_copy(path, data)
        path.chmod(0o755)
    except (Refused, OSError) as error:
        raise UserError(f"“{path}”写不进去：{error}。") from error


def _batch(path: str) -> str:
    """A path as a batch file says it."""
    for name in ACCOUNT:
        own = os.environ.get(name, "")
        if own and path.lower().startswith(f"{own.lower()}\\"):
            return f'"%{name}%{path[len(own) :].replace("%", "%%")}"'
    return f'"{path.replace("%", "%%")}"'


def _page() -> str:
    """The code page in which programs of this Windows read texts that are not marked as Unicode."""
    import ctypes

    return "gbk" if sys.platform != "win32" else f"cp{ctypes.windll.kernel32.GetACP()}"
