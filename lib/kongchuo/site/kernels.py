"""The kernels behind live pages: a clean environment, not too many of them, and an error as one Chinese sentence.

Extends Voila at its own points; serve hands these classes to it.
"""

import asyncio
import os
import re
import time
from contextvars import ContextVar
from importlib.metadata import EntryPoint
from typing import Protocol

from ..core.editions import blotted
from ..publishing.execution import FAULTS, hide_grammar
from ..publishing.forks import possible
from .folder_state import without_books
from .forking import Parent
from .rights import HERE, Person

hide_grammar()

import tornado.web  # noqa: E402 - everything of Jupyter comes after the line above
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner  # noqa: E402
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection  # noqa: E402
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager, ServerKernelManager  # noqa: E402
from nbclient.exceptions import DeadKernelError  # noqa: E402
from voila.execute import VoilaExecutor  # noqa: E402

EACH = 4  # live pages of one account at once; a further one ends the oldest
KERNELS = 24 if possible() else 12  # live pages at once, some 40 MB each, or 200 MB where each is no fork
START_SECONDS = 120  # until a kernel answers
CELL_SECONDS = 300
SILENT_SECONDS = 60  # without a word from the server, which speaks every ten, a page that opens says that it does not
UNWATCHED_SECONDS = 60  # a kernel that no page is connected to ends after so long
CULL_SECONDS = 10  # how often that is looked at
FROM_VOILA = re.compile(r"VOILA_\w+|SERVER_\w+|SCRIPT_NAME|PATH_INFO|QUERY_STRING")  # the request, for the notebook
BROKEN = "这一部分没有算出来，请联系管理员"
FROM_PAGE = ["comm_open", "comm_close", "comm_msg", "comm_info_request", "kernel_info_request"]  # what widgets need
NOT_TO_PAGE = "execute_input"  # holds the notebook's code


class Visit(Protocol):
    """The request that a kernel is started for."""

    person: Person | None  # whose it is
    kernel: str  # the kernel's id as soon as there is one
    origin: Parent | None  # the process that its kernel is a fork of
    near: bool  # whether its kernel is to know nothing of where the books lie
    kept: dict[str, str]  # environment of what is kept for it
    gone: bool  # whether the visitor has hung up
    unserved: bool  # whether there will be no kernel


VISIT: ContextVar[Visit] = ContextVar("visit")  # set by the request's handler, seen by what it awaits, by nobody else


class Provisioner(LocalProvisioner):
    """A kernel is a fork of the process that has read the books, where there is one; else a process of its own."""

    async def launch_kernel(self, cmd, **more):
        """Have it forked; `cmd` is the stock command, whose arguments the fork takes."""
        origin = VISIT.get().origin
        if not origin or LAUNCHER not in cmd:
            return await super().launch_kernel(cmd, **more)
        try:
            given = cmd[cmd.index(LAUNCHER) + 1 :]
            self.process = await origin.fork(given, more["env"], more.get("cwd") or os.getcwd())
        except EOFError:
            return await super().launch_kernel(cmd, **more)
        self.pid = self.pgid = self.process.pid
        return self.connection_info


LAUNCHER = "ipykernel_launcher"
PROVISIONER = EntryPoint(
    Provisioner.__name__, f"{__name__}:{Provisioner.__name__}", KernelProvisionerFactory.GROUP_NAME
)
KernelProvisionerFactory.provisioners[PROVISIONER.name] = (
    PROVISIONER  # an installed one would be offered to all of Jupyter
)


class Kernel(ServerKernelManager):
    """One of them. It is ended, never interrupted: an interrupt writes its traceback to the office's console."""

    async def _async_interrupt_kernel(self):
        pass

    interrupt_kernel = _async_interrupt_kernel


