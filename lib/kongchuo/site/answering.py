"""Answers the live kernels of schools: each page they show is made by the process that has read the books, and given to its school.

Such a kernel is a fork of a process that has read nothing, has no way to the shared folder in its environment, and never holds a
row of a workbook: only pages of the schools of its account, each the same as the archived one of that day. Who may have which is
asked anew of `rights.may` for every page. Only where forks are possible; elsewhere schools have no live page.
"""

import asyncio
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl

from ..core import places
from . import rights
from .folder_state import Books

UNUSED_SECONDS = 60  # after which the process that such kernels are forks of ends
SOCKET = "ask"  # in the folder of the server, which nobody else enters
LINE = 1 << 16
NOT_YOURS = "这个账号不能看这一页。"
LOST = "没有算出来，请重新载入本页；还是这样，请联系管理员。"
SCHOOL = "学校"  # the drop-down


class Visit(Protocol):
    """The request that opened a page."""

    person: rights.Person

    def ended(self) -> bool:
        """Whether its session is over."""


class Answers:
    """Who may ask, by ticket, and the socket they ask through."""

    def __init__(self, books: Books, scratch: Path) -> None:
        self._books, self._path = books, scratch / SOCKET
        self._visits: dict[str, tuple[Visit, str]] = {}  # ticket -> the visit, and the report that its page shows
        self._server: asyncio.Server | None = None

    async def admit(self, visit: Visit, verb: str) -> dict[str, str]:
        """What the environment of the kernel says that will show a report to this visit."""
        if self._server is None:
            self._server = await asyncio.start_unix_server(self._hear, self._path, limit=LINE)
        ticket = secrets.token_urlsafe(24)
        self._visits[ticket] = visit, verb
        return {places.ASK: f"{self._path}|{ticket}"}

    def dismiss(self, visit: Visit) -> None:
        """Its page is gone."""
        left = {ticket: one for ticket, one in self._visits.items() if one[0] is not visit}
        if self._visits and not left:
            asyncio.get_running_loop().call_later(UNUSED_SECONDS, self._rest)
        self._visits = left

    def _rest(self) -> None:
        if not self._visits:
            self._books.rest()

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            said = await self._answer(json.loads(await reader.readline()))
        except (ValueError, KeyError, TypeError, OSError, EOFError):  # no question of ours, or the process is gone
            said = {"says": LOST}
        try:
            writer.write(json.dumps(said).encode() + b"\n")
            await writer.drain()
        except OSError:  # the kernel has ended
            pass
        finally:
            writer.close()

    async def _answer(self, asked: Mapping[str, object]) -> dict[str, str]:
        visit, verb = self._visits.get(asked["ticket"], (None, ""))
        address, values = dict(parse_qsl(asked["address"])), asked["values"]
        school = str((values or address).get(SCHOOL if values else "school", ""))
        if visit is None or visit.ended() or verb != asked["verb"] or not rights.may(visit.person, rights.LIVE, school):
            return {"says": NOT_YOURS}
        parent = await self._books.parent()
        if parent is None:
            return {"says": LOST}
        if values:
            parent.hold(verb, address)
        return await parent.tell(verb, address, school=school, schools=visit.person.schools, values=values)
