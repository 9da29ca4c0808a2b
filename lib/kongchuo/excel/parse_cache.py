"""What workbooks were parsed to, kept while neither their bytes nor what reads them have changed: of a hundred schools' workbooks the
one that was saved is read again, the others are not.

A file for each, named by a hash of all that it depends on, in this user's own cache folder and readable by nobody else, since
pupils stand in it; what nobody has asked for in OLD days is removed. Nothing but our own plain values comes out of such a file,
whoever wrote it. Without a place to write nothing is kept.
"""

import hashlib
import io
import os
import pickle
import time
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from ..core import places, schema
from ..core.workbooks import Workbook
from .parsing import bytes_of

OLD = 14  # days
DAY = 24 * 60 * 60
FOLDER = "parsed"
HELD = {  # all that a parsed workbook is made of
    "kongchuo.core.workbooks": ("Workbook", "Table", "Typed", "Asked"),
    "kongchuo.core.findings": ("Finding",),
    "array": ("array", "_array_reconstructor"),
    "datetime": ("date", "datetime", "time", "timedelta"),
}


def key(path: Path, name: str, book: schema.Book, codes: dict[str, schema.Codes]) -> tuple[str, str]:
    """What the parsing of a workbook depends on, as one hash, and the sha256 of its bytes; ("", "") where it cannot be kept: the file
    cannot be read now, or the book is none of ours.
    """
    ours = {id(sheet) for one in schema.default().books for sheet in one.sheets}
    try:
        content = hashlib.sha256(bytes_of(path)).hexdigest() if {*map(id, book.sheets)} <= ours else ""
    except OSError:
        return "", ""
    asked = (_program(), name, book.name, *(sheet.name for sheet in book.sheets), _lists(codes), content)
    return (hashlib.sha256("\0".join(asked).encode()).hexdigest(), content) if content else ("", "")


def known(key: str) -> Workbook | None:
    """What is kept under a key, without book and sheets (parsing.of_book); None where there is nothing, or it cannot be understood."""
    try:
        found = _Plain(io.BytesIO(read(_path(key)))).load()
        return found if isinstance(found, Workbook) else None
    except Exception:  # cut short, of another program, not ours
        return None


def keep(key: str, parsed: Workbook) -> None:
    """Keep under a key what a workbook was parsed to."""
    with suppress(OSError):
        path = _path(key)
        tidied(path.parent)
        write(path, pickle.dumps(parsed, 5))


def read(path: Path) -> bytes:
    """The bytes of a file of a tidied folder, which so stays there. Raises OSError."""
    data = path.read_bytes()
    if time.time() - path.stat().st_mtime > DAY:
        os.utime(path)
    return data


def write(path: Path, data: bytes) -> None:
    """Write a file whole, readable by nobody else. Raises OSError."""
    part = path.with_suffix(f".{os.getpid()}")
    with open(part, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as stream:
        stream.write(data)
    part.replace(path)


def _path(key: str) -> Path:
    return places.cache() / FOLDER / f"{key[:40]}.parsed"


@cache
def tidied(folder: Path) -> None:
    """Make a folder that nobody else may enter, and remove from it what nobody has asked for in OLD days. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for path in folder.iterdir():
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > OLD * DAY:
                path.unlink()


@cache
def _program() -> str:
    """What parses: this package and the reader of cells."""
    found = hashlib.sha256(version("python-calamine").encode())
    for path in (*sorted(places.PACKAGE.rglob("*.py")), *sorted(places.PACKAGE.glob("books/*.yaml"))):
        found.update(path.read_bytes())
    return found.hexdigest()


_LAST: list[tuple[dict[str, schema.Codes], str]] = []


def _lists(codes: dict[str, schema.Codes]) -> str:
    """The code lists, of which a township has its own aliases: the same for workbook after workbook."""
    if not _LAST or _LAST[0][0] is not codes:
        _LAST[:] = [(codes, hashlib.sha256(repr(codes).encode()).hexdigest())]
    return _LAST[0][1]


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if name not in HELD.get(module, ()):
            raise pickle.UnpicklingError(f"{module}.{name}")
        return super().find_class(module, name)
