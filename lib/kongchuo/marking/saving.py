"""Writing a marked workbook so that, whatever happens, the file under its name is whole: the old one or the new one.

In place: a snapshot first; not while somebody has the file open; not when it is another file than the one that was checked; beside
it, fsync, rename, read back. A copy: the same without the questions (reference excel.md 4, reliability.md).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from ..reading.folders import lock_names
from .package import Refused


def write_copy(path: Path, data: bytes) -> None:
    """Write a file of our own, all of it or nothing; folders are made. Raises Refused where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, data)
    except OSError as error:
        raise Refused(f"写不进“{path.parent}”（{_why(error)}）") from error


def write_in_place(path: Path, data: bytes, sha256: str, snapshots: Path) -> None:
    """Put `data` in place of a staff workbook whose content had the hash `sha256` when it was checked.

    The file as it was is kept under `snapshots`. Raises Refused, and leaves the file as it is, when it is open, changed, gone,
    cannot be written, or does not read back as written.
    """
    _closed(path)
    try:
        before = path.read_bytes()
    except OSError as error:
        raise Refused(f"读不到（{_why(error)}）") from error
    same(before, sha256)
    if before == data:
        return
    kept = snapshots / f"{path.stem}-{sha256[:10]}{path.suffix}"
    write_copy(kept, before)
    try:
        _replace(path, data, check=sha256)
        if path.read_bytes() != data:
            raise Refused(f"写入后读回来不一样；原来的文件在“{kept}”")
    except OSError as error:
        raise Refused(f"写不进去（{_why(error)}），文件没有改动") from error


def same(data: bytes, sha256: str) -> None:
    """Refuse a file that is not the one that was checked: its marks would stand in wrong cells."""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Refused("检查以后又有人改过，没有标记；请再运行一次")


def _closed(path: Path) -> None:
    """Refuse while somebody has the file open: the owner files of Excel, WPS and LibreOffice, then a try to write."""
    for lock in lock_names(path.stem):
        if path.with_name(lock).exists():
            raise Refused(f"有人正打开着（旁边有“{lock}”）；请关闭后再运行。确认没有人打开的，删掉那个文件")
    try:
        with path.open("r+b"):
            pass
    except OSError as error:
        raise Refused(f"写不进去（{_why(error)}）；可能有人正打开着，或没有权限") from error


def _replace(path: Path, data: bytes, check: str = "") -> None:
    """Write beside, then rename over; with `check` only if the file still has that hash just before."""
    handle, name = tempfile.mkstemp(prefix=".~", suffix=".tmp", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if path.exists():
            shutil.copymode(path, part)
        if check and hashlib.sha256(path.read_bytes()).hexdigest() != check:
            raise Refused("写入以前有人刚刚保存过，没有标记；请再运行一次")
        os.replace(part, path)
        with suppress(OSError):  # Windows has no such thing
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    finally:
        part.unlink(missing_ok=True)


def _why(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "没有写入权限"
    return os.strerror(error.errno) if error.errno else str(error)
