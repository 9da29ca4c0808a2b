"""The audit: who asked when for what kind of address about which school, and what came of it. No pupil stands in it."""

import datetime as dt
import json
import logging
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

from ..excel import saving

FILE = "audit.jsonl"  # beside the accounts
BYTES, FILES = 2_000_000, 10  # of one file; so many older ones are kept
SHOWN = 500  # the newest, on the page
NOBODY = "（没有登录）"
UNKNOWN = "（没有这个账号，或已停用）"  # what was typed for a name may be anything, a password too
OPENED, REFUSED, ENTERED, WRONG, LOCKED_OUT, LEFT = "打开", "拒绝", "登录", "密码不对", "尝试太多", "退出"
BAD = (REFUSED, WRONG, LOCKED_OUT)


class Audit:
    """The record in a folder of its own; kept by nobody where there is no folder (no accounts)."""

    def __init__(self, folder: Path | None) -> None:
        self.file = folder / FILE if folder else None
        self._log = logging.Logger("audit")  # of this record alone
        if folder:
            saving.private(folder)
            self._log.addHandler(RotatingFileHandler(self.file, "a", BYTES, FILES, "utf-8", delay=True))

    def note(self, name: str, said: str, what: str = "", about: str = "", origin: str = "") -> None:
        """One request: the account, what came of it, the kind of address, the school, the machine it came from."""
        if self.file:
            now = dt.datetime.now().astimezone().isoformat(timespec="seconds")
            self._log.info(json.dumps([now, name or NOBODY, said, what, about, origin], ensure_ascii=False))

    def newest(self) -> list[list[str]]:
        """The last requests, newest first: when, who, what came of it, what, which school, from which machine."""
        lines: list[str] = []
        for path in (self.file, self.file.with_name(f"{FILE}.1")) if self.file else ():
            with suppress(OSError):
                lines += path.read_text("utf-8").splitlines()[::-1]
        found = []
        for line in lines[:SHOWN]:
            with suppress(ValueError):
                found.append(json.loads(line))
        return found
