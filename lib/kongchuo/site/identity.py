"""Who asks: whoever sits at the one computer, an account with its password (and how many he may try), or a name that a proxy vouches for.

Each is an identity provider of Jupyter Server with one question of ours, `person`; what he may is not decided here (rights).
"""

import asyncio
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor

from ..publishing import indexes
from ..publishing.execution import hide_grammar
from . import audit, rights
from .guard import Page
from .rights import Person

hide_grammar()

import tornado.web  # noqa: E402 - everything of Jupyter comes after the line above
from jupyter_server.auth import IdentityProvider, User  # noqa: E402
from jupyter_server.auth.decorator import allow_unauthenticated  # noqa: E402
from jupyter_server.auth.login import LoginFormHandler  # noqa: E402

HOURS = 12  # no session is longer
WINDOW = 300  # seconds in which tries are counted
TRIES = (8, 40, 40)  # of one account from one machine, of one account, from one machine
NAMED, VOUCHED = (
    "X-Kongchuo-User",
    "X-Kongchuo-Secret",
)  # what a proxy says: whose request it is, and that it is the proxy
SAID = {audit.LOCKED_OUT: (429, "尝试次数太多，请五分钟后再试"), audit.WRONG: (401, "账号或密码不对")}


class Everybody(IdentityProvider):
    """At the one computer, without accounts: all are one person, and nobody logs in."""

    auth_enabled = login_available = logout_available = False

    def person(self, handler: tornado.web.RequestHandler) -> Person | None:
        """Whose request it is; None where nobody knows."""
        return rights.HERE

    def get_user(self, handler):
        """As Jupyter's own handlers ask it."""
        person = self.person(handler)
        return User(person.name) if person else None


class ByPassword(Everybody):
    """An account and its password; the session is a signed cookie with the name and the version of the account."""

    auth_enabled = login_available = logout_available = True

    def __init__(self, **more):
        super().__init__(**more | {"login_handler_class": Login, "logout_handler_class": Logout})
        self.tries: dict[tuple[str, ...], list[float]] = {}
        self.checking = ThreadPoolExecutor(1)  # one password at a time: each takes 64 MB for an instant

    def person(self, handler):
        """By the cookie, as long as the account is what it was."""
        held = handler.get_secure_cookie(self.get_cookie_name(handler), max_age_days=HOURS / 24)
        if not held:
            return None
        name, version = json.loads(held)
        found = self.parent.accounts.get(name)
        return found if found and found.version == version else None

    def user_to_cookie(self, user):
        """Name and version."""
        return json.dumps([user.username, self.parent.accounts.get(user.username).version])

    async def entering(self, name: str, password: str, machine: str) -> str:
        """What comes of a try to log in, a word of audit. It counts before it is looked at, so that many at once are many."""
        now, keys = time.monotonic(), ((name, machine), (name,), ("", machine))
        fresh = {key: [at for at in past if now - at < WINDOW] for key, past in self.tries.items()}
        self.tries = {key: past for key, past in fresh.items() if past}
        if any(len(self.tries.get(key, ())) >= most for key, most in zip(keys, TRIES, strict=True)):
            return audit.LOCKED_OUT
        for key in keys:
            self.tries.setdefault(key, []).append(now)
        look = self.parent.accounts.checked
        if not await asyncio.get_running_loop().run_in_executor(self.checking, look, name, password):
            return audit.WRONG
        for key in keys:
            self.tries.get(key, [now]).remove(now)
        return audit.ENTERED


class ByProxy(Everybody):
    """A name in a header, believed only beside the secret that the proxy and we share; without an account of it nobody enters."""

    auth_enabled = True

    def person(self, handler):
        """By the header; role and schools are those of the account."""
        names = handler.request.headers.get_list(NAMED)
        given = handler.request.headers.get(VOUCHED, "").encode("latin-1", "replace")
        if len(names) != 1 or not hmac.compare_digest(given, self.parent.door.secret):
            return None
        return self.parent.accounts.get(_chinese(names[0]))


def _chinese(text: str) -> str:
    """A header is read as latin-1; a name is UTF-8."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


class Login(Page, LoginFormHandler):
    """The page to log in; works without a script."""

    free = True

    def _render(self, message=""):
        self.show(indexes.site().get_template("login.html").render(said=message, xsrf=self.xsrf_token.decode()))

    @allow_unauthenticated
    async def post(self):
        """Let somebody in, or say why not."""
        name, password = (self.get_body_argument(key, "", strip=False) for key in ("name", "password"))
        provider = self.identity_provider
        came = await provider.entering(rights.folded(name), password, self.request.remote_ip)
        known = provider.parent.accounts.get(name)
        self.note(came, name=known.name if known else audit.UNKNOWN)
        if came != audit.ENTERED or not known:
            status, said = SAID.get(came, SAID[audit.WRONG])
            self.set_status(status)
            return self._render(said)
        provider.set_login_cookie(self, User(known.name))
        self._redirect_safe(self.get_argument("next", "/"))


class Logout(Page):
    """The end of a session."""

    free = True

    @allow_unauthenticated
    def post(self):
        """Take the cookie back."""
        self.note(audit.LEFT)
        self.identity_provider.clear_login_cookie(self)
        self.redirect("/login")


class Audited(Page):
    """The audit."""

    def asked(self):
        """For the township's office."""
        return rights.AUDIT, ""

    def get(self):
        """Show the newest."""
        shown = {"lines": self.settings["audit"].newest(), "bad": audit.BAD, "about": rights.MADE}
        self.show(indexes.site().get_template("audit.html").render(**shown))
