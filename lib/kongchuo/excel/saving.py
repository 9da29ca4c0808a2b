"""Writing a marked workbook so that, whatever happens, the file under its name is whole: the old one or the new one.

In place: a snapshot first; not while somebody has the file open; not when it is another file than the one that was checked; beside
it, fsync, rename, read back. A copy: the same without the questions (reference excel.md 4, reliability.md).
"""

import errno
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from .folders import lock_names
from .parts import Refused

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

T = TypeVar("T")
_PART = re.compile(r"\.~[a-z0-9_]{8}\.tmp")  # as tempfile names what we write before it is renamed
PATIENCE = (0.05,) * 6  # seconds between tries
SAID = {
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "磁盘配额已满",
    errno.EROFS: "磁盘或文件夹是只读的",
    errno.EIO: "磁盘或网络读写出错",
    errno.ENOTCONN: "共享断开了",
    errno.ESTALE: "共享断开了",
}


def write_copy(path: Path, data: bytes, like: Path | None = None) -> None:
    """Write a file of our own, all of it or nothing; folders are made, and who may read `like` may read it.

    Raises Refused where it cannot be written, or somebody has the one of before open.
    """
    _closed(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, data, like=like)
    except OSError as error:
        raise Refused(f"写不进“{path.parent}”（{why(error)}）") from error


def write_in_place(path: Path, data: bytes, sha256: str, snapshots: Path) -> None:
    """Put `data` in place of a staff workbook whose content had the hash `sha256` when it was checked.

    The file as it was is kept under `snapshots`. Raises Refused, and leaves the file as it is, when it is open, changed, gone,
    a link, or cannot be written; and when what was written does not read back.
    """
    if path.resolve() != Path(os.path.abspath(path)):  # what it leads to may lie outside the shared folder
        raise Refused("是链接（快捷方式），不是文件本身；请把文件本身放在这里")
    _closed(path)
    try:
        before = path.read_bytes()
    except OSError as error:
        raise Refused(f"读不到（{why(error)}）") from error
    same(before, sha256)
    _probe(path)
    if before == data:
        return
    kept = snapshots / f"{path.stem}-{sha256[:10]}{path.suffix}"
    write_copy(kept, before)
    try:
        _replace(path, data, check=sha256)
    except OSError as error:
        raise Refused(f"写不进去（{why(error)}），文件没有改动") from error
    try:
        whole = path.read_bytes() == data
    except OSError as error:
        raise Refused(f"写入后读不回来（{why(error)}），请打开看一看；原来的文件在“{kept}”") from error
    if not whole:
        raise Refused(f"写入后读回来不一样，请打开看一看；原来的文件在“{kept}”")


def sweep(*folders: Path) -> None:
    """Remove what runs that were killed left half written in these folders and below; what is being written now stays.

    A file that is being written is locked; on Windows an open file cannot be removed.
    """
    for part in (part for folder in folders for part in folder.rglob(".~*.tmp") if _PART.fullmatch(part.name)):
        with suppress(OSError), part.open("rb") as stream:
            if fcntl:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink()
        if not fcntl:
            with suppress(OSError):
                part.unlink()


def same(data: bytes, sha256: str) -> None:
    """Refuse a file that is not the one that was checked: its marks would stand in wrong cells."""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Refused("检查以后又有人改过，没有标记；请再运行一次")


def _closed(path: Path) -> None:
    """Refuse while somebody has the file open: the owner files of Excel, WPS and LibreOffice lie beside it."""
    for lock in lock_names(path.stem):
        if os.path.exists(path.with_name(lock)):
            raise Refused(
                f"有人正打开着“{path.name}”（旁边有“{lock}”）；请关闭后再运行。确认没有人打开的，删掉那个文件"
            )


def _probe(path: Path) -> None:
    """Refuse where it cannot be opened for writing: over a network that is so while somebody has it open."""
    try:
        with path.open("r+b"):
            pass
    except OSError as error:
        raise Refused(f"写不进去（{why(error)}）；可能有人正打开着，或没有权限") from error


def _replace(path: Path, data: bytes, *, check: str = "", like: Path | None = None) -> None:
    """Write beside, then rename over; with `check` only if the file still has that hash just before."""
    handle, name = tempfile.mkstemp(prefix=".~", suffix=".tmp", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            if fcntl:
                with suppress(OSError):  # not every share can
                    fcntl.flock(stream, fcntl.LOCK_EX)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if like or path.exists():
            shutil.copymode(like or path, part)
        if check and hashlib.sha256(path.read_bytes()).hexdigest() != check:
            raise Refused("写入以前有人刚刚保存过，没有标记；请再运行一次")
        rename(part, path)
        with suppress(OSError):  # Windows has no such thing
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    finally:
        with suppress(OSError):  # a share that is gone has said so already
            part.unlink(missing_ok=True)


def rename(part: Path, path: Path) -> None:
    """Rename over."""
    patiently(os.replace, part, path)


def patiently(call: Callable[..., T], *given: object) -> T:
    """What a call returns that a virus scanner may keep from a file for an instant, and only on Windows."""
    for wait in PATIENCE:
        try:
            return call(*given)
        except PermissionError:
            time.sleep(wait)
    return call(*given)


def private(folder: Path, windows: bool = os.name == "nt") -> None:
    """Let nobody but its owner into a new folder, where the system of files can say so. Windows asks no mode but a list of who may."""
    owner = "*S-1-3-4:(OI)(CI)F"  # owner rights, under this number in Windows of any language
    with suppress(OSError):
        if windows:
            subprocess.run(
                ["icacls", str(folder), "/inheritance:r", "/grant:r", owner], capture_output=True, check=False
            )
        else:
            folder.chmod(0o700)


def why(error: OSError) -> str:
    """In Chinese why something could not be read or written."""
    if isinstance(error, FileNotFoundError):
        return "文件或文件夹不在了，可能是共享断开"
    if isinstance(error, PermissionError):
        return "没有写入权限"
    return SAID.get(error.errno) or "读写出错，请检查磁盘和网络"
