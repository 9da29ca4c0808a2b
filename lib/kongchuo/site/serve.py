"""Voila's own server with our settings in front of our handlers, and what starts it: nothing of this machine's configuration counts.

On loopback without accounts, unless the office has some (door, rights). Nothing is served but pages named in a manifest, the built
pages of the handbook, Voila's own scripts and our notebooks' outputs: no other file, no folder list, no code. Not one request leaves.
"""

import logging
import mimetypes
import os
import shutil
import uuid
import webbrowser
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from ..core import places
from ..core.editions import blotted
from ..core.findings import UserError
from ..core.places import NOTEBOOKS, OUT, TEMPLATES, WORKBOOKS
from ..publishing import archive, indexes
from ..publishing.execution import environment, hide_grammar, transport

hide_grammar()

import jinja2  # noqa: E402
from jupyter_server.base.handlers import FileFindHandler  # noqa: E402
from jupyter_server.services.kernels.handlers import KernelHandler  # noqa: E402
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler  # noqa: E402
from jupyterlab_server.themes_handler import ThemesHandler  # noqa: E402
from tornado.ioloop import IOLoop  # noqa: E402
from tornado.websocket import WebSocketClosedError  # noqa: E402
from traitlets.config import Config  # noqa: E402
from voila import notebook_renderer  # noqa: E402
from voila.app import Voila  # noqa: E402
from voila.exporter import VoilaExporter  # noqa: E402
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler  # noqa: E402
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler  # noqa: E402
from voila.tornado.handler import TornadoVoilaHandler  # noqa: E402
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler  # noqa: E402

from . import audit, jobs, kernels  # noqa: E402
from .answering import Answers  # noqa: E402
from .archived import Archived, Compared, Handbook, Home, Missing, Printed, Returned  # noqa: E402
from .folder_state import Books  # noqa: E402
from .guard import Guard, OfKernel, OfScript  # noqa: E402
from .identity import NAMED, VOUCHED, Audited  # noqa: E402
from .kernels import Connection, Executor, Kernels  # noqa: E402
from .landing import Landing, Work, shown  # noqa: E402
from .listening import SECRET, Door, free  # noqa: E402
from .live_pages import Live, Now, others  # noqa: E402
from .scripts import SCRIPTS, Bundle, Script, WidgetScript  # noqa: E402

IDLE_SECONDS = 120  # a connection that asks for nothing more
WIDGETS = ["@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget"]
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)


def _guarded(guard: type[Guard], handler: type) -> type:
    """A handler of somebody else with a guard of ours before it."""
    return type(handler.__name__, (guard, handler), {})


STOCK = {  # what there is of Jupyter's and Voila's own handlers, and what stands for each; any other is not there
    KernelHandler: _guarded(OfKernel, KernelHandler),
    # Voila's own takes every answer in bytes for the protocol that is not spoken here (kernels.Connection)
    VoilaKernelWebsocketHandler: _guarded(OfKernel, KernelWebsocketHandler),
    VoilaShutdownKernelHandler: _guarded(OfKernel, VoilaShutdownKernelHandler),
    MultiStaticFileHandler: _guarded(OfScript, MultiStaticFileHandler),
    ThemesHandler: _guarded(OfScript, ThemesHandler),
    FileFindHandler: WidgetScript,
}


class Compiled(jinja2.BytecodeCache):
    """Templates compiled once: Voila would compile its own for each visitor."""

    held: dict[str, bytes] = {}  # noqa: RUF012 - for all

    def load_bytecode(self, bucket):
        """What was kept under the key of the template and its source."""
        if bucket.key in self.held:
            bucket.bytecode_from_string(self.held[bucket.key])

    def dump_bytecode(self, bucket):
        """Keep it."""
        self.held[bucket.key] = bucket.bytecode_to_string()


class Exporter(VoilaExporter):
    """Voila's, with its templates kept."""

    def _create_environment(self):
        made = super()._create_environment()
        made.bytecode_cache = Compiled()
        return made


