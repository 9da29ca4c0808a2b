"""What a live page shows for a choice of its drop-downs, kept as files: it was made before anybody asked, and is shown at once.

A process that has read and judged the books leaves it for the kernels forked from it (site.forking), in a folder that only this
state of the books has. Where nothing is kept, a kernel works it out; the kernel of a school, which has no row of any workbook,
asks the site for it (`ask`).
"""

import json
import os
import pickle
import socket
from collections.abc import Mapping
from pathlib import Path

from ..core import places
from ..core.findings import UserError
from ..excel import parse_cache
from .live import Shown


def folder() -> Path | None:
    """Where it is kept; None where nobody keeps anything."""
    return Path(os.environ[places.KEPT]) if os.environ.get(places.KEPT) else None


def keep(module: str, edition: str, shown: Shown) -> None:
    """Keep it for kernels (by what is chosen) and for the server (by address: the sections alone, as HTML)."""
    marked = "".join(f'<div data-kc-at="{name}">{html}</div>\n' for name, html in shown.pages.items())
    parse_cache.write(places.kept(folder(), module, edition, shown.address), marked.encode())
    chosen = {label: chosen for label, (_, chosen) in shown.choices.items()}
    parse_cache.write(_chosen(module, edition, chosen), pickle.dumps(shown))


def kept(module: str, edition: str, values: Mapping[str, object]) -> Shown | None:
    """What is kept of a choice, by label; None where nothing is."""
    path = folder() and _chosen(module, edition, values)
    return pickle.loads(path.read_bytes()) if path and path.is_file() else None


def ask(verb: str, address: str, values: Mapping[str, object] | None = None) -> Shown:
    """What the site shows of an address of a report, or of the choice that was made on it. Raises UserError where it does not."""
    where, _, ticket = os.environ[places.ASK].rpartition("|")
    with socket.socket(socket.AF_UNIX) as line, line.makefile() as answers:
        line.connect(where)
        line.sendall(
            json.dumps({"ticket": ticket, "verb": verb, "address": address, "values": values}).encode() + b"\n"
        )
        said = json.loads(answers.readline() or "{}")
    if not said.get("file"):
        raise UserError(said.get("says") or "没有算出来，请重新载入本页；还是这样，请联系管理员。")
    path = Path(said["file"])
    found = pickle.loads(path.read_bytes())
    path.unlink()
    return found


def _chosen(module: str, edition: str, values: Mapping[str, object]) -> Path:
    return places.kept(folder(), module, edition, *(f"{label}={value}" for label, value in values.items()))
