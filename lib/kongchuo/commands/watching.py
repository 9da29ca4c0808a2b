"""A shared folder watched by looking at it again and again: what was saved a moment ago is checked, and its returns made anew.

Looking, not being told: over a network nobody tells. A file counts as saved when it looks the same twice and can be opened as a
workbook, so that one still being written or copied is left for the next look.
"""

import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ..core.findings import UserError, fault

EVERY = 5.0  # seconds between two looks
AFTER_FAULT = 60.0  # seconds until a look after one that failed

State = dict[Path, tuple[int, int]]  # by workbook: when it was saved, how large it is


def look(folder: Path) -> State:
    """The workbooks in a folder and below, as they lie there now; owner files and temporary files are none."""
    found = {}
    for path in folder.rglob("*.xlsx"):
        if not path.name.startswith(("~$", ".")):
            try:
                about = path.stat()
            except OSError:  # between two names: Excel deletes the old file before it renames the new one
                continue
            found[path] = about.st_mtime_ns, about.st_size
    return found


def whole(path: Path) -> bool:
    """Whether a file is all there: a workbook ends with the list of what is in it."""
    try:
        return zipfile.is_zipfile(path)  # no more: what the list says is for the reader, in a process apart
    except OSError:
        return False


def saved(looks: Iterable[State], is_whole: Callable[[Path], bool] = whole) -> Iterator[list[Path]]:
    """For each look the workbooks that were saved since they were last given, or are new, and have come to rest.

    What lies there at the first look is known, not new.
    """
    given: State | None = None
    last: State = {}
    for now in looks:
        if given is None:
            given = dict(now)
        rested = [path for path, about in now.items() if given.get(path) != about and last.get(path) == about]
        ready = sorted(path for path in rested if is_whole(path))
        given = {path: about for path, about in given.items() if path in now} | {path: now[path] for path in ready}
        last = now
        yield ready


def watch(
    folder: Path,
    refresh: Callable[[list[Path]], None],
    say: Callable[[str], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Refresh what is saved in a folder until Ctrl-C; a folder that is gone for a while is waited for."""

    def looks() -> Iterator[State]:
        seen: State = {}
        there = True
        while True:
            try:
                if not folder.is_dir():
                    raise OSError
                seen = look(folder)
                if not there:
                    say("共享文件夹又找得到了，继续。")
                there = True
            except OSError:
                if there:
                    say(f"找不到共享文件夹“{folder}”，可能是共享断开了；会一直等它回来。")
                there = False
            yield seen
            sleep(EVERY if there else AFTER_FAULT)

    for paths in saved(looks()):
        if paths:
            try:
                refresh(paths)
            except UserError as error:  # said, and tried again at the next saving: watching goes on
                say(f"这次没有做成：{error}")
            except OSError:
                say("这次没有做成：读写出错，可能是共享断开了；下次保存时再做。")
            except Exception as error:  # a fault of ours: watching goes on
                say(f"{fault('这次没有做成', error)}；下次保存时再做。")