class App(Voila):
    """Voila with our pages in front, our settings only, and nothing that hands out files."""

    name = "voila"

    def __init__(self, ours: dict[str, Path], kernel_env: dict[str, str], scratch: Path, door: Door, **more):
        super().__init__(**more)
        self.ours, self.kernel_env, self.door, self.accounts = ours, kernel_env, door, door.accounts
        self.books = Books(ours["shared"], ours["out"], scratch, kernel_env)
        self.jobs = jobs.Jobs(ours["shared"], ours["out"])
        self.answers = Answers(self.books, scratch)

    def load_config_file(self, *_args, **_more):
        """Nothing: no configuration file of this machine changes what is decided here."""

    def init_settings(self):
        """Voila's settings, our folders, the names of this host (see Guard), and nothing for whom nobody knows."""
        return (
            super().init_settings()
            | self.ours
            | {
                "hosts": self.door.names,
                "books": self.books,
                "jobs": self.jobs,
                "answers": self.answers,
                "audit": audit.Audit(self.accounts and self.accounts.folder),
                "allow_unauthenticated_access": False,
                "xsrf_cookie_kwargs": {"samesite": "Strict", "secure": self.door.encrypted},
                "compress_response": True,
            }
        )

    async def prepare(self):
        """Have the books read, and the pages made that are looked at most: of the month that the landing page begins with."""
        parent = await self.books.parent()
        shelves, _, _ = shown(self.ours["shared"], self.ours["out"], self.ours["notebooks"])
        if parent and (shelf := indexes.latest_of(shelves)):
            asked = {"school": places.ALL, shelf.period.kind: shelf.period.key}
            parent.open(shelf.notebook, asked)
            following = others(self.ours["shared"], shelf.period, asked)
            parent.make(shelf.notebook, [one for one in following if one.get(shelf.period.kind) == shelf.period.key])

    def init_handlers(self):
        """Our pages first, then what the live page needs of Voila, then nothing."""
        stock = super().init_handlers()
        render = next(spec for spec in stock if spec[1] is TornadoVoilaHandler)
        mine = [
            (r"(?i).*(\.\.|%2e|%2f|%5c|\\).*", Missing),  # no page of ours has a way out of its folder in its address
            (r"/", Landing),
            (r"/r/index\.html", Home),
            (r"/r/([\d-]{7,13})/(\w+)/((?:[^/\\]+/)?[^/\\]+\.(?:html|docx|xlsx))", Archived),
            (r"/r/returns/((?:[\d-]{9}/)?[^/\\]+/[^/\\]+\.xlsx)", Returned),
            (rf"/r/{places.PAPERS}/([\d-]{{7}}/[^/\\]+/[^/\\]+\.(?:html|docx|xlsx))", Printed),
            (rf"/r/{jobs.LISTS}/{quote(jobs.COMPARED)}", Compared),
            (r"/handbook/([^/\\]+)\.html", Handbook),
            (r"/live/(\w+)", Live, render[2]),
            (r"/live/scripts/(\w+)\.js", Bundle),
            (r"/books", Now),
            (r"/audit", Audited),
            (r"/jobs/(\w*)", Work),
            (r"/voila/templates/(kongchuo/static/.+)", _guarded(OfScript, TemplateStaticFileHandler)),
            (rf"{SCRIPTS}/(.+)", Script, {"paths": self.static_paths}),
            *((pattern, handler) for pattern, handler, *_ in self.identity_provider.get_handlers()),
        ]
        kept = [(pattern, STOCK[handler], *more) for pattern, handler, *more in stock if handler in STOCK]
        return [*mine, *kept, (r".*", Missing)]

    def listen(self):
        """Listen where the door is, and to no request larger than a form, until Ctrl-C."""
        door, plain = self.door, self.app.listen
        more = {"ssl_options": door.tls, "xheaders": door.behind_proxy, "max_body_size": 1 << 20}
        self.app.listen = lambda port, address: plain(port, address, **more, idle_connection_timeout=IDLE_SECONDS)
        super().listen()


class Masked(logging.Formatter):
    """Log lines without anything that could be an identity number, tracebacks included."""

    def format(self, record):
        """One record."""
        return blotted(super().format(record))


