"""Look at an xlsx package before any reader does, and see in it what the reader of cells hides.

`look` unpacks in memory, within limits, and refuses what could hurt (reliability.md 1.6: a 2 KB workbook can end the process that
parses it). `scan` finds in a worksheet's XML the error cells, formulas never calculated, merged ranges, hidden rows and filters.
Both search bytes; XML is only parsed where there is something to find.
"""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO

from lxml import etree

from ...core.cells import STALE, CellError, Stale

MAX_FILE = 50 << 20  # bytes
MAX_UNPACKED = 100 << 20  # bytes of XML, whatever the size of the file
MAX_LARGE, MAX_RATIO = (
    400 << 20,
    16,
)  # a large file may unpack to more, but no more than real ones do (to about ten times)
MAX_PARTS, MAX_SHEETS = 2000, 200
MAX_AREA = 6_000_000  # cells from A1 to the last used corner: the reader lays them all out
MAX_TEXT = 4 << 30  # bytes if every cell held the longest shared text

_OLE2 = b"\xd0\xcf\x11\xe0"
_LAST_PARTS = {"mimetype": "OpenDocument（.ods）", "xl/workbook.bin": "二进制工作簿（.xlsb）"}
_ENCODED = re.compile(rb'\s*(?:\xef\xbb\xbf)?<\?xml[^>]*encoding=["\'](?!utf-?8|us-ascii)', re.I)
# a cell that is not written <c r="A1"...>, or lies from column BA or row 100000 on: needs a closer look
_ODD = re.compile(rb'<c(?! r="A?[A-Z]\d{1,5}"|[A-Za-z])')
_STRANGE = re.compile(rb'<c(?! r="[A-Z]{1,3}\d{1,7}"|[A-Za-z])')  # written in another way than <c r="A1"...>
_CELL = re.compile(rb'<c(?= )[^>]*? r="([A-Z]{1,3})(\d{1,7})"[^>]*(?<!/)>(?!</c>)')
# a formula that holds no value and is not one of text, which may well hold an empty one
_UNVALUED = re.compile(rb'<c (?![^>]*t="(?:str|inlineStr)")[^>]*><f[^>]*(?:/>|>[^<]*</f>)(?:</c>|<v/>|<v></v>)')
_MERGED = re.compile(rb'<mergeCell [^>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_HIDDEN = re.compile(rb'hidden="[1t]')
_CRITERIA = re.compile(rb"<filterColumn [^>]*(?<!/)>")
_ROW = re.compile(rb'<row (?=[^>]*?\br="(\d+)")[^>]*?hidden="(?:1|true)"')


@dataclass(frozen=True)
class Refusal:
    """Why a file is not read: a code (R02, R03, R10, R11) and the facts of its message."""

    code: str
    facts: dict[str, str]


@dataclass(frozen=True)
class Package:
    """What is inside an xlsx file: XML of each worksheet by its name, and the custom document properties."""

    sheets: dict[str, bytes]
    properties: dict[str, str]


@dataclass(frozen=True)
class Unseen:
    """What a reader of cell values does not tell. `cells` by (Excel row, column); ranges as (row, column, row, column)."""

    cells: dict[tuple[int, int], CellError | Stale] = field(default_factory=dict)
    merged: tuple[tuple[int, int, int, int], ...] = ()
    hidden: frozenset[int] = frozenset()
    filtered: bool = False


class _Refused(Exception):
    """Carries a Refusal out of the depth of `look`; never leaves this module."""


def _refuse(code: str, **facts: str) -> _Refused:
    return _Refused(Refusal(code, facts))


def look(data: bytes) -> Package | Refusal:
    """The package in the bytes of a file, or why it must not be read. Never raises."""
    try:
        parts = dict(_unpack(data))
        return _package(parts)
    except _Refused as refused:
        return refused.args[0]
    except (etree.XMLSyntaxError, zipfile.BadZipFile, zlib.error, struct.error, ValueError, OSError, LookupError):
        return Refusal("R02", {"reason": "文件已损坏或不完整"})
    except (NotImplementedError, OverflowError):
        return Refusal("R10", {"reason": "压缩方式不认识"})


def _by_head(data: bytes) -> None:
    """Refuse by the first bytes what is no zip, and say what it is."""
    if len(data) > MAX_FILE:
        raise _refuse("R10", reason=f"文件大于{MAX_FILE >> 20}MB")
    if data.startswith(_OLE2):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise _refuse("R03")
        raise _refuse("R11", found="Excel 97-2003（.xls）或 WPS 表格（.et）")
    if not data.strip(b"\0"):
        raise _refuse("R02", reason="文件是空的，可能还没有同步完")
    if not data.startswith(b"PK"):
        raise _refuse("R02", reason="不是 Excel 工作簿，可能是别的文件改了扩展名")


def _unpack(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The XML parts by lower-case name, counted while unpacking: what a zip says of its sizes need not be so."""
    _by_head(data)
    infos = zipfile.ZipFile(BytesIO(data)).infolist()
    names = [info.filename.casefold() for info in infos]
    for part, kind in _LAST_PARTS.items():
        if part in names:
            raise _refuse("R11", found=kind)
    if len(names) > MAX_PARTS or len(set(names)) != len(names):
        raise _refuse("R10", reason="压缩包里文件太多或重名")
    if any(name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") for name in names):
        raise _refuse("R10", reason="压缩包里有指向外面的路径")
    left = max(MAX_UNPACKED, min(MAX_LARGE, MAX_RATIO * len(data)))
    for name, info in zip(names, infos, strict=True):
        if info.flag_bits & 1:
            raise _refuse("R03")
        if not name.endswith((".xml", ".rels")):
            continue
        part = _inflate(data, info, left)
        left -= len(part)
        if b"<!DOCTYPE" in part:
            raise _refuse("R10", reason="含有外部定义（DTD）")
        if part[:2] in (b"\xff\xfe", b"\xfe\xff") or _ENCODED.match(part):
            raise _refuse("R10", reason="编码不是UTF-8")
        yield name, part


def _inflate(data: bytes, info: zipfile.ZipInfo, left: int) -> bytes:
    """One part, unpacked by hand so that not a byte more than `left` is ever made."""
    start = info.header_offset
    if data[start : start + 4] != b"PK\3\4" or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refuse("R02", reason="文件已损坏或不完整")
    start += 30 + sum(struct.unpack("<HH", data[start + 26 : start + 30]))
    packed = data[start : start + info.compress_size]
    if info.compress_type == zipfile.ZIP_DEFLATED:
        inflater = zlib.decompressobj(-15)
        packed = inflater.decompress(packed, left + 1)
    if len(packed) > left:
        raise _refuse("R10", reason="解开后比文件大得太多")
    if len(packed) != info.file_size or zlib.crc32(packed) != info.CRC:
        raise _refuse("R02", reason="文件已损坏或不完整")
    return packed


def _xml(part: bytes) -> etree._Element:
    return etree.fromstring(part, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))


def _links(parts: dict[str, bytes], part: str) -> dict[str, tuple[str, str]]:
    """Id -> (type, part name) of what a part links to."""
    folder, name = posixpath.split(part)
    links = parts.get(posixpath.join(folder, "_rels", f"{name}.rels"))
    if links is None:
        return {}
    return {
        link.get("Id"): (
            link.get("Type", "").rsplit("/", 1)[-1],
            posixpath.normpath(posixpath.join("/", folder, link.get("Target", ""))).lstrip("/").casefold(),
        )
        for link in _xml(links).iter("{*}Relationship")
    }


def _package(parts: dict[str, bytes]) -> Package:
    main = next((part for kind, part in _links(parts, "").values() if kind == "officeDocument"), "xl/workbook.xml")
    if main not in parts or not re.search(rb"<(?:\w+:)?workbook\b", parts[main]):
        raise _refuse("R02", reason="不是 Excel 工作簿，可能是别的文件改了扩展名")
    links = _links(parts, main)
    found = {}
    for sheet in _xml(parts[main]).iter("{*}sheet"):
        key = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), "")
        kind, part = links.get(key, ("", ""))
        if kind == "worksheet" and part in parts:
            found[sheet.get("name", "")] = part
    if len(found) > MAX_SHEETS:
        raise _refuse("R10", reason="工作表太多")
    sheets = {name: _plain(name, parts[part]) for name, part in found.items()}
    texts = next((parts[part] for kind, part in links.values() if kind == "sharedStrings" and part in parts), b"")
    _check_texts(texts, max(map(len, sheets.values()), default=0) // len('<c r="A1" t="s"><v>0</v></c>'))
    properties = {
        item.get("name", ""): "".join(item.itertext()).strip()
        for item in (_xml(parts["docprops/custom.xml"]) if "docprops/custom.xml" in parts else ())
    }
    return Package(sheets, properties)


def _plain(name: str, xml: bytes) -> bytes:
    """The worksheet without prefixes, so that bytes can be searched for its elements; refused where it is absurdly large."""
    if not _ODD.search(xml) and b":c>" not in xml:
        return xml
    if _STRANGE.search(xml) or b":c>" in xml:
        xml = re.sub(rb"<(/?)\w+:", rb"<\1", etree.tostring(_xml(xml)))
    rows, letters = 0, set()
    for cell in _CELL.finditer(xml):
        rows = max(rows, int(cell[2]))
        letters.add(cell[1])
    columns = max(map(_column, letters), default=0)
    if rows * columns > MAX_AREA or (rows > 99_999 and re.search(rb"<c(?:>| (?![^>]*r=))", xml)):
        raise _refuse("R10", reason=f"工作表“{name}”有单元格远在数据之外（第{rows}行）")
    return xml


def _check_texts(texts: bytes, cells: int) -> None:
    said = re.search(rb'uniqueCount="(\d+)"', texts[:2000])
    if said and int(said[1]) > len(texts):
        raise _refuse("R10", reason="文字数目与内容不符")
    if max(map(len, texts.split(b"<si")), default=0) * cells > MAX_TEXT:
        raise _refuse("R10", reason="重复的长文字太多")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def scan(xml: bytes) -> Unseen:
    """What the reader of cell values hides of a worksheet (its XML as `look` gives it)."""
    cells = dict(_odd_cells(xml)) if b't="e"' in xml or _UNVALUED.search(xml) else {}
    hidden = frozenset(map(int, _ROW.findall(xml))) if _HIDDEN.search(xml) else frozenset()
    tail = xml[xml.rfind(b"</sheetData>") :]  # what is said of the sheet as a whole stands behind its cells
    merged = tuple((int(m[2]), _column(m[1]), int(m[4]), _column(m[3])) for m in _MERGED.finditer(tail))
    return Unseen(cells, merged, hidden, bool(_CRITERIA.search(tail)))


def _odd_cells(xml: bytes) -> Iterator[tuple[tuple[int, int], CellError | Stale]]:
    """Error cells, and formulas that hold no value (a text formula may well hold an empty one)."""
    number = 0
    for row in _xml(xml).iter("{*}row"):
        number = int(row.get("r") or number + 1)
        column = 0
        for cell in row.iterchildren("{*}c"):
            letters = re.match(rb"[A-Z]*", cell.get("r", "").encode())[0]
            column = _column(letters) if letters else column + 1
            kind, value, formula = cell.get("t"), cell.find("{*}v"), cell.find("{*}f")
            text = (value.text or "") if value is not None else ""
            if kind == "e":
                yield (number, column), CellError(text or "#N/A")
            elif formula is not None and not text and kind not in ("str", "inlineStr"):
                yield (number, column), STALE
