"""The shared folder as it is now, as one short word, and the process for that state which live kernels are forks of."""

import asyncio
import datetime as dt
import hashlib
import shutil
import time
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from ..core import places, policy
from ..publishing import forks
from ..publishing.archive import WORKBOOKS
from . import forking

FRESH = 2  # seconds for which what was seen of the folder holds


def _is_workbook(name: str) -> bool:
    """Whether a path in the shared folder is one, and not the lock of somebody who has it open."""
    path = PurePosixPath(name)
    return path.suffix.lower() in WORKBOOKS and not path.name.startswith(("~$", ".~"))


def without_books(env: Mapping[str, str]) -> dict[str, str]:
    """An environment that does not say where the shared folder and its pages lie."""
    return {name: value for name, value in env.items() if name not in (places.WORKBOOKS, places.OUT)}


class Books:
    """The workbooks (of all years), and what else pages depend on: parameters, records of findings, the day."""

    def __init__(self, shared: Path, out: Path, scratch: Path, env: Mapping[str, str]):
        self._shared, self._records, self._scratch, self._env = (
            shared,
            out / places.RETURNS / places.RECORDS,
            scratch,
            env,
        )
        self._seen: dict[Path, tuple[tuple[int, int], str]] = {}  # a file -> (size, time), hash
        self._state, self._until, self._hashes = "", 0.0, {}
        self._retired: list[forking.Parent] = []
        self.current: forking.Parent | None = None
        self._blank: forking.Parent | None = None

    def hashes(self) -> dict[str, str]:
        """sha256 of every workbook by its path in the shared folder; read again where size or time has changed."""
        found = {path.relative_to(self._shared).as_posix(): path for path in sorted(self._shared.rglob("*.*"))}
        return {name: self._hash(path) for name, path in found.items() if _is_workbook(name)}

    def _hash(self, path: Path) -> str:
        try:
            told = path.stat()
            known = self._seen.get(path)
            if not known or known[0] != (told.st_size, told.st_mtime_ns):
                known = (told.st_size, told.st_mtime_ns), hashlib.sha256(path.read_bytes()).hexdigest()
                self._seen[path] = known
            return known[1]
        except OSError:  # gone, or locked this moment
            return ""

    def _look(self) -> str:
        others = (places.POLICY, policy.mine(), *sorted(self._records.glob("*.json")))
        self._hashes = self.hashes()
        told = [dt.date.today(), *self._hashes.items(), *map(self._hash, others)]
        return hashlib.sha256("|".join(map(str, told)).encode()).hexdigest()[:12]

    async def state(self) -> str:
        """A word that changes when they do."""
        if time.monotonic() > self._until:
            self._state = await asyncio.to_thread(self._look)
            self._until = time.monotonic() + FRESH
        return self._state

    async def changed(self, read: Mapping[str, str], year: str) -> list[str]:
        """The workbooks (paths in the shared folder) that are not what they were when these were read for a school year."""
        await self.state()
        then = {name: digest for name, digest in read.items() if _is_workbook(name)}
        now = {name: digest for name, digest in self._hashes.items() if name in then or name.startswith(f"{year}/")}
        return sorted(name for name in {*then, *now} if then.get(name) != now.get(name))

    async def parent(self) -> forking.Parent | None:
        """The process for the present state, made anew where the books have changed or it has died; None where nobody may fork."""
        if not forks.possible():
            return None
        state = await self.state()
        if not self.current or not self.current.alive or self.current.state != state:
            if self.current:
                self.current.retire()
                self._retired.append(self.current)
            for old in [one for one in self._retired if one.ended]:
                shutil.rmtree(old.folder, ignore_errors=True)
                self._retired.remove(old)
            self.current = forking.Parent(state, self._scratch, self._env)
        return self.current

    def blank(self) -> forking.Parent:
        """The process that has read nothing, nor knows where the books lie: for kernels that only show pages."""
        if not self._blank or not self._blank.alive:
            self._blank = forking.Parent("", self._scratch, without_books(self._env))
        return self._blank

    def rest(self) -> None:
        """Nobody has such a kernel: end the process, until somebody wants one."""
        if self._blank:
            self._blank.retire()
            self._retired.append(self._blank)
            self._blank = None

    def end(self) -> None:
        """End all such processes, and their kernels."""
        for one in filter(None, (self.current, self._blank, *self._retired)):
            one.end()
