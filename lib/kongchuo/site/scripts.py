"""The scripts of live pages, which never change: packed once for all visitors, and those that every page asks for sent as one."""

import gzip
import hashlib
import re
from functools import cache
from pathlib import Path

from ..publishing.execution import hide_grammar

hide_grammar()

import tornado.web  # noqa: E402 - everything of Jupyter comes after the line above
import voila  # noqa: E402
from jupyter_server.base.handlers import FileFindHandler, JupyterHandler  # noqa: E402
from voila.static_file_handler import MultiStaticFileHandler  # noqa: E402

from .guard import OfScript  # noqa: E402

SCRIPTS = f"/voila/static-{voila.__version__}"
HASHED = re.compile(r"\.[0-9a-f]{8,}\.|^" + SCRIPTS)  # an address tells its content
BUNDLED = 150  # scripts that a live page is sent as one
CHUNK = re.compile(  # how a script begins that only lays modules ready; any other acts
    rb'\s*(/\*.*?\*/\s*)?("use strict";\s*)?\(self(\.|\[")(web|rs)packChunk', re.S
)
FOREVER = "public, max-age=31536000, immutable"
# files of scripts that live pages have asked for since the server began, in their order
SENT_CHUNKS: dict[str, None] = {}


@cache
def _packed(*paths: str) -> bytes:
    return gzip.compress(b"\n;".join(Path(path).read_bytes() for path in paths), 6)


def bundled() -> str:
    """The name of the one script in which the next live page gets them; "" while there are none."""
    paths = [*SENT_CHUNKS][:BUNDLED]
    return hashlib.sha256("\n".join(paths).encode()).hexdigest()[:16] if paths else ""


class Bundle(OfScript, JupyterHandler):
    """What earlier live pages have asked for one after the other, some eighty scripts, as one: got while the kernel starts."""

    async def get(self, name: str):
        """Send it; where more has been asked for since, the page asks for each by itself."""
        if name != bundled():
            raise tornado.web.HTTPError(404)
        packed = _packed(*[*SENT_CHUNKS][:BUNDLED])
        self.set_header("Content-Type", "text/javascript")
        self.set_header("Cache-Control", FOREVER)
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
        else:
            packed = gzip.decompress(packed)
        self.finish(packed)


class Packed(OfScript):
    """In front of scripts that never change: packed once for all visitors, where the browser takes it so."""

    async def get(self, path: str, include_body: bool = True):
        """Send it."""
        if (
            "gzip" not in self.request.headers.get("Accept-Encoding", "")
            or not include_body
            or not HASHED.search(self.request.path)
        ):
            return await super().get(path, include_body)
        self.path = self.parse_url_path(path)
        file = self.get_absolute_path(self.root, self.path)  # first: it decides which root
        self.absolute_path = self.validate_absolute_path(self.root, file)
        if self.absolute_path and _chunk(self.absolute_path):
            SENT_CHUNKS[self.absolute_path] = None
        self.set_header("Content-Type", self.get_content_type())
        self.set_header("Content-Encoding", "gzip")
        self.set_extra_headers(path)
        self.finish(_packed(self.absolute_path))


@cache
def _chunk(path: str) -> bool:
    with open(path, "rb") as file:
        return path.endswith(".js") and bool(CHUNK.match(file.read(400)))


class Script(Packed, MultiStaticFileHandler):
    """A script of Voila's, in a folder named by its version: it never changes."""

    def set_extra_headers(self, path: str):
        """Ask once."""
        self.set_header("Cache-Control", FOREVER)


class WidgetScript(Packed, FileFindHandler):
    """A script of the widgets; one that is named by its content never changes."""

    def set_extra_headers(self, path: str):
        """Ask once; of the others each time whether they have changed."""
        self.set_header("Cache-Control", FOREVER if HASHED.search(path) else "no-cache")

    set_headers = tornado.web.StaticFileHandler.set_headers  # its own says no-cache of all
