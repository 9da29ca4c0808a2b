"""Work done in another process: `call` in one that may die of it, `both` and `aside` in a copy of this one. Knows nothing of the township.

`call` runs a function of a module there. A few such processes are kept for the next calls, started when first needed, and end with
this one, however it ends: they wait for its next word, and there will be none. Each call may take so much CPU time, memory and
time on the clock: where the system can (Linux), it sees to that itself; elsewhere this process looks every now and then.
Not multiprocessing: that needs a guard in whatever script calls, forks where it can, and its pool is lost with one that dies.
"""

import atexit
import ctypes
import faulthandler
import gc
import multiprocessing
import multiprocessing.connection
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar

from .findings import UserError

One, Other = TypeVar("One"), TypeVar("Other")
DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


def both(one: Callable[[], One], other: Callable[[], Other]) -> tuple[One, Other]:
    """What two calls give that share what they read and nothing that they write; the second must give what pickle can carry.

    The second is worked out by a forked process, which has all data of this one without a copy of them. Only Linux forks
    safely, and only a process with one thread; elsewhere, and where the forked process dies, the calls follow each other.
    """
    waiting = _forked_for(other, daemon=True)  # where the first fails, nobody waits for it
    return one(), waiting()


def aside(work: Callable[[], One]) -> One:
    """What a call gives, worked out by a forked process as in `both`: the memory that it took goes with that process."""
    release()
    return _forked_for(work, daemon=False)()  # one that may fork in its turn


def _forked_for(work: Callable[[], One], daemon: bool) -> Callable[[], One]:
    """A call in a forked process; what waits for what it gives, or works it out here."""
    if not (sys.platform == "linux" and threading.active_count() == 1 and len(os.sched_getaffinity(0)) > 1):
        return work
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe(duplex=False)
    child = fork.Process(target=_send_result, args=(there, work), daemon=daemon)
    child.start()
    there.close()

    def waiting() -> One:
        try:
            return here.recv()
        except EOFError:
            return work()
        finally:
            here.close()
            child.kill()  # it has said what it had to say, or nobody listens any more
            child.join()

    return waiting


