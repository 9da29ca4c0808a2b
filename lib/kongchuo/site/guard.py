"""The guard before every handler of the site, Jupyter's own too: which host's name, who asks, whether he may; and what our pages share.

Extends Jupyter's handlers at `prepare`, which each of them passes before it does anything.
"""

import re
from inspect import isawaitable
from pathlib import Path
from urllib.parse import quote

from ..publishing import indexes
from ..publishing.execution import hide_grammar
from . import audit, rights
from .rights import Person

hide_grammar()

import tornado.web  # noqa: E402 - everything of Jupyter comes after the line above
from jupyter_server.base.handlers import JupyterHandler  # noqa: E402

OURS = (None, "none", "same-origin")  # Sec-Fetch-Site of a browser that does not say, an address typed, a page of ours
FOREIGN = "不能从别处打开这个页面，请从首页点开"
NOT_YOURS = "这个账号不能打开这一页"
UNKNOWN = "不知道您是谁，请从单位的入口登录"
MESSAGES = {403: FOREIGN, 404: "没有这个页面", 503: "打开的页面太多了，请关掉几个再试"}
STATIC_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-ancestors 'none'"
)


class Guard:
    """In front of a handler. What nobody has thought of is refused: a handler without an `asked` of its own opens to nobody."""

    person: Person | None = None
    refused = ""  # why, in Chinese
    free = False  # open to those as well who are not known yet: the login
    noted = True  # whether it goes into the audit

    async def prepare(self):
        """Let the request in, or end it."""
        if re.sub(r":\d+$", "", self.request.host).lower() not in self.settings["hosts"]:
            raise tornado.web.HTTPError(403)  # against DNS rebinding
        identity = self.settings["identity_provider"]
        self.person = identity.person(self)
        if not (self.person or self.free or identity.login_available):
            self.refuse(UNKNOWN)
        made = super().prepare()
        if isawaitable(made):
            await made
        if self._finished or self.free:  # sent to the login, or there
            return
        what, school, *room = self.asked()
        head = self.request.headers
        if head.get("Sec-Fetch-Site") not in OURS and (head.get("Sec-Fetch-Mode") != "navigate" or what == rights.LIVE):
            raise tornado.web.HTTPError(403)  # a page of another site may lead here, but not have us start kernels
        if self.person is None or not rights.may(self.person, what, school, *room):
            self.refuse(NOT_YOURS, what, school)
        if self.noted:
            self.note(audit.OPENED, what, school)

    def asked(self) -> tuple[str, ...]:
        """What is asked for: one of rights.KINDS, the school it is about ("": the town, or none), and where it is of one the class."""
        return "", ""

    def refuse(self, said: str, what: str = "", school: str = ""):
        """End the request with 403 and this sentence."""
        self.note(audit.REFUSED, what, school)
        self.refused = said
        raise tornado.web.HTTPError(403)

    def note(self, said: str, what: str = "", school: str = "", name: str = "") -> None:
        """Write a line into the audit."""
        name = name or (self.person.name if self.person else "")
        self.settings["audit"].note(name, said, what, school, self.request.remote_ip)

    def ended(self) -> bool:
        """Whether the session under which a long request began is over: locked, changed, logged out elsewhere."""
        return self.settings["identity_provider"].person(self) != self.person

    def write_error(self, status: int, **_more):
        """A page of one sentence."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        message = self.refused or MESSAGES.get(status, "页面出错了，请联系管理员")
        self.finish(indexes.site().get_template("notice.html").render(message=message, status=status))


class OfScript(Guard):
    """In front of the scripts of live pages, in which no data are."""

    noted = False

    def asked(self):
        """As the live pages that need them, which to some are those of a school."""
        return rights.LIVE, "" if self.person is None else next(iter(self.person.schools), "")


class OfKernel(OfScript):
    """In front of a kernel, which belongs to whoever has opened its page; to others it is not there."""

    def asked(self):
        """As the live page; 404 for a kernel of somebody else."""
        (kernel,) = [*(self.path_kwargs or {}).values(), *(self.path_args or ())]
        if self.person is None or self.settings["kernel_manager"].owner.get(kernel) != self.person.name:
            raise tornado.web.HTTPError(404)
        return super().asked()


class Page(Guard, JupyterHandler):
    """What our own pages have in common: Chinese errors, nothing kept by the browser, no script."""

    def show(self, page: str, policy: str = STATIC_POLICY):
        """Send a page, which holds no script unless the policy says so."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", policy)
        self._send(page)

    def hand_out(self, file: Path):
        """Send a file to be saved."""
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(file.name)}")
        self._send(file.read_bytes())

    def _send(self, content: str | bytes):
        """Where people log in and out, nothing stays behind in the browser for who comes next."""
        kept = "no-store" if self.settings["identity_provider"].login_available else "no-cache"
        self.set_header("Cache-Control", f"private, {kept}")
        self.finish(content)
