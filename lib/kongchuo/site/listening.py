"""Where the site listens, by which names it is asked for, how it knows who asks; what must be there before other machines may ask.

One computer on its own needs nothing of it. Whoever opens the door to others has accounts and an encrypted way first.
"""

import errno
import ipaddress
import os
import re
import secrets
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..core.findings import UsageError, UserError
from ..excel import saving
from .accounts import Accounts
from .identity import ByPassword, ByProxy, Everybody

HERE = "127.0.0.1"
OWN = (HERE, "localhost", "[::1]")  # the names of the one computer
ANY = ("0.0.0.0", "::")
# as a browser says it, without the port: baogao.example.cn, [fe80::1]
NAME = re.compile(r"[^\s/:?#]+|\[[\d:A-Fa-f.]+\]")
SECRET = "proxy"  # beside the accounts: what the proxy and we share
HOW = (
    "别的电脑要看（--address {}），先用 kongchuo users add 建账号，再用 --certificate 和 --key 给出证书和私钥；"
    "加密由前面的代理做的，改写 --behind-proxy"
)


@dataclass(frozen=True)
class Door:
    """How the site is reached; by default by this computer alone, by everybody who sits at it."""

    address: str = HERE
    names: frozenset[str] = frozenset(OWN)
    tls: ssl.SSLContext | None = None
    behind_proxy: bool = False  # which encrypts, and says in X-Forwarded-For whose request it is
    accounts: Accounts | None = None
    secret: bytes = b""  # of a proxy that says who asks; none: people log in

    @property
    def encrypted(self) -> bool:
        """Whether what a browser gets may be for encrypted ways only."""
        return bool(self.tls) or self.behind_proxy

    @property
    def identity(self) -> type[Everybody]:
        """How one knows who asks."""
        return Everybody if not self.accounts else ByProxy if self.secret else ByPassword

    def url(self, port: int) -> str:
        """What is typed into a browser."""
        name = next((name for name in sorted(self.names) if name not in OWN), self.address)
        return f"http{'s' if self.tls else ''}://{name}:{port}/"


def opened(
    accounts: Accounts | None,
    address: str = HERE,
    names: Sequence[str] = (),
    certificate: Path | None = None,
    key: Path | None = None,
    *,
    behind_proxy: bool = False,
    proxy_names: bool = False,
) -> Door:
    """The door as it was asked for. Raises UserError (one sentence: how) where others could come in without account or encryption."""
    try:
        alone = ipaddress.ip_address(address).is_loopback
    except ValueError as error:
        raise UsageError(f"“{address}”不是网络地址，--address 要写成 192.168.1.7 的样子") from error
    if bool(certificate) != bool(key):
        raise UsageError("证书和私钥要一起给：--certificate 证书 --key 私钥")
    if not alone and not (accounts and (certificate or behind_proxy)):
        raise UserError(HOW.format(address))
    if address in ANY and not names:
        raise UsageError("还要用 --host 写明大家在浏览器里打的名字或地址，例如 --host baogao.example.cn")
    if wrong := next((name for name in names if not NAME.fullmatch(name)), ""):
        raise UsageError(
            f"“{wrong}”不是名字：--host 只写大家打的名字或地址，不写 https:// 和端口，例如 --host baogao.example.cn"
        )
    if proxy_names and not (accounts and behind_proxy):
        raise UsageError("--proxy-names 要和 --behind-proxy 一起写，并且先用 kongchuo users add 建账号")
    given = {name.lower() for name in names} | ({address} - {*ANY})
    return Door(
        address,
        frozenset({*OWN, *given}),
        _tls(certificate, key) if certificate and key else None,
        behind_proxy,
        accounts,
        _secret(accounts) if accounts and proxy_names else b"",
    )


def free(door: Door, port: int) -> None:
    """Raise UserError when somebody listens on the port already, or the address is none of this computer's."""
    with socket.socket(socket.AF_INET6 if ":" in door.address else socket.AF_INET) as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((door.address, port))
        except OSError as error:
            if error.errno == errno.EACCES:
                raise UserError(f"没有权限使用端口 {port}，请换一个：--port 8867") from error
            if error.errno == errno.EADDRNOTAVAIL:
                raise UserError(f"“{door.address}”不是这台电脑的地址，请核对 --address") from error
            raise UserError(
                f"端口 {port} 已被占用：报告网页可能已在另一个窗口打开；或换一个端口：--port {port + 1}"
            ) from error


def _tls(certificate: Path, key: Path) -> ssl.SSLContext:
    for what, file in (("证书", certificate), ("私钥", key)):
        if not file.is_file():
            raise UserError(f"找不到{what}“{file}”，请核对路径")
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        made.load_cert_chain(certificate, key, lambda: "")  # a key with a password of its own is refused, not asked for
    except (OSError, ValueError) as error:
        raise UserError(
            f"证书“{certificate}”或私钥“{key}”读不出来，或两个不是一对（要 PEM 格式，私钥不带密码）"
        ) from error
    return made


def _secret(accounts: Accounts) -> bytes:
    """What the proxy and we share, made the first time it is needed."""
    file = accounts.folder / SECRET
    with suppress(FileNotFoundError):
        return file.read_bytes().strip()
    saving.write_copy(file, secrets.token_urlsafe(32).encode())
    return file.read_bytes()
