"""What an office's kongchuo.yaml says. Every command reads it first, so nothing slow is imported here."""

import os
import re
from importlib.metadata import version
from pathlib import Path

from ..core import declarations, places
from ..core.findings import UserError

KEYS = ("shared", "out", "made_by", "notify")


def settings(home: Path) -> dict[str, object]:
    """What an office's kongchuo.yaml says. Raises UserError where it cannot be meant."""
    path = home / places.MARK
    try:
        held = declarations.load_yaml(path)
        declarations.strict(path, "file", held, KEYS, ("shared", "out"))
    except declarations.SchemaError as error:
        raise UserError(f"“{path}”写错了：{error}") from error
    return held


def enter(home: Path) -> str:
    """Let an office say where its folders lie, for this process and those it starts; returns what is to be said of its version.

    Raises UserError as `settings` does.
    """
    held = settings(home)
    os.environ[places.HOME] = str(home.resolve())
    for name, key in ((places.WORKBOOKS, "shared"), (places.OUT, "out")):
        os.environ.setdefault(name, str(home.resolve() / str(held[key])))
    return too_old(held)


def numbers(text: str) -> tuple[int, ...]:
    """A version as numbers, to compare: 0.10.1 is newer than 0.9."""
    return tuple(map(int, re.findall(r"\d+", text)))


def too_old(held: dict[str, object]) -> str:
    """What to say where a newer program has made or upgraded an office of these settings; "" where all is well."""
    made, now = str(held.get("made_by", "")), version("kongchuo")
    return (
        f"这个办公文件夹是 {made} 版程序的，这里装的是 {now} 版。请先升级程序。" if numbers(made) > numbers(now) else ""
    )