class Kernels(AsyncMappingKernelManager):
    """Kernels with a clean environment, not too many of them, none for a visitor who has gone."""

    def __init__(self, **more):
        super().__init__(**more | {"allowed_message_types": FROM_PAGE, "kernel_manager_class": f"{__name__}.Kernel"})
        self.starting: set[str] = set()
        self.unwatched: dict[str, float] = {}  # kernel -> since when no page is connected to it
        self.owner: dict[str, str] = {}  # kernel -> the account that has opened its page
        self.visits: dict[str, Visit] = {}  # kernel -> the visit whose questions are answered

    async def admit(self, visit: Visit) -> None:
        """Keep a place for the visit's kernel; 503 when there are too many already, those that are still starting counted."""
        own = [kernel for kernel, owner in self.owner.items() if owner == visit.person.name]
        for kernel in own[: 1 - EACH] if visit.person != HERE else ():
            await self.end(kernel)
        if len({*self.list_kernel_ids(), *self.starting}) >= KERNELS:
            raise tornado.web.HTTPError(503)
        visit.kernel = self.new_kernel_id()
        self.starting.add(visit.kernel)
        self.owner[visit.kernel] = visit.person.name
        if visit.near:
            self.visits[visit.kernel] = visit

    def dismiss(self, visit: Visit) -> None:
        """Give back the place of a visit that has no kernel."""
        self.starting.discard(visit.kernel)
        if visit.kernel not in self:
            self.owner.pop(visit.kernel, None)
            self.parent.answers.dismiss(visit)

    async def start_kernel(self, *, env=None, **more):
        """Start the kernel of the visit."""
        visit = VISIT.get()
        asked = {key: value for key, value in (env or {}).items() if FROM_VOILA.fullmatch(key)}
        own = self.parent.kernel_env
        asked |= (without_books(own) if visit.near else own) | visit.kept
        try:
            await super().start_kernel(kernel_id=visit.kernel, env=asked, **more)
        finally:
            self.dismiss(visit)
        if visit.gone:
            await self.end(visit.kernel)
            raise tornado.web.Finish
        return visit.kernel

    async def end(self, kernel_id: str) -> None:
        """End a kernel at once, where it has not ended already."""
        if kernel_id in self and not self.get_kernel(kernel_id).shutting_down:
            await self.shutdown_kernel(kernel_id)

    async def shutdown_kernel(self, kernel_id, now=True, restart=False):
        """End it without waiting: nobody needs what a closed page was computing, and others need its place."""
        self.unwatched.pop(kernel_id, None)
        await super().shutdown_kernel(kernel_id, now=True, restart=restart)

    def remove_kernel(self, kernel_id):
        """It has ended, by whatever way."""
        if visit := self.visits.pop(kernel_id, None):
            self.parent.answers.dismiss(visit)
        self.owner.pop(kernel_id, None)
        return super().remove_kernel(kernel_id)

    def notify_connect(self, kernel_id):
        """A page connects."""
        self.unwatched.pop(kernel_id, None)
        super().notify_connect(kernel_id)

    def notify_disconnect(self, kernel_id):
        """A page has gone."""
        super().notify_disconnect(kernel_id)
        self.await_page(kernel_id)

    def await_page(self, kernel_id: str) -> None:
        """From now on the kernel's time runs, unless a page is connected to it."""
        if kernel_id in self and self._kernel_connections.get(kernel_id, 0) <= 0:
            self.unwatched[kernel_id] = time.monotonic()

    async def cull_kernel_if_idle(self, kernel_id):
        """End a kernel that no page has been connected to for too long, or that nobody has used for longer."""
        if time.monotonic() - self.unwatched.get(kernel_id, float("inf")) > UNWATCHED_SECONDS:
            await self.end(kernel_id)
        else:
            await super().cull_kernel_if_idle(kernel_id)


class Connection(ZMQChannelsWebsocketConnection):
    """Between a page and its kernel: messages in JSON only, of the kinds that widgets need; any other ends the connection."""

    kernel_ws_protocol = ""
    limit_rate = False  # a page of a year is larger than a second may be, and what is more would be left out

    def handle_incoming_message(self, message):
        """Pass on one from the page, as long as its session lasts."""
        if self.websocket_handler.ended():
            return self.websocket_handler.close(1008)
        if isinstance(message, bytes):
            return self.websocket_handler.close(1003)
        try:
            super().handle_incoming_message(message)
        except Exception:  # whatever is wrong with it, it is the sender's affair
            self.websocket_handler.close(1007)

    def _on_zmq_reply(self, stream, message):
        if message["header"]["msg_type"] != NOT_TO_PAGE:
            super()._on_zmq_reply(stream, message)


class Executor(VoilaExecutor):
    """On an error the page shows our sentence: a UserError's own message, otherwise nothing of what went wrong."""

    async def async_start_new_kernel_client(self, **more):
        """Connect to the kernel; a page whose visitor went while it started, or whose kernel does not start, ends here."""
        try:
            return await super().async_start_new_kernel_client(**more)
        except RuntimeError as error:
            VISIT.get().unserved = True  # Voila would wait on
            raise asyncio.CancelledError from error

    async def execute_cell(self, cell, resources, cell_index, store_history=True):
        """Execute one; where the kernel has gone the page ends, with a word for those who still see it."""
        try:
            return await super().execute_cell(cell, resources, cell_index, store_history)
        except DeadKernelError as error:
            cell["outputs"] = [_said(FAULTS["DeadKernelError"])]
            raise TimeoutError from error  # what Voila ends a page for without writing to the log

    def strip_code_cell_errors(self, cell):
        """Replace the errors among the cell's outputs."""
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error":
                said = output["evalue"] if output["ename"] == "UserError" else BROKEN
                output.update(_said(blotted(said)))
        return cell

    def show_code_cell_timeout(self, cell):
        """Say that the cell took too long."""
        cell["outputs"] = [_said(f"计算超过{CELL_SECONDS}秒没有结束，已停止")]


def _said(message: str) -> dict[str, object]:
    return {"output_type": "error", "ename": "", "evalue": message, "traceback": []}
