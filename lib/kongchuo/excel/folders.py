"""The shared folder: which school year a path belongs to, and what each file lying in a school's folder is.

Looks at names only; opens nothing.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..core import years
from ..core.cells import closest, fold
from ..core.findings import UsageError, UserError
from ..core.places import MARK, STARTERS

# other formats of the same table; they can be told from the name, and only be converted by a person
OTHER_FORMATS = (".xls", ".et", ".ett", ".xlsm", ".xlsb", ".xlt", ".xltx", ".ods", ".csv")
OLD_COPIES = (".bak", ".xlk", ".wbk", ".old")  # what Excel, WPS and people leave behind of a workbook
# what stands before or after the standard name of a copy: people's words, those of programs that save and synchronise
_BEFORE = re.compile(r"新建|副本|复件|备份|拷贝|冲突|恢复|copy|conflict|recover|backup", re.I)
_AFTER = re.compile(
    r"[\W_]|副本|复件|备份|拷贝|冲突|自动|恢复|copy|conflict|recover|backup|version|最终|定稿|终稿|新|旧|老|改|修|\d|v\d",
    re.I,
)
_TERMS = (("上学期", "第一学期"), ("下学期", "第二学期"), ("第1学期", "第一学期"), ("第2学期", "第二学期"))
_NOT_OURS = ("desktop.ini", "thumbs.db", *STARTERS)


@dataclass
class Contents:
    """What lies in one folder: path by stem, and names of files that are not the workbook itself."""

    workbooks: dict[str, Path] = field(default_factory=dict)
    other_formats: dict[str, Path] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    copies: dict[str, list[str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    shut: str = ""  # why nobody could look into it


def is_year(name: str) -> bool:
    """Whether a folder's name is a school year such as 2023-2024."""
    return bool(years.YEAR.fullmatch(name)) and int(name[5:]) == int(name[:4]) + 1


def school_years(shared: Path) -> list[str]:
    """The school years that a shared folder holds, the oldest first; none where it is not there."""
    return sorted(path.name for path in shared.glob("*") if is_year(path.name) and path.is_dir())


def locate(paths: Sequence[Path]) -> tuple[Path, str, list[str]]:
    """The shared folder, the school year, and the paths asked for inside the shared folder (empty: the whole year).

    A path may be the shared folder (its latest year is taken), a year, a school's folder or a workbook. Raises UserError
    where a path does not exist, is in no year's folder, or two paths belong to different years; UsageError for no path at all.
    """
    if not paths:
        raise UsageError(
            f"没有写要看哪个文件夹，这里也不是办公文件夹（没有 {MARK}）。请写上共享文件夹，或进到办公文件夹里运行"
        )
    found = {_year_of(path.expanduser().resolve()) for path in paths}
    if len(found) != 1:
        raise UserError("一次只能看一个学年：请给同一个学年文件夹里的路径。")
    year = found.pop()
    inside = [path for path in (path.expanduser().resolve() for path in paths) if year in path.parents]
    wanted = [path.relative_to(year.parent).as_posix() for path in inside]
    return year.parent, year.name, wanted if len(wanted) == len(paths) else []


def _year_of(path: Path) -> Path:
    if not path.exists():
        raise UserError(f"找不到“{path}”，请检查路径是否写对。")
    held = sorted(child.name for child in path.iterdir() if is_year(child.name)) if path.is_dir() else []
    # what holds years is a shared folder wherever it lies: a snapshot under runs/2023-2024/ is none of that folder's schools
    for folder in (path, *(() if held else path.parents)):
        if is_year(folder.name) and folder.is_dir():
            return folder
    if not held:
        raise UserError(f"“{path}”不在学年文件夹里，里面也没有：共享文件夹下应有“2023-2024”这样的文件夹，再按学校分。")
    return path / held[-1]


def lock_names(stem: str) -> tuple[str, ...]:
    """Names of the file that lies beside `stem`.xlsx while someone has it open: Excel, LibreOffice, WPS (excel.md 4.1)."""
    name = f"{stem}.xlsx"
    cut = [name[count:] for count in (1, 2) if len(stem) > count]  # WPS and Word put their mark over the beginning
    return (f"~${name}", f".~lock.{name}#", f".~{name}", *(f".~{rest}" for rest in cut), *(f"~${rest}" for rest in cut))


