"""XML as it is read, compared and written."""

from __future__ import annotations

import re

from lxml import etree

DECLARED = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
KEEP_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def parse(data: bytes) -> etree._Element:
    """The tree of a part, which asks for nothing outside."""
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))


def canonical(data: bytes) -> bytes:
    """The same for two parts that say the same."""
    return etree.tostring(parse(data), method="c14n")


def plain(text: str) -> str:
    """A text without the characters that no XML may hold; cells have them escaped, and messages quote cells."""
    return _FORBIDDEN.sub("", text)


def escaped(text: str) -> str:
    """A text as it is written in XML."""
    return plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
