"""What stands between a command and the terminal: what comes out whatever happens, and the exit code that goes with it.

A UserError becomes one sentence. So does a fault of ours, with the traceback in a private file. Ctrl-C, a reader that went away and
a console of another encoding end nothing in a traceback. No exit code but a command's own is ever 1, which means "errors found".
"""

import datetime as dt
import errno
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

from .core import places
from .core.findings import FAULTS, UsageError, UserError, fault

CLEAN, ERRORS, USAGE, UNREADABLE, FAILED = 0, 1, 2, 3, 4
STOPPED, UNHEARD = 130, 141  # as a shell names what Ctrl-C and a closed pipe end
KEPT = 20  # logs
BROUGHT = {  # by extra of pyproject.toml what may be left out of an installation
    "report": ("papermill", "nbformat", "nbconvert", "nbclient", "ipykernel", "IPython", "jinja2", "markupsafe", "docxtpl", "docx", "tqdm"),
    "live": ("voila", "ipywidgets", "itables", "tornado", "jupyter_server", "traitlets", "argon2"),
    "excel": ("xlwings",),
    "cluster": ("distributed",),
}  # fmt: skip
EXTRAS = {name: extra for extra, names in BROUGHT.items() for name in names}


def lacks(extra: str) -> str:
    """In words how to get an extra of which something is not installed; "" where it is all here."""
    return "" if all(map(_here, BROUGHT[extra])) else brings(extra)


def brings(extra: str) -> str:
    """In words how to get an extra."""
    # who has installed by uv has no pip, and who has installed a file of ours finds no such name in a registry
    how = "python -m pip install" if _here("pip") else "uv tool install"
    return f'{how} "kongchuo[{extra}]"（用安装文件装的，kongchuo 换成那个 .whl 文件）'


def _here(module: str) -> bool:
    with suppress(ImportError):
        return find_spec(module) is not None
    return False


class _Log(logging.FileHandler):
    """A file that comes into being with the first fault, and that nobody else may read: tracebacks may hold pupils' data."""

    def __init__(self) -> None:
        folder = places.cache() / "faults"
        super().__init__(folder / f"{dt.datetime.now():%Y%m%d-%H%M%S-%f}-{os.getpid()}.log", "a", "utf-8", delay=True)
        self.setFormatter(logging.Formatter("%(asctime)s %(message)s"))

    def _open(self):
        path = Path(self.baseFilename)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in sorted(path.parent.glob("*.log"))[: -KEPT + 1]:
            old.unlink(missing_ok=True)
        return open(path, "a", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600))

    def emit(self, record: logging.LogRecord) -> None:
        """Nothing is said of a log that cannot be written: the fault itself is."""
        with suppress(OSError):
            super().emit(record)


class _Unheard(BaseException):
    """A stream takes nothing more. No Exception: it is no fault of the one school or paper that was just being told about."""