def release() -> None:
    """Give back to the system what this process no longer uses (glibc keeps it; forks would each hold a share of it)."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def die_with_parent() -> None:
    """Have this process ended when the one that started it ends (Linux)."""
    ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGKILL)


def _send_result(there: multiprocessing.connection.Connection, work: Callable[[], object]) -> None:
    """Send what the work gives. If it fails, nothing is sent and nothing said: the parent works it out itself, and fails as it should."""
    die_with_parent()
    try:
        there.send(work())
    except BaseException:  # an interrupted child has nothing to say either
        os._exit(1)


@contextmanager
def unswept() -> Iterator[None]:
    """While so much is made that stays, looking for what is no longer needed would only take time."""
    looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looking:
            gc.enable()


# --- Work done in a process apart, which may die of it or be ended, and nothing else with it ---------------------------
Asked = ParamSpec("Asked")
Given = TypeVar("Given")
Job = TypeVar("Job")

SECONDS, MEMORY = 6.0, 640 << 20  # CPU time and bytes for any call,
SECONDS_MORE, MEMORY_MORE = 2.0, 64  # and more for each MB of what it works on, and bytes for each of its bytes
ON_THE_CLOCK = 30  # so many times its CPU time a call may take on a busy machine
LARGEST = 64 << 20  # bytes of an answer
KEPT = 400 << 20  # a process that holds so much is not kept for the next call
MOST = min(os.cpu_count() or 1, 2)  # processes at work at the same time
MUCH = 16 << 20  # bytes to be worked on from which a second process is worth its start
LOOKS = 0.1  # seconds between two looks at a process that the system does not limit
WATCHED = sys.platform != "linux"

READY = b"!"
NOT_STARTED = (
    "启动不了读工作簿的进程，可能内存不够，或被安全软件拦住了。请关掉一些程序，或在安全软件里放行 Python，再运行一次。"
)
TOO_LONG, TOO_MUCH, CRASHED = "要用的时间太长", "要用的内存太多", "使读表的程序中断"


class Died(Exception):
    """The process apart died of the work, or was ended; `str()` says why in Chinese, as the end of a sentence about what it worked on."""


def call(work: Callable[Asked, Given], *args: Asked.args, size: int = 0, **named: Asked.kwargs) -> Given:
    """What a module's function gives, worked out in a process apart; arguments and result must be what pickle can carry.

    `size` is the number of bytes of what it works on; large ones may take longer. Raises what the function raises, and Died.
    """
    process = _taken()
    stays = False
    try:
        answer = process.ask(pickle.dumps((work, args, named), 5), size)
        with unswept():
            kind, value, stays = pickle.loads(answer)
    except (EOFError, OSError, pickle.UnpicklingError) as error:
        raise Died(process.ended()) from error
    finally:
        if stays and len(_idle) < MOST:
            _idle.append(process)
        else:
            process.end()
    if kind is None:
        return value
    if isinstance(value, MemoryError):
        raise Died(TOO_MUCH) from value
    value.add_note(kind)
    raise value


def spread(work: Callable[[Job], Given], jobs: Iterable[Job], size: int = 0) -> list[Given]:
    """What `work`, which calls something apart, gives for each job, in their order; several at the same time if it is much.

    `size` is the number of bytes of all together: a second process takes as long to start as it takes to read `MUCH`.
    """
    jobs = list(jobs)
    if MOST < 2 or size < MUCH:
        return [work(job) for job in jobs]
    with ThreadPoolExecutor(MOST) as threads:
        return list(threads.map(work, jobs))


# --- this side --------------------------------------------------------------------------------------------------------
class _Process:
    """A process apart, as this one sees it."""

    def __init__(self) -> None:
        package = Path(__file__).parents[2]
        path = os.pathsep.join(filter(None, (str(package), os.environ.get("PYTHONPATH"))))
        self.why, self.ready = "", False
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", f"from {__name__} import _serve; _serve()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a parser that panics says so there
                bufsize=0,
                env=os.environ | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise UserError(NOT_STARTED) from error

    def ask(self, question: bytes, size: int) -> bytes:
        """Send a question, wait for the answer. Raises EOFError or OSError where the process has died, UserError where it never lived."""
        if not self.ready:
            self.ready = self.process.stdout.read(1) == READY
            if not self.ready:
                raise UserError(NOT_STARTED)
        limits = SECONDS + SECONDS_MORE * size / (1 << 20), MEMORY + MEMORY_MORE * size
        with self._watched(*limits) if WATCHED else nullcontext():
            _send(self.process.stdin, pickle.dumps((*limits, WATCHED)))
            _send(self.process.stdin, question)
            return _receive(self.process.stdout)

    @contextmanager
    def _watched(self, seconds: float, memory: int) -> Iterator[None]:
        """End the process when it takes more; for systems that have no such limits."""
        done = threading.Event()
        watch = threading.Thread(target=self._watch, args=(done, seconds, memory), daemon=True)
        watch.start()
        try:
            yield
        finally:
            done.set()
            watch.join()

    def _watch(self, done: threading.Event, seconds: float, memory: int) -> None:
        import psutil

        own = psutil.Process(self.process.pid)

        def used() -> tuple[float, int]:
            every = (own, *own.children(recursive=True))  # on Windows the Python of a .venv starts another
            times = [process.cpu_times() for process in every]
            return sum(one.user + one.system for one in times), sum(one.memory_info().rss for one in every)

        with suppress(psutil.Error):
            before, _ = used()
            while not done.wait(LOOKS):
                now, taken = used()
                if now - before > seconds or taken > memory:
                    self.why = TOO_MUCH if taken > memory else TOO_LONG
                    for process in (*own.children(recursive=True), own):
                        process.kill()

    def ended(self) -> str:
        """Why it is no longer there."""
        if self.why:
            return self.why
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        code = self.process.returncode
        if code in (1, -getattr(signal, "SIGXCPU", 0)):  # 1: the clock (see _serve)
            return TOO_LONG
        return TOO_MUCH if code == -getattr(signal, "SIGKILL", 9) else CRASHED

    def end(self) -> None:
        """End it now; it holds nothing that would be lost."""
        self.process.kill()
        self.process.wait()
        self.forget()

    def forget(self) -> None:
        """Leave it to the process that started it."""
        self.process.returncode = self.process.returncode or 0
        for stream in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                stream.close()


_idle: list[_Process] = []


def _taken() -> _Process:
    """A process that waits for work, or a new one."""
    while _idle:
        with suppress(IndexError):  # another thread was quicker
            process = _idle.pop()
            if process.process.poll() is None:
                return process
            process.end()
    return _Process()


@atexit.register
def stop() -> None:
    """End all processes that wait for work."""
    while _idle:
        _idle.pop().end()


def _forked() -> None:
    """In a forked process: what waits for work waits for that of the other."""
    while _idle:
        _idle.pop().forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


# --- between the two ----------------------------------------------------------------------------------------------------
def _send(stream: BinaryIO, data: bytes) -> None:
    left = memoryview(len(data).to_bytes(8, "little") + data)
    while left:
        left = left[stream.write(left) :]


def _receive(stream: BinaryIO) -> bytes:
    return _exactly(stream, int.from_bytes(_exactly(stream, 8), "little"))


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        more = stream.read(min(count - len(data), 1 << 16))  # as much as a pipe holds
        if not more:
            raise EOFError
        data += more
    return bytes(data)


# --- the other side -----------------------------------------------------------------------------------------------------
def _serve() -> None:
    """Answer questions until there are no more. What a question prints goes nowhere."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for the other side, whose end is ours
    questions, answers = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0)
    os.dup2(2, 1)
    os.close(0)
    gc.disable()  # within a question there is little that goes round in circles
    asked: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(questions, asked), daemon=True).start()
    with suppress(OSError):
        answers.write(READY)
        while True:
            seconds, memory, watched = pickle.loads(asked.get())
            question = asked.get()
            faulthandler.dump_traceback_later(seconds * ON_THE_CLOCK, exit=True, file=sys.__stderr__)
            if not watched:
                _limit(seconds, memory)
            answer = _answer(question)
            faulthandler.cancel_dump_traceback_later()
            _send(answers, answer)
            gc.collect()
            gc.freeze()  # what is still there will stay


