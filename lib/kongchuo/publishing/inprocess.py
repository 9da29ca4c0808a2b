"""nbclient over a kernel in its own process: cells run by ipykernel's shell, what they show collected as from a kernel apart."""

import array
import logging
import os
import select
import signal
import sys
import threading
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ipykernel.inprocess.ipkernel import InProcessInteractiveShell, InProcessKernel
from ipykernel.inprocess.manager import InProcessKernelManager
from ipykernel.iostream import PIPE_BUFFER_SIZE, OutStream
from jupyter_core.utils import run_sync
from nbclient.client import CellExecutionComplete
from nbclient.exceptions import CellTimeoutError
from papermill.clientwrap import PapermillNotebookClient
from traitlets import default

from .execution import OVER

if sys.platform != "win32":
    import fcntl
    import termios

GRACE = 3  # seconds after which a cell that swallows the end of its time is told again
TOLD = 3  # times it is told before the process ends


class TimeIsUp(BaseException):
    """Raised inside a cell that takes longer than it may."""


# libraries that look at the shell's name to choose how to show themselves must find the one of every notebook
SHELL = type("ZMQInteractiveShell", (InProcessInteractiveShell,), {"__module__": "ipykernel.zmqshell"})


class Stream(OutStream):
    """A stream that can be asked to have handed over all that child processes have written."""

    def __init__(self, *given: object, **named: object) -> None:
        self.handing = threading.Lock()
        super().__init__(*given, **named)

    def _watch_pipe_fd(self) -> None:
        with suppress(OSError, ValueError):  # closed
            while self._should_watch:
                select.select([self._fid], [], [])
                # taken before the bytes leave the pipe: nobody sees it empty while they are on their way
                with self.handing:
                    data = os.read(self._fid, PIPE_BUFFER_SIZE)
                    if not data or not self._should_watch:
                        return
                    self.write(data.decode(errors="replace"))
                    os.write(self._original_stdstream_copy, data)

    def drain(self) -> None:
        """Wait until what was written to the file itself so far has been handed over; not for ever where a child goes on writing."""
        left, until = array.array("i", [self._should_watch]), time.monotonic() + self.flush_timeout
        while left[0] and time.monotonic() < until:
            fcntl.ioctl(self._fid, termios.FIONREAD, left)
            time.sleep(0.001 * bool(left[0]))
        with self.handing:
            pass


class Kernel(InProcessKernel):
    """The kernel of this process."""

    _supports_kernel_subshells = False  # they are threads that take from sockets

    @default("stdout")
    def _stdout(self):
        return Stream(self.session, self.iopub_thread, "stdout", watchfd=True)  # of child processes as well

    @default("stderr")
    def _stderr(self):
        return Stream(self.session, self.iopub_thread, "stderr", watchfd=True)


class InProcessClient(PapermillNotebookClient):
    """nbclient with a kernel that answers before the next line, so that there is nothing to wait for."""

    @contextmanager
    def setup_kernel(self, **_: object) -> Iterator[None]:
        """The one kernel there can be in this process, for as long as the notebook runs."""
        os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")  # as every kernel does
        self.km = InProcessKernelManager(config=_profile())
        # .instance: widgets look their kernel up
        log = logging.getLogger(__name__)  # not into the notebook's own output, where all that has no handler ends
        log.addHandler(logging.NullHandler())
        log.propagate = False
        kernel = Kernel.instance(parent=self.km, session=self.km.session, shell_class=SHELL, log=log)
        kernel.shell_channel_thread = types.SimpleNamespace(parent_thread=threading.main_thread())
        self.km.kernel = self._kernel = kernel
        kernel.shell.history_manager.enabled = False
        self.kc = self.km.client()
        self.kc.start_channels()
        self.kc.shell_channel.send = self._dispatch  # what an Output widget has caught goes back to it
        streams = sys.stdout, sys.stderr
        try:
            yield
        finally:
            sys.stdout, sys.stderr = streams  # what was ended in the middle of an await has not put them back
            for stream in (kernel.stdout, kernel.stderr):
                stream.close()
            kernel.iopub_thread.stop()
            Kernel.clear_instance()
            SHELL.clear_instance()

    def wait_for_reply(self, *_: object) -> dict[str, object]:
        """What a kernel says of itself when it is asked at the end."""
        return {"content": {"language_info": self._kernel.language_info}}

    def execute_cell(self, cell, cell_index, *_: object):
        """Run one cell to its end or its limit, its outputs in it; raises CellExecutionError and CellTimeoutError as nbclient does."""
        if cell.cell_type != "code" or not cell.source.strip():
            return cell
        tags = cell.metadata.get("tags", [])
        if self.skip_cells_with_tag in tags:
            return cell
        if self.record_timing:
            cell["metadata"]["execution"] = {}
        cell.outputs = []
        self.clear_before_next_output = False
        self.code_cells_executed += 1
        seconds, own = self._get_timeout(cell), {"silent": False, "store_history": True, "allow_stdin": False}
        asked = self.kc.session.msg("execute_request", {"code": cell.source, "user_expressions": {}, **own})
        with _limit(seconds, self.nb_man.save) as told, suppress(TimeIsUp):
            self._dispatch(asked)
            _, reply = self.kc.session.recv(self._kernel.shell_stream, copy=False)
        self._collect(asked["header"]["msg_id"], cell, cell_index)
        if told:
            raise CellTimeoutError.error_from_timeout_and_cell("Cell execution timed out", seconds, cell)
        run_sync(self._check_raise_for_error)(cell, cell_index, reply)
        return cell

    def _dispatch(self, message: dict[str, object]) -> None:
        """Have the kernel do what a message asks for."""
        stream = self._kernel.shell_stream
        self.kc.session.send(stream, message)
        run_sync(self._kernel.dispatch_shell)(stream.recv_multipart())

    def _collect(self, asked: str, cell, cell_index: int) -> None:
        """What the cell has shown, into its outputs."""
        for stream in (self._kernel.stdout, self._kernel.stderr):
            stream.drain()
            stream.flush()
        sent = threading.Event()  # a flush only queues what is to be sent: what is queued now comes after it
        self._kernel.iopub_thread.schedule(sent.set)
        sent.wait(OutStream.flush_timeout)
        channel = self.kc.iopub_channel
        while channel.msg_ready():
            message = channel.get_msg()
            with suppress(CellExecutionComplete):
                if message["msg_type"] == "stream" or message["parent_header"].get("msg_id") == asked:
                    self.process_message(message, cell, cell_index)


def _profile():
    """What the IPython profile says of kernels, which a kernel that is a process of its own reads when it starts."""
    from IPython.paths import get_ipython_dir
    from traitlets.config.loader import Config, ConfigFileNotFound, PyFileConfigLoader

    try:
        folder = Path(get_ipython_dir()) / "profile_default"
        return PyFileConfigLoader("ipython_kernel_config.py", str(folder)).load_config()
    except ConfigFileNotFound:
        return Config()


@contextmanager
def _limit(seconds: float | None, save) -> Iterator[list[None]]:
    """Raise TimeIsUp in what takes longer, again and again if it goes on, and in the end save the notebook and end the process."""
    told: list[None] = []

    def over(*_: object) -> None:
        told.append(None)
        if len(told) > TOLD:
            save()
            os._exit(OVER)
        raise TimeIsUp

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds or 0, GRACE)
    try:
        yield told
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