class _Stream:
    """stdout or stderr, with a failure of its own for what cannot be written."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        return self._try(self.stream.write, text)

    def flush(self) -> None:
        self._try(self.stream.flush)

    def _try(self, call: Callable, *given: str) -> object:
        try:
            return call(*given)
        except OSError as error:
            with suppress(OSError, ValueError):  # else the interpreter tries once more at the end, and says so
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())
            raise _Unheard(error.errno) from error

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)


def guarded(command: Callable[[], int]) -> int:
    """The exit code of a command, whatever becomes of it; raises nothing but SystemExit (wrong usage)."""
    _speak()
    streams, log = (sys.stdout, sys.stderr), _Log()
    sys.stdout, sys.stderr = map(_Stream, streams)
    FAULTS.addHandler(log)
    try:
        code, file = _ended(command), log.baseFilename
        if Path(file).exists():  # a forked part of the work writes to it as well
            say_error(f"程序问题的详细经过记在“{file}”，报告时请一并交给维护人员（其中可能有学生信息，不要外传）。")
        return code
    except _Unheard as error:
        if error.args[0] in (errno.EPIPE, errno.EINVAL):  # who read has enough (`| head`); EINVAL: on Windows
            return UNHEARD
        with suppress(_Unheard):
            say_error(f"无法继续：结果写不出去（{os.strerror(error.args[0] or 0)}），请换一个地方存。")
        return UNREADABLE
    finally:
        sys.stdout, sys.stderr = streams
        FAULTS.removeHandler(log)
        log.close()


def _ended(command: Callable[[], int]) -> int:
    try:
        code = command()
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        say_error("已停止（Ctrl-C）。已经写好的文件都是完整的；没有做完的，再运行一次。")
        return STOPPED
    except Exception as error:
        code, said = _sentence(error)
        say_error(f"无法继续：{said}")
        return code


def _sentence(error: Exception) -> tuple[int, str]:
    """The exit code and the sentence for what ended a command."""
    from .core.declarations import SchemaError  # YAML: a fifth of the time that --help takes

    if isinstance(error, UsageError):
        return USAGE, str(error)
    if isinstance(error, UserError):
        return UNREADABLE, str(error)
    if isinstance(error, SchemaError):
        return UNREADABLE, f"模板定义或参数文件写错了，请改正后再运行。{error}"
    if isinstance(error, MemoryError):
        return UNREADABLE, "内存不够。请关掉别的程序再运行，或者一次只看一所学校。"
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith("kongchuo"):
        extra = EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            return FAILED, f"程序没有装全（缺少 {error.name}），请管理员重新安装。"
        return UNREADABLE, f"这个功能要另外安装（缺少 {error.name}）：{brings(extra)}"
    if isinstance(error, OSError) and error.filename is not None:  # a file of theirs
        if isinstance(error, PermissionError):  # to read or to write: the error does not say which
            return (
                UNREADABLE,
                f"“{_shown(error.filename)}”：没有权限。请换一个有权打开和写入的文件夹，或者请管理员给权限，再运行一次。",
            )
        from .excel import saving

        return UNREADABLE, f"“{error.filename}”：{saving.why(error)}。请看看文件夹还打得开吗，再运行一次。"
    return FAILED, fault("程序出错，没有做完", error)


def _shown(file: object) -> str:
    """A file as its user knows it: what is written beside it for a moment stands for its folder."""
    path = Path(str(file))
    return str(path.parent if path.name.startswith((".~", ".part-")) else path)


def say(line: str) -> None:
    """A line for whoever runs the command, at once; above the bar where one is shown."""
    if _bar:
        _bar.clear()
    print(line, flush=True)
    if _bar:
        _bar.refresh()


_bar = None  # the progress bar that is shown


@contextmanager
def progress() -> Iterator[Callable[[Mapping[str, int]], None]]:
    """A bar below the lines while a batch runs, on a terminal; yields what it is told of the counts (batch.Outcome.counts)."""
    global _bar
    if not sys.stderr.isatty():
        yield lambda counts: None
        return
    from tqdm import tqdm

    form = "{desc}{n_fmt}/{total_fmt} 份 |{bar:30}| 已用 {elapsed}，约还要 {remaining}"
    wide = shutil.get_terminal_size().columns
    with tqdm(total=1, bar_format=form, file=sys.stderr, leave=False, ncols=wide) as bar:

        def show(counts: Mapping[str, int]) -> None:
            bar.total, bar.n = counts["total"], counts["total"] - counts["left"]
            bar.set_description_str(f"失败 {counts['failed']}，" if counts["failed"] else "", refresh=True)

        _bar = bar
        try:
            yield show
        finally:
            _bar = None


def say_error(line: str) -> None:
    """A line on stderr, after what was said before."""
    sys.stdout.flush()
    print(line, file=sys.stderr, flush=True)


def plain_utf8() -> None:
    """JSON is UTF-8 whatever the console is, unless PYTHONIOENCODING says otherwise."""
    if hasattr(sys.stdout, "reconfigure") and not os.environ.get("PYTHONIOENCODING"):
        sys.stdout.reconfigure(encoding="utf-8")


def _speak() -> None:
    """Streams that can write Chinese: in the console's own encoding where that has it (what reads a pipe on a Chinese Windows
    expects it), else in UTF-8. A stream that is closed swallows what is said, and its number is not given to a workbook.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - as long as the process
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            try:
                "控辍保学".encode(stream.encoding)
                stream.reconfigure(errors="replace")
            except UnicodeEncodeError:
                stream.reconfigure(encoding="utf-8", errors="replace")
