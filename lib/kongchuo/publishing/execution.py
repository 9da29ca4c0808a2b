"""A notebook run in a process of its own: which notebooks there are, what success is, and why a run failed."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from ..core import years
from ..core.findings import UserError
from ..core.places import CACHE, FILES, HOME, SCRATCH, SUMMARY

# --- One run of one notebook by Papermill in a process of its own, and the verdict whether it really succeeded ------
# Papermill marks cells "completed" when the kernel dies or never starts, so success is never read off its marks: a run is done
# only if nothing was raised, every code cell was executed and the notebook's last word (its summary) is there.
OVER = 124  # exit code of a process that ended itself, as its cell took no notice of the limit (timeout(1) has it, too)
LARGEST = 50_000_000  # bytes of an executed notebook; more is a report that prints without end

# What a kernel may see of our environment: enough to run, nothing that holds a secret
KEPT = [
    HOME, CACHE, "PATH", "HOME", "USER", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP",
    "TMP", "PYTHONPATH", "VIRTUAL_ENV", "XDG_CACHE_HOME", "MPLCONFIGDIR", "SYSTEMROOT", "SYSTEMDRIVE",
    "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA",
    "NUMBER_OF_PROCESSORS"
]  # fmt: skip

# no file of what was executed, no word on the interrupt before its end, tracebacks as plain text
KERNEL_CONFIG = (
    "c.HistoryManager.enabled = False\nc.IPKernelApp.log_level = 50\nc.InteractiveShell.colors = 'nocolor'\n"
)
SOCKET_PATH = 103  # bytes of the path of a unix socket that Linux and macOS both take
GIVEN = "workbooks"  # the notebook's parameter that the batch itself fills: the snapshot
FAULT = "程序故障"  # begins every reason that is our bug or the machine's, not the office's data

# Errors of the machinery, in words for the office
FAULTS = {
    "DeadKernelError": "计算中途意外中断，可能是内存不足，请关闭其他程序后重试",
    "MemoryError": "内存不够，没有算完，请关闭其他程序后重试",
    "CellTimeoutError": "计算超过{limits.cell}秒没有结束，已停止",
    "TimeoutExpired": "整份报告超过{limits.run}秒没有完成，已停止",
    "NoSuchKernel": "计算程序没有装好，请管理员重新安装",
    "RuntimeError": "计算内核没有启动，请稍后重试",
}


@dataclass(frozen=True)
class Limits:
    """Seconds allowed: to start the kernel, for one cell, for the whole run; bytes of memory beyond what a run begins with."""

    start: int = 120
    cell: int = 300
    run: int = 900
    memory: int = 4 << 30


@dataclass(frozen=True)
class Verdict:
    """`notebook` is the executed notebook as JSON text and `summary` its last word; `reason` is empty when all went well."""

    notebook: str = ""
    summary: dict[str, object] | None = None
    reason: str = ""
    log: str = ""


def environment(scratch: Path, **more: str) -> dict[str, str]:
    """The environment of a kernel: clean, without IPython history, connection files in `scratch`, charts without a screen."""
    profile = scratch / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text(KERNEL_CONFIG, encoding="utf-8")
    return {key: os.environ[key] for key in KEPT if key in os.environ} | {
        "IPYTHONDIR": str(scratch / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this environment, not one of the same name in the home folder
        "MPLBACKEND": "agg",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # a debugger nobody uses warns about frozen modules
        "PYTHONUTF8": "1",
        **more,
    }


def transport(socket: Path) -> dict[str, str]:
    """How a kernel is spoken to, so that no other account of the machine listens (settings of KernelManager).

    Through unix sockets in a folder that only we may enter (`socket` is the longest of their paths); on Windows, and where
    the path is too long for one, through ports of loopback, encrypted with a key that stands in a file of ours.
    """
    if os.name == "nt" or len(os.fsencode(socket)) > SOCKET_PATH:
        return {"transport_encryption": "required"}
    return {"transport": "ipc"}


def hide_grammar() -> None:
    """Spare a second at each start: jsonschema builds a large grammar for one optional check (iri) that nothing here uses.

    It takes the import error as "not installed", so this must come before the first import of nbformat or papermill.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def execute(notebook: Path, output: Path, parameters: dict[str, str], limits: Limits, **own: str) -> Verdict:
    """Execute the notebook with these parameters in a new process; `output` is a scratch path in a folder of its own.

    The folder above it is shared by the runs of one batch and goes with it: what they all need, such as the judged
    township, the first of them may leave there (KONGCHUO_SCRATCH). Files that belong to the page lie in `left_by`. `own` goes into
    the environment of the process.
    Never raises for what goes wrong inside: the verdict says it in Chinese, the log holds the traceback.
    """
    command = [sys.executable, "-m", "kongchuo.publishing.execution"]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(job(notebook, output, parameters, limits)),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            cwd=output.parent,
            env=environment(output.parent, **{SCRATCH: str(output.parents[1]), FILES: str(left_by(output))}, **own),
            timeout=limits.run,
        )
    except subprocess.TimeoutExpired:
        return Verdict(reason=FAULTS["TimeoutExpired"].format(limits=limits))
    try:
        error = json.loads(done.stdout.strip().rpartition("\n")[2])
    except ValueError:
        error = {"type": f"exit {done.returncode}"}
    return judge(output, error, done.stderr, limits)


