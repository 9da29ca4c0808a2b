"""The runs of a batch on a Dask cluster that is there already (extra `cluster`): `kongchuo run … --scheduler tcp://…`.

Each worker keeps one process that has read and judged the books (prepared.py) and forks it for each run. It reads the snapshot where
the batch has it if it sees the same files there; else it gets it once, with all else a run needs. Who does which run, and what
becomes of those of a worker that is gone, is Dask's affair; what a run has made comes back and is published by the batch, as any other.
"""

import hashlib
import io
import json
import logging
import shutil
import socket
import tarfile
import threading
import traceback
import uuid
import warnings
from collections.abc import Mapping
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from ..core.findings import UserError
from ..core.places import EARLIER, HOME, MARK, NAMES, PACKAGE, PARAMETERS, POLICY, office
from . import archive, execution, forks, prepared, press, unchanged

PATIENCE = 10  # seconds to wait for the scheduler, and after which somebody looks whether there is a worker at all
QUEUED = 4  # runs handed over for each thread of a worker, so that none waits for us
LOST = "集群没有做完这一份：{}。请看看各台机器，再运行一次"


@cache
def program() -> str:
    """What must be the same on each machine, or pages would differ: the package, what it ships, the libraries."""
    inside = (path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc")
    shipped = (POLICY, *(PARAMETERS / "papers").glob("*.docx"))
    return f"{unchanged.versions()} {archive.fingerprint(inside, PACKAGE)} {archive.fingerprint(shipped, PARAMETERS)}"


@dataclass(frozen=True)
class Order:
    """What the runs of one notebook and period have in common. Paths are the batch's, `parameters` those of a run."""

    batch: str
    engine: str
    limits: execution.Limits
    notebook: str
    scratch: str
    parameters: dict[str, str]
    runs: int
    digest: str  # of what is sent


# --- The batch's side ---------------------------------------------------------------------------------------------------
class Cluster:
    """An engine of a batch, as prepared.Prepared. Raises UserError where the scheduler does not answer."""

    def __init__(self, address: str, engine: str, limits: execution.Limits):
        from distributed import Client  # which is no part of every installation

        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what it says of itself, says the verdict
        self._engine, self._limits, self._batch, self._lock = engine, limits, uuid.uuid4().hex, threading.Lock()
        self._jobs, self._over, self.width = set(), False, 1
        try:
            where = urlsplit(address if "://" in address else f"tcp://{address}")
            socket.create_connection(
                (where.hostname, where.port), PATIENCE
            ).close()  # a Client that finds nobody writes a traceback
            self._client = Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise UserError(f"连不上集群“{address}”，请核对 --scheduler，看看调度程序在不在运行") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._client.close()

    def stop(self) -> None:
        """End all runs; whoever waits for one is told so."""
        self._over = True
        with suppress(Exception):  # it may be gone; the workers let go by themselves in time
            self._client.cancel(list(self._jobs), force=True)
            self._client.run(_let_go, self._batch, on_error="ignore")

    def open(self, notebook: Path, scratch: Path, parameters: Mapping[str, str], runs: int) -> None:
        """Look who is there and what they see, and make ready what they get. Raises UserError where nobody can do it."""
        folders = _snapshots(scratch, parameters)
        found = self._client.run(_looked, folders, on_error="return")
        if not found:
            raise UserError("集群里没有工作进程，请先在各台机器上运行 dask worker")
        other = [address for address, said in found.items() if isinstance(said, Exception) or said[0] != program()]
        if other:
            raise UserError(f"集群里的 {'、'.join(other)} 没有装本程序，或者版本和这里的不一样，请装成一样的")
        seen = set.intersection(*(said[1] for said in found.values()))
        packed = _packed(notebook, scratch, [path for path in folders if path not in seen])
        digest = hashlib.sha256(packed).hexdigest()
        self._order = Order(
            self._batch, self._engine, self._limits, str(notebook), str(scratch), dict(parameters), runs, digest
        )
        self.width = QUEUED * sum(self._client.nthreads().values())
        with warnings.catch_warnings(action="ignore"):  # that it is large: it is sent once, and once more if it is lost
            self._sent = self._client.submit(bytes, packed, key=f"kongchuo-{digest}-{self._batch}")

    def execute(self, notebook: Path, output: Path, parameters: Mapping[str, str]) -> execution.Verdict:
        """As execution.execute, on a worker; what the run has left lies here afterwards as if it had been executed here."""
        from distributed import KilledWorker

        job = self._client.submit(_run, self._order, self._sent, output.parent.name, dict(parameters), pure=False)
        self._jobs.add(job)
        try:
            verdict, left = self._result(job)
        except CancelledError:
            return execution.Verdict(reason="已停止" if self._over else LOST.format("调度程序不见了"))
        except KilledWorker:
            return execution.Verdict(reason=LOST.format("做它的工作进程几次都意外中断了"))
        finally:
            self._jobs.discard(job)
        with self._lock:
            for name, content in left.items():
                path = output.parents[1] / name
                path.parent.mkdir(parents=True, exist_ok=True)
                archive.write_whole(path, content)  # the gate may be reading: names are told by every run
        return verdict

    def _result(self, job: object) -> tuple[execution.Verdict, dict[str, bytes]]:
        while True:
            try:
                return job.result(timeout=PATIENCE)
            except TimeoutError:
                if not self._client.nthreads():
                    return execution.Verdict(reason=LOST.format("一个工作进程也没有了")), {}


def _earlier(scratch: Path) -> list[str]:
    """The older snapshot that a batch has named, and its day; empty where it has none."""
    path = scratch / EARLIER
    return json.loads(path.read_text("utf-8")) if path.is_file() else []


def _snapshots(scratch: Path, parameters: Mapping[str, str]) -> list[str]:
    return [parameters[execution.GIVEN], *_earlier(scratch)[:1]]


def _packed(notebook: Path, scratch: Path, folders: list[str]) -> bytes:
    """What a run needs: the notebook, the scratch folder as it is, what the office changes, the snapshots that are not seen."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        tar.add(scratch, "scratch")
        tar.add(notebook, f"notebook/{notebook.name}")
        for name in (MARK, PARAMETERS.name) if (home := office()) else ():
            if (home / name).exists():
                tar.add(home / name, f"office/{name}")
        for folder in folders:
            tar.add(folder, f"snapshots/{Path(folder).name}")
    return content.getvalue()


# --- A worker's side ----------------------------------------------------------------------------------------------------
def _looked(folders: list[str]) -> tuple[str, set[str]]:
    """Which program this worker has, and which snapshots it sees as they were taken: the name of each stands for its content."""
    return program(), {folder for folder in folders if _same(Path(folder))}


def _same(folder: Path) -> bool:
    return folder.is_dir() and archive.state(folder) == folder.name


class Held:
    """What a worker holds for a batch: a folder, the process that has read and judged the books, the orders unpacked."""

    def __init__(self):
        self.folder, self.lock = archive.scratch(), threading.Lock()
        self.orders: dict[str, tuple[Path, dict[str, str]]] = {}
        self.engine: prepared.Engine | None = None
        self.timer: threading.Timer | None = None

    def touch(self, order: Order) -> None:
        """Let go of all this when no run can be going on any more: the batch was killed."""
        if self.timer:
            self.timer.cancel()
        self.timer = threading.Timer((prepared.PATIENCE + 1) * order.limits.run, _let_go, [order.batch])
        self.timer.daemon = True
        self.timer.start()

    def unpacked(self, order: Order, packed: bytes) -> tuple[Path, dict[str, str]]:
        """The folder of an order here, and each path of the batch's that is another here. Raises UserError for what is not there."""
        with self.lock:
            self.touch(order)
            if order.digest not in self.orders:
                self.orders[order.digest] = self._unpack(order, packed)
            return self.orders[order.digest]

    def _unpack(self, order: Order, packed: bytes) -> tuple[Path, dict[str, str]]:
        root = Path(self.folder.name) / order.digest[:12]
        with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
            tar.extractall(root, filter="data")
        here = root / "scratch"
        paths = {order.scratch: str(here), order.notebook: str(root / "notebook" / Path(order.notebook).name)}
        for text in _snapshots(here, order.parameters):
            sent = root / "snapshots" / Path(text).name
            paths |= {text: str(sent)} if sent.exists() else {}
            if not _same(Path(paths.get(text, text))):
                raise UserError(f"集群里有工作进程看不到“{text}”，或者看到的不是同样的文件，请再运行一次")
        if earlier := _earlier(here):
            (here / EARLIER).write_text(json.dumps([paths.get(earlier[0], earlier[0]), *earlier[1:]]), "utf-8")
        if not self.engine:
            stock = order.engine == "nbclient" or not forks.possible()
            own = str(root / "office") if (root / "office").exists() else ""
            self.engine = (execution.Stock if stock else prepared.Prepared)(order.limits, **{HOME: own})
        parameters = {name: paths.get(text, text) for name, text in order.parameters.items()}
        self.engine.open(Path(paths[order.notebook]), here, parameters, order.runs)
        return here, paths


_HELD: dict[str, Held] = {}  # by batch
_LOCK = threading.Lock()


def _let_go(batch: str) -> None:
    """End what is held for a batch, and remove it: pupils stand in it."""
    with _LOCK:
        held = _HELD.pop(batch, None)
    if held:
        with held.lock:
            if held.timer:
                held.timer.cancel()
            if held.engine:
                held.engine.stop()
            held.folder.cleanup()


def _run(
    order: Order, packed: bytes, stem: str, parameters: dict[str, str]
) -> tuple[execution.Verdict, dict[str, bytes]]:
    """One run on this worker: its verdict, in which paths are the batch's, and what it has left, by path in the scratch folder.

    What goes wrong is in the verdict: an exception might not arrive.
    """
    try:
        return _done(order, packed, stem, parameters)
    except UserError as error:
        return execution.Verdict(reason=str(error)), {}
    except Exception as error:
        return execution.Verdict(reason=f"{execution.FAULT}（{type(error).__name__}）", log=traceback.format_exc()), {}


def _done(
    order: Order, packed: bytes, stem: str, parameters: dict[str, str]
) -> tuple[execution.Verdict, dict[str, bytes]]:
    with _LOCK:
        if order.batch not in _HELD:
            _HELD[order.batch] = Held()
        held = _HELD[order.batch]
    here, paths = held.unpacked(order, packed)
    output = here / stem / press.OUTPUT
    shutil.rmtree(output.parent, ignore_errors=True)
    output.parent.mkdir()
    given = {name: paths.get(text, text) for name, text in parameters.items()}
    verdict = held.engine.execute(Path(paths[order.notebook]), output, given)
    files = (path for path in execution.left_by(output).rglob("*") if path.is_file())
    left = {path.relative_to(here).as_posix(): path.read_bytes() for path in (*here.glob(NAMES), *files)}
    shutil.rmtree(output.parent, ignore_errors=True)
    return replace(
        verdict, **{name: _told(getattr(verdict, name), paths) for name in ("notebook", "reason", "log")}
    ), left


def _told(text: str, paths: Mapping[str, str]) -> str:
    """A text of this machine with the batch's paths, as if it had been written there."""
    for ours, here in paths.items():
        text = text.replace(json.dumps(here, ensure_ascii=False)[1:-1], json.dumps(ours, ensure_ascii=False)[1:-1])
    return text
