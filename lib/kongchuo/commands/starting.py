"""What staff start the checks with: a file to double-click beside the workbooks, and on Windows a set of macros for Excel.

Each holds where Python and the reports are on this machine, so they are written here and not handed out.
"""

import os
import shlex
import sys
from pathlib import Path
from string import Template

from ..core.findings import UserError
from ..core.places import STARTERS, TEMPLATES
from ..excel import saving
from ..excel.parts import Refused

DOUBLE_CLICK, ON_UNIX = STARTERS
MACROS = "控辍保学.bas"
# Chinese Windows reads batch files and macros in its own code page
WINDOWS = {DOUBLE_CLICK: ("windows.bat", "gbk"), MACROS: ("macros.bas", "gbk")}
UNIX = {ON_UNIX: ("unix.command", "utf-8")}


def write(folder: Path, out: Path, *, system: str = sys.platform, python: str = sys.executable) -> list[Path]:
    """Write the starters for this system into a folder, and say which; they check the folder they lie in.

    Raises UserError where that cannot be, or where a path holds characters that Windows cannot write in a batch file.
    """
    if not folder.is_dir():
        raise UserError(f"找不到文件夹“{folder}”，请检查路径。")
    windows = system == "win32"
    quote = str if windows else shlex.quote
    held = {
        "python": quote(python),
        "out": quote(os.path.abspath(out)),
        "open": "open" if system == "darwin" else "xdg-open",
    }
    written = []
    for name, (template, encoding) in (WINDOWS if windows else UNIX).items():
        own = {key: value.replace("%", "%%") for key, value in held.items()} if name == DOUBLE_CLICK else held
        text = Template((TEMPLATES / "starters" / template).read_text("utf-8")).safe_substitute(own)
        path = folder / name
        try:
            saving.write_copy(path, (text.replace("\n", "\r\n") if windows else text).encode(encoding))
            path.chmod(0o755)
        except UnicodeEncodeError as error:
            raise UserError(
                f"路径里有批处理文件写不了的字“{error.object[error.start]}”，请把 Python 和报告文件夹放在别处。"
            ) from error
        except (Refused, OSError) as error:
            raise UserError(f"“{path}”写不进去：{error}。") from error
        written.append(path)
    return written
