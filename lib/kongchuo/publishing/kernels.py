"""The kernels behind live pages: a clean environment, not too many of them, and an error as one Chinese sentence.

Extends Voila at its own points; serve hands these classes to it.
"""

from __future__ import annotations

import re

from ..core.editions import blotted
from .execution import hide_grammar

hide_grammar()

import tornado.web  # noqa: E402 - everything of Jupyter comes after the line above
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager  # noqa: E402
from voila.execute import VoilaExecutor  # noqa: E402

KERNELS = 12  # at most so many live pages at once, about 120 MB each
CELL_SECONDS = 300
FROM_VOILA = re.compile(r"VOILA_\w+|SERVER_\w+|SCRIPT_NAME|PATH_INFO|QUERY_STRING")  # the request, for the notebook
BROKEN = "这一部分没有算出来，请联系管理员"


class Kernels(AsyncMappingKernelManager):
    """Kernels with a clean environment, and not too many of them."""

    async def start_kernel(self, *, env=None, **more):
        """Start one for a live page; 503 when there are too many already."""
        if len(self.list_kernel_ids()) >= KERNELS:
            raise tornado.web.HTTPError(503)
        asked = {key: value for key, value in (env or {}).items() if FROM_VOILA.fullmatch(key)}
        return await super().start_kernel(env=asked | self.parent.kernel_env, **more)


class Executor(VoilaExecutor):
    """On an error the page shows our sentence: a UserError's own message, otherwise nothing of what went wrong."""

    def strip_code_cell_errors(self, cell):
        """Replace the errors among the cell's outputs."""
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error":
                said = output["evalue"] if output["ename"] == "UserError" else BROKEN
                output.update(ename="", evalue=blotted(said), traceback=[])
        return cell

    def show_code_cell_timeout(self, cell):
        """Say that the cell took too long."""
        message = f"计算超过{CELL_SECONDS}秒没有结束，已停止"
        cell["outputs"] = [{"output_type": "error", "ename": "", "evalue": message, "traceback": []}]