def settings(port: int, notebooks: Path, scratch: Path, door: Door) -> Config:
    """Voila's settings, each for a reason: what a link could abuse is off, what could run for ever has an end."""
    longest = scratch / "voila_12345678" / f"kernel-{uuid.uuid4()}-ipc-10"  # as Jupyter names a kernel's sockets
    headers = {"Content-Security-Policy": POLICY, "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin"}
    return Config(
        Voila={
            "ip": door.address,
            "port": port,
            "port_retries": 0,  # otherwise a busy port silently becomes another one
            "open_browser": False,  # its opening page asks a CDN for a font
            "root_dir": str(notebooks),
            "connection_dir_root": str(scratch),
            "kernel_websocket_connection_class": Connection,
            "identity_provider_class": door.identity,
            "tornado_settings": {"headers": headers, "websocket_max_message_size": 1 << 20},
            "log_level": "ERROR",
        },
        VoilaConfiguration={
            "template": "kongchuo",
            "allow_template_override": "NO",  # ?template= never ends, ?theme= runs a script
            "allow_theme_override": "NO",
            "file_allowlist": [],
            "show_tracebacks": False,
            "extension_allowlist": WIDGETS,
            "extension_denylist": [],
            "page_config_hook": lambda page, **_more: page | {"fullStaticUrl": SCRIPTS},
            "multi_kernel_manager_class": Kernels,
        },
        # without them both may take for ever
        VoilaExecutor={"timeout": kernels.CELL_SECONDS, "startup_timeout": kernels.START_SECONDS},
        Kernels={
            "cull_idle_timeout": 600,
            "cull_interval": kernels.CULL_SECONDS,
            "cull_connected": True,
            "cull_busy": True,
        },
        KernelManager=transport(longest),
        ByPassword={
            "cookie_options": {"samesite": "Strict", "expires_days": None},
            "secure_cookie": door.encrypted,
        },
        KernelProvisionerFactory={"default_provisioner_name": kernels.PROVISIONER.name},
        KernelRestarter={"restart_limit": 0},  # a dead kernel has lost its page; a new one would only take its place
    )


def serve(
    workbooks: Path,
    out: Path,
    port: int = 8866,
    *,
    open_browser: bool = False,
    notebooks: Path | None = None,
    door: Door = Door(),  # noqa: B008 - it never changes
    say: Callable[[str], None] = print,
) -> None:
    """Serve until Ctrl-C: archived pages of `out`, live pages on the shared folder `workbooks`; to whom the door lets in.

    Raises UserError when the port is taken or the shared folder is not there.
    """
    if not workbooks.is_dir():
        raise UserError(f"找不到共享文件夹“{workbooks}”，请用 --workbooks 指定")
    free(door, port)
    os.environ["JUPYTER_PATH"] = str(TEMPLATES)  # where Voila finds our template; kernels do not see it
    notebook_renderer.VoilaExecutor = Executor  # Voila has no setting for it, nor for the other
    notebook_renderer.VoilaExporter = Exporter
    mimetypes.add_type("text/javascript", ".js")  # on some Windows the registry calls them plain text,
    mimetypes.add_type("text/css", ".css")  # which no browser executes
    with archive.scratch() as scratch:
        held = notebooks or _notebooks(Path(scratch))
        ours = {"shared": workbooks.resolve(), "out": out.resolve(), "notebooks": held.resolve()}
        kernel_env = environment(Path(scratch), **{WORKBOOKS: str(ours["shared"]), OUT: str(ours["out"])})
        config = settings(port, ours["notebooks"], Path(scratch), door)
        app = App(ours, kernel_env, Path(scratch), door, config=config)
        app.initialize([])
        logging.basicConfig(level=logging.ERROR)  # refused requests are no news; errors are
        for handler in (*app.log.handlers, *logging.root.handlers):
            handler.setFormatter(Masked("%(asctime)s %(levelname)s %(message)s"))
            handler.addFilter(_unexpected)
        address = door.url(port)
        say(f"报告网页：{address}　按 Ctrl-C 结束")
        if door.secret:
            say(f"代理要在 {VOUCHED} 里带上“{door.accounts.folder / SECRET}”里的那一行，在 {NAMED} 里写账号。")
        if open_browser:
            webbrowser.open(address)
        IOLoop.current().add_callback(app.prepare)
        try:
            app.start()
        finally:
            app.books.end()
            app.jobs.end()


def _notebooks(scratch: Path) -> Path:
    """The folder of notebooks: in an office the package's and its own in one, of the same name its own; as they are now."""
    home = places.office()
    if not home or not any((home / "notebooks").glob("*.ipynb")):
        return NOTEBOOKS
    (scratch / "notebooks").mkdir()
    for folder in (NOTEBOOKS, home / "notebooks"):
        for path in folder.glob("*.ipynb"):
            shutil.copy(path, scratch / "notebooks")
    return scratch / "notebooks"


def _unexpected(record: logging.LogRecord) -> bool:
    """Whether a record is worth a line: a UserError and the end of a kernel are said on the page, to who still looks at it; that
    nobody does any more is no news."""
    error = record.exc_info and record.exc_info[1]
    said = getattr(error, "ename", "") == "UserError" or "Kernel died" in record.getMessage()
    return not said and not isinstance(error, WebSocketClosedError)