def copy_of(stem: str, stems: Iterable[str]) -> str:
    """The standard name that `stem` looks like a copy of (学籍(1), 副本 学籍, 学籍-DESKTOP-AB12CD, 学籍最终版), or nothing.

    What begins with a standard name and goes on with anything but a word is a copy, as is what names a copy before it.
    """
    text = fold(stem)
    for standard in sorted(stems, key=len, reverse=True):
        before, there, after = text.partition(fold(standard))
        fits = (not before or _BEFORE.search(before)) and (not after or _AFTER.match(after))
        if there and (before or after) and fits:
            return standard
    return ""


def meant(name: str, stems: Iterable[str]) -> str:
    """The standard name that a file of a strange name was perhaps to have; "" where none is like it."""
    known, text = {fold(stem): stem for stem in stems}, fold(name)
    for ending in (".xlsx", ".xlsx", *OTHER_FORMATS):
        text = text.removesuffix(ending)
    for typed, term in _TERMS:
        text = text.replace(typed, term)
    inside = (stem for stem in sorted(known, key=len, reverse=True) if stem in text)
    return known.get(next(inside, "") or closest(text, known), "")


# files that are something else than their name says, by the ending
_UNFINISHED = "这是没有下载完的文件，里面的内容不全：请等下载完，或重新下载。"
_SHORTCUT = "这是快捷方式，文件本身在别处：请把原文件复制到这里。"
_WHAT = {
    **dict.fromkeys((".downloading", ".crdownload", ".download", ".part", ".partial", ".td", ".xltd"), _UNFINISHED),
    **dict.fromkeys((".lnk", ".url", ".webloc", ".desktop"), _SHORTCUT),
}


def what(name: str) -> str:
    """What is to be done with a file that is something else than a workbook of a strange name; "" where it may be one."""
    return _WHAT.get(Path(name).suffix.lower(), "")


def near(name: str, stems: Iterable[str]) -> str:
    """`meant` as a question to the clerk."""
    standard = meant(name, stems)
    twice = "（Windows 不显示扩展名时看不出来：文件名里多写了一个 .xlsx）" if fold(name).endswith(".xlsx.xlsx") else ""
    return f"是不是“{standard}.xlsx”{twice}？" if standard else ""


def _copy(path: Path, stems: Sequence[str]) -> str:
    """The standard name a file is a copy of. With its ending written twice it is the workbook itself where there is no other."""
    standard = copy_of(path.stem, stems)
    alone = not path.with_name(f"{standard}.xlsx").exists()
    return "" if alone and path.name.lower() == f"{standard}.xlsx.xlsx".lower() else standard


def contents(folder: Path, stems: Sequence[str]) -> Contents:
    """What lies in a folder where workbooks named `stems` are expected. Folders, locks and system files are no unknowns.

    Of a folder that may not be opened only that is known: the other schools' are read.
    """
    try:
        return _lying(folder, stems)
    except OSError as error:
        return Contents(shut="没有读取权限" if isinstance(error, PermissionError) else "读写出错，可能是共享断开")


def _lying(folder: Path, stems: Sequence[str]) -> Contents:
    found = Contents()
    locks = {lock: stem for stem in reversed(stems) for lock in lock_names(stem)}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        suffix = path.suffix.lower()
        if path.name in locks:
            found.locked.add(locks[path.name])
        elif path.name.startswith((".", "~$")) or path.name.lower() in _NOT_OURS or suffix == ".tmp" or path.is_dir():
            continue
        elif path.stem in stems and suffix == ".xlsx":
            found.workbooks[path.stem] = path
        elif path.stem in stems and suffix in OTHER_FORMATS:
            found.other_formats[path.stem] = path
        elif (standard := _copy(path, stems)) and suffix in (".xlsx", *OTHER_FORMATS, *OLD_COPIES):
            found.copies.setdefault(standard, []).append(path.name)
        else:
            found.unknown.append(path.name)
    return found
