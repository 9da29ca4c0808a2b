"""A newer program in an office that is there: what it brings, and what becomes of the copies the office has of the package's files.

A copy nobody has changed is replaced; beside one that the office has changed the new one is laid, ….新版, and nothing is merged.
"""

import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from ..core import declarations, places
from ..core.findings import UserError
from . import office, settings

NEWS = places.PACKAGE / "news.yaml"
NEW = ".新版"  # stands before the ending of what is laid beside a copy that the office has changed


def news(since: str, now: str) -> Iterator[str]:
    """What the versions after one bring, up to another, newest first."""
    held = declarations.load_yaml(NEWS)
    for number in sorted(held, key=settings.numbers, reverse=True):
        if settings.numbers(since) < settings.numbers(number) <= settings.numbers(now):
            yield f"{number} 版："
            yield from (f"  - {line}" for line in held[number])


def upgrade(home: Path) -> Iterator[str]:
    """Bring an office to this program's version; yields in words what is new and what became of each copy.

    Raises UserError, before anything is changed, where the program is older than the office.
    """
    held, now = settings.settings(home), version("kongchuo")
    if wrong := settings.too_old(held):
        raise UserError(wrong)
    since = str(held.get("made_by", ""))
    yield f"办公文件夹：{since or '没有写版本'} 版；程序：{now} 版。"
    yield from news(since, now)
    noted = office.copies(home)
    for name in office.packaged():
        if said := _one(home, name, noted):
            yield said
    for name in [name for name in noted if not office.source(name).is_file()]:
        yield f"{name}：程序不再自带，你们的这一份留着"
        del noted[name]
    office.note(home, noted)
    _stamp(home / places.MARK, now)
    yield f"{places.MARK} 已写明 {now} 版。"


def _one(home: Path, name: str, noted: dict[str, dict[str, str]]) -> str:
    """Look at the office's copy of a file of the package, and see to it; in words what was done, "" for nothing."""
    own, fresh = home / name, office.source(name).read_bytes()
    if not own.is_file():
        noted.pop(name, None)  # removed by the office: the package's holds again
        return ""
    before = noted.get(name, {}).get("sha256")
    mine, theirs = office.sha256(own.read_bytes()), office.sha256(fresh)
    if mine == theirs or before == theirs:
        noted.setdefault(name, office.entry(fresh))
        return ""
    if mine == before:
        office.put(own, fresh)
        said = f"{name}：没有改过，已换成新的"
    else:
        beside = own.with_name(f"{own.stem}{NEW}{own.suffix}")
        office.put(beside, fresh)
        said = f"{name}：你们改过，没有动；新的放在旁边：{beside.name}，请对照着改"
    noted[name] = office.entry(fresh)
    return said


def _stamp(path: Path, now: str) -> None:
    """Write this version into kongchuo.yaml, and leave every other line as it is."""
    text = path.read_text("utf-8-sig")
    line = f'made_by: "{now}"'
    made, found = re.subn(r"(?m)^made_by:[^\r\n]*", line, text)
    office.put(path, (made if found else f"{text.rstrip()}\n{line}\n").encode())