def _listen(questions: BinaryIO, asked: queue.SimpleQueue[bytes]) -> None:
    """Hear the questions, and end this process, whatever it is at, when the other side has ended."""
    with suppress(EOFError, OSError):
        while True:
            asked.put(_receive(questions))
    os._exit(0)


def _answer(question: bytes) -> bytes:
    try:
        work, args, named = pickle.loads(question)
        answer = pickle.dumps((None, work(*args, **named), _slim()), 5)
        return answer if len(answer) <= LARGEST else pickle.dumps(("", MemoryError(), False))
    except MemoryError:
        return pickle.dumps(("", MemoryError(), False))
    except BaseException as error:  # a panic of a parser is no Exception
        said = traceback.format_exc()
        try:
            answer = pickle.dumps((said, error, _slim()))
            pickle.loads(answer)
        except Exception:
            return pickle.dumps((said, RuntimeError(repr(error)), _slim()))
        return answer


def _limit(seconds: float, memory: int) -> None:
    """Let the system end this process when it takes more from now on."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most = resource.getrlimit(resource.RLIMIT_CPU)[1], resource.getrlimit(resource.RLIMIT_AS)[1]
    used = Path("/proc/self/statm").read_text().split()[0]
    wanted = int(time.process_time() + seconds) + 1, int(used) * resource.getpagesize() + memory
    for limit, value, top in zip((resource.RLIMIT_CPU, resource.RLIMIT_AS), wanted, most, strict=True):
        resource.setrlimit(limit, (value if top == resource.RLIM_INFINITY else min(value, top), top))


def _slim() -> bool:
    """Whether this process holds little memory now, and may be kept.

    Not the most it ever held (ru_maxrss): on Linux that begins with what the process that started this one held then.
    """
    if WATCHED:
        import psutil

        return psutil.Process().memory_info().rss < KEPT
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") < KEPT