class Stock:
    """How a batch has its runs executed where nothing better can be had: each by `execute`, a process and a kernel of its own."""

    width = 0  # runs that it can take beyond what this machine does at a time

    def __init__(self, limits: Limits, **own: str):
        self._limits, self._own = limits, own

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def stop(self) -> None:
        """Nothing is to be told to the runs: Ctrl-C reaches them as well."""

    def open(self, notebook: Path, scratch: Path, parameters: Mapping[str, str], runs: int) -> None:
        """Nothing can be made ready: the runs share nothing."""

    def execute(self, notebook: Path, output: Path, parameters: Mapping[str, str]) -> Verdict:
        """See the module's function."""
        return execute(notebook, output, dict(parameters), self._limits, **self._own)


def job(notebook: Path, output: Path, parameters: Mapping[str, str], limits: Limits) -> dict[str, object]:
    """What `work` needs, as plain values."""
    paths = {"input": _unformatted(notebook), "output": _unformatted(output)}
    return {**paths, "parameters": dict(parameters), **asdict(limits)}


def left_by(output: Path) -> Path:
    """Where the run of an output leaves files besides its page: a folder called as they will lie beside the page."""
    return output.parent / output.parent.name


def judge(output: Path, error: dict[str, str], log: str, limits: Limits) -> Verdict:
    """The verdict on what lies at `output`, given the error the worker reported ({} for none)."""
    if error.get("type") == "UserError":
        return Verdict(reason=error["message"], log=log)
    if error.get("type"):
        known = FAULTS.get(error["type"])
        return Verdict(reason=known.format(limits=limits) if known else f"{FAULT}（{error['type']}）", log=log)
    if output.stat().st_size > LARGEST:
        return Verdict(reason=f"{FAULT}（输出过大）", log=log)
    text = output.read_text("utf-8")
    cells = [
        cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code" and "".join(cell["source"]).strip()
    ]
    if any(cell["execution_count"] is None for cell in cells):
        return Verdict(reason=f"{FAULT}（没有算完就结束了）", log=log)
    said = [out["data"][SUMMARY] for cell in cells for out in cell["outputs"] if SUMMARY in out.get("data", {})]
    if not said:
        return Verdict(reason=f"{FAULT}（报告不完整，缺少末尾的汇总）", log=log)
    return Verdict(text, said[-1], "", log)


def _unformatted(path: Path) -> str:
    """Papermill fills {braces} in a path with parameters; a folder may have braces in its name."""
    return str(path).replace("{", "{{").replace("}", "}}")


def work(job: dict, engine: str = "nbclient") -> dict[str, str]:
    """In the worker: run Papermill; returns {} or what was raised. The traceback goes to stderr."""
    import traceback

    hide_grammar()
    import papermill

    try:
        limit_memory(job["memory"])
        papermill.execute_notebook(
            job["input"],
            job["output"],
            job["parameters"],
            engine_name=engine,
            kernel_name="python3",
            progress_bar=False,
            request_save_on_cell_execute=False,  # it would leave a file that claims "completed" when the kernel dies
            start_timeout=job["start"],
            execution_timeout=job["cell"],
            **({"config": _kernel()} if engine == "nbclient" else {}),
        )
    except papermill.PapermillExecutionError as error:
        print("\n".join(error.traceback), file=sys.stderr)
        return {"type": error.ename, "message": error.evalue}
    except Exception as error:
        traceback.print_exc()
        return {"type": type(error).__name__, "message": str(error)}
    return {}


def _kernel() -> object:
    """How the kernel is spoken to: in the working directory, which is this run's own, and by a relative path, as the whole one may
    be too long.
    """
    from traitlets.config import Config

    held = transport(Path("kernel-0"))
    return Config(KernelManager=held | ({"ip": "kernel"} if held.get("transport") == "ipc" else {}))


def limit_memory(more: int) -> None:
    """Let this process, and those it starts, take so many bytes more than now; where the system has no such limit, nothing."""
    if sys.platform == "linux":
        import resource

        most = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + more
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    print("\n" + json.dumps(work(json.load(sys.stdin))))


# --- What a notebook says of itself: its title, its parameters, the kind of period it is for ------------------------
def title(notebook: Path) -> str:
    """The notebook's first heading; its name where it cannot be read or has none."""
    try:
        texts = (source for kind, source, _ in _cells(notebook) if kind == "markdown")
    except UserError:
        return notebook.stem
    return next((text.splitlines()[0].lstrip("# ") for text in texts if text.strip()), notebook.stem)


def parameters(notebook: Path) -> tuple[str, ...]:
    """The names assigned in the notebook's cell tagged `parameters`; raises UserError when it has none or is no notebook."""
    for _, source, tags in _cells(notebook):
        if "parameters" in tags:
            try:
                lines = [line for line in ast.parse(source).body if isinstance(line, ast.Assign)]
            except (SyntaxError, ValueError) as error:
                raise UserError(
                    f"笔记本“{notebook.name}”的 parameters 单元格不是完整的 Python 赋值语句，请改正"
                ) from error
            return tuple(target.id for line in lines for target in line.targets if isinstance(target, ast.Name))
    raise UserError(f"笔记本“{notebook.name}”没有标记为 parameters 的单元格")


def shown(notebook: Path) -> tuple[str, ...]:
    """The methods of its report that a notebook calls, one a cell and the footer last, where it does nothing else: opens the report
    of its own name with its parameters, then calls. () for any other notebook, of which nobody knows what its page depends on.
    """
    given, found = set(parameters(notebook)), []
    for kind, source, tags in _cells(notebook):
        try:
            lines = ast.parse(source).body if kind == "code" else []
        except (SyntaxError, ValueError):
            return ()
        for line in lines:
            match line:
                case ast.Assign(targets=[ast.Name()], value=ast.Constant()) if "parameters" in tags:
                    pass
                case ast.Import(names=[ast.alias(name="kongchuo", asname=None)]):
                    pass
                case ast.Assign(
                    targets=[ast.Name("report")],
                    value=ast.Call(ast.Attribute(ast.Name("kongchuo"), notebook.stem), args, []),
                ) if {getattr(one, "id", "") for one in args} == given:
                    pass
                case ast.Expr(ast.Call(ast.Attribute(ast.Name("report"), name), [], [])) if len(lines) == 1:
                    found.append(name)
                case _:
                    return ()
    return tuple(found) if found[-1:] == ["footer"] else ()


def kind(names: tuple[str, ...]) -> str:
    """Which of these parameters names the period (a key of years.KINDS); "" where none does."""
    return next((name for name in years.KINDS if name in names), "")


def _cells(notebook: Path) -> list[tuple[str, str, list[str]]]:
    """(kind, source, tags) of each cell; raises UserError for a file that is no notebook."""
    try:
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
        return [(cell["cell_type"], "".join(cell["source"]), [*cell["metadata"].get("tags", ())]) for cell in cells]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f"“{notebook.name}”打不开：它是空的，或不是笔记本。请换成完整的一份，或移出 notebooks 文件夹"
        ) from error
