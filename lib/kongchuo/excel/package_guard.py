"""Look at an xlsx package before any reader does, and see in it what the reader of cells hides."""

import posixpath
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from lxml import etree

from ..core.cells import PICTURE, STALE, CellError, Picture, Stale
from ..core.number_formats import odd
from ..core.workbooks import column_letters

# --- Files that an encryption agent on some computer has wrapped: nobody can read them elsewhere, and saving them again is no help ---
LOCKED = "EncryptedPackage".encode("utf-16-le")  # in a locked one
OLE2 = b"\xd0\xcf\x11\xe0"  # how old formats of Office begin, and locked new ones
# 亿赛通, 绿盾 and others
_AGENTS = (b"%TSD-Header", b"E-SafeNet", b"LOCK", b"TIPTEK", b"GreenShield", b"LvDun", b"IP-guard", b"DRMONE")
_OTHERS = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"{\\rtf", b"<", b"MZ", b"RIFF",
           b"II*\0", b"MM\0*", b"SQLite format")  # fmt: skip


def wrapped(data: bytes) -> bool:
    """Whether a file looks encrypted by an agent on the computer it was made on: by its mark, or like no format there is."""
    if data.startswith((b"PK", OLE2, *_OTHERS)) or not data.strip(b"\0"):
        return False
    if any(mark in data[:512] for mark in _AGENTS):
        return True
    head = data[:4096]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    odd = sum(byte < 9 or 13 < byte < 32 for byte in head)  # bytes that no text holds, in whatever coding
    return len(data) > 512 and 20 * odd > len(head) and len(set(head)) > 128


# --- `look` unpacks in memory, within limits, and refuses what could hurt (reliability.md 1.6: a 2 KB workbook can end the process that
# parses it). The reader of cells never gets the file: it gets what `rebuilt` makes of the parts that were looked at, so that it can
# see nothing else. `scan` finds in a worksheet's XML the error cells, formulas never calculated, merged ranges, hidden rows and
# filters. Both search bytes; XML is only parsed where it is written in an unusual way (`regular`).
MAX_FILE = 50 << 20  # bytes
MAX_UNPACKED = 100 << 20  # bytes of XML, whatever the size of the file
MAX_LARGE, MAX_RATIO = 400 << 20, 16  # a large file may unpack to more, but not than real ones do (about ten times)
MAX_PARTS, MAX_SHEETS = 2000, 200
MAX_AREA = 6_000_000  # cells from A1 to the last used corner: the reader lays them all out
MAX_TEXT = 128 << 20  # bytes of shared texts, counted once for each cell that shows one

_OFFICE = "http://schemas.openxmlformats.org"
_LAST_PARTS = {"mimetype": "OpenDocument（.ods）", "xl/workbook.bin": "二进制工作簿（.xlsb）"}
_ENCODED = re.compile(rb'\s*(?:\xef\xbb\xbf)?<\?xml[^>]*encoding=["\'](?!utf-?8|us-ascii)', re.I)
# a cell or a row as Excel, WPS and LibreOffice write it. No [^>]* anywhere: what is not closed would be searched again and again;
# possessive throughout, and style and type first, as nearly all cells have them: half the time of a search
_CELL_BEGIN = rb'<c r="%s"(?: s="[0-9]++")?+(?: t="[a-z]++")?+(?: [a-z]{1,2}="\w*+")*+/?>'
# a cell that is not written <c r="A1"...>, or lies from column BA or row 100000 on: needs a closer look
_ODD = re.compile(rb"<c(?!" + _CELL_BEGIN[2:] % rb"A?[A-Z][1-9][0-9]{0,4}+" + rb"|[A-Za-z])")
# written in another way at all
_FAR = re.compile(rb"<c(?!" + _CELL_BEGIN[2:] % rb"[A-Z]{1,3}+[1-9][0-9]{0,6}+" + rb"|[A-Za-z])")
_ODD_ROW = re.compile(rb'<row(?! r="[1-9][0-9]{0,6}+"(?: [\w:]++="[^"<>]*+")*+/?>|[A-Za-z])')
_PREFIXED = re.compile(rb":(?:c|row|sheetData|worksheet)[\s/>]")
_BEGIN = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"[^<>]*>')
_CELL = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"[^<>]*(?<!/)>(?!</c>)')
_PREFIXED_TEXT = re.compile(rb":(?:si|sst|t|r|rPh)[\s/>]")
_TEXT_OF = re.compile(rb' t="s"[^<>]*><v>(\d{1,9})</v>')
# an error cell, and a formula that holds no value and is not one of text, which may well hold an empty one
_ERROR = re.compile(
    rb'<c r="([A-Z]{1,3})(\d{1,7})"(?: [a-z]{1,2}="\w*")*? t="e"[^<>]*>'
    rb"(?:<f[^<>]*(?:/>|>[^<]*</f>))?(?:<v[^<>]*>([^<]*)</v>)?"
)
_IMAGE = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"[^<>]*><f[^<>]*>[^<]{0,20}?(?:DISPIMG|IMAGE)\(')
_STYLED = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"(?: [a-z]{1,2}="\w*")*? s="(\d{1,6})"')
_FORMAT = re.compile(rb'formatCode="[^"]*(?:&quot;|&#34;|\[[=<>&]|;;|\\|!|00)|formatCode=\'')
_UNVALUED = re.compile(rb"(?:</f>|<f[^<>]*/>)(?:</c>|<v[^<>]*/>|<v[^<>]*></v>)")
_LONGEST = 40_000  # bytes of a cell's beginning and its formula
_OF_TEXT = re.compile(rb' t="(?:str|inlineStr)"')
_MERGED = re.compile(rb'<mergeCell [^<>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_HIDDEN = re.compile(rb'hidden="[1t]')
# the zone behind a date that is written as text: libraries of the web put it there, spreadsheet programs show the date as it is written
_ZONE = re.compile(rb'(<c [^<>]*? t="d"[^<>]*><v>[\d:.T-]{10,40})(?:Z|[+-]\d\d:\d\d)(?=</v>)')
_CRITERIA = re.compile(rb"<filterColumn [^<>]*(?<!/)>")
_ROW = re.compile(rb'<row r="(\d+)"[^<>]*? hidden="(?:1|true)"')
_ADDRESS = re.compile(r"\$?([A-Z]{1,3})\$?0*([1-9]\d{0,6})", re.I)
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384  # of any worksheet


@dataclass(frozen=True)
class Refusal:
    """Why a file is not read: a code (R02, R03, R10, R11) and the facts of its message."""

    code: str
    facts: dict[str, str]


@dataclass(frozen=True)
class Package:
    """What is inside an xlsx file: XML of each worksheet by its name, and the custom document properties.

    `texts` and `styles` are the XML of what cells share, `since_1904` whether days are counted from there, `hidden` the titles
    of worksheets nobody sees.
    """

    sheets: dict[str, bytes]
    properties: dict[str, str]
    texts: bytes = b""
    styles: bytes = b""
    since_1904: bool = False
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Unseen:
    """What a reader of cell values does not tell. `cells` by (Excel row, column); ranges as (row, column, row, column)."""

    cells: dict[tuple[int, int], CellError | Stale | Picture] = field(default_factory=dict)
    merged: tuple[tuple[int, int, int, int], ...] = ()
    hidden: frozenset[int] = frozenset()
    filtered: bool = False
    formats: dict[tuple[int, int], str] = field(default_factory=dict)


class _Refused(Exception):
    """Carries a Refusal out of the depth of `look`; never leaves this module."""


def _refuse(code: str, **facts: str) -> _Refused:
    return _Refused(Refusal(code, facts))


def size_of(path: Path) -> int:
    """Bytes of a file that is to be read, by which a process apart may take more time for it; none where it is not there."""
    try:
        return min(path.stat().st_size, MAX_FILE)
    except OSError:
        return 0


def look(data: bytes) -> Package | Refusal:
    """The package in the bytes of a file, or why it must not be read. Never raises."""
    try:
        return _package(dict(_unpack(data)))
    except _Refused as refused:
        return refused.args[0]
    except (etree.XMLSyntaxError, zipfile.BadZipFile, zlib.error, struct.error, ValueError, OSError, LookupError):
        return Refusal("R02", {"reason": "文件已损坏或不完整"})
    except (NotImplementedError, OverflowError):
        return Refusal("R10", {"reason": "压缩方式不认识"})


def part_name(name: str) -> str:
    """A name in a zip as parts are looked for: some programs write other slashes, or letters of another case."""
    return name.replace("\\", "/").casefold()


def _by_head(data: bytes) -> None:
    """Refuse by the first bytes what is no zip, and say what it is."""
    if len(data) > MAX_FILE:
        raise _refuse("R10", reason=f"文件大于{MAX_FILE >> 20}MB")
    if data.startswith(OLE2):
        if LOCKED in data:
            raise _refuse("R03")
        raise _refuse("R11", found="Excel 97-2003（.xls）或 WPS 表格（.et）")
    if not data.strip(b"\0"):
        raise _refuse("R02", reason="文件是空的，可能还没有同步完")
    if wrapped(data):
        raise _refuse("R16")
    if not data.startswith(b"PK"):
        raise _refuse("R02", reason="不是 Excel 工作簿，可能是别的文件改了扩展名")


def _unpack(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The XML parts by lower-case name, counted while unpacking: what a zip says of its sizes need not be so."""
    _by_head(data)
    infos = zipfile.ZipFile(BytesIO(data)).infolist()
    names = [part_name(info.filename) for info in infos]
    for part, kind in _LAST_PARTS.items():
        if part in names:
            raise _refuse("R11", found=kind)
    if len(names) > MAX_PARTS or len(set(names)) != len(names):
        raise _refuse("R10", reason="压缩包里文件太多或重名")
    if any(name.startswith("/") or ".." in name.split("/") for name in names):
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


def parse(part: bytes) -> etree._Element:
    """The tree of a part, which asks for nothing outside."""
    return etree.fromstring(part, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))


class Link(NamedTuple):
    """What a part links to: id, kind (the last word of the type), part name ("" outside the package)."""

    id: str
    kind: str
    part: str


def rels_of(part: str) -> str:
    """The name of the part that says what a part ("": the package itself) links to."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def links_in(rels: etree._Element, part: str) -> list[Link]:
    """What a part links to, by the tree of `rels_of(part)`."""
    root, found = posixpath.join("/", posixpath.dirname(part)), []
    for item in rels.iter("{*}Relationship"):
        target = posixpath.normpath(posixpath.join(root, item.get("Target", ""))).lstrip("/")
        kind = item.get("Type", "").rsplit("/", 1)[-1]
        found.append(Link(item.get("Id"), kind, "" if item.get("TargetMode") == "External" else target))
    return found


def _links(parts: dict[str, bytes], part: str) -> dict[str, tuple[str, str]]:
    """Id -> (kind, part name as looked for) of what a part links to."""
    rels = parts.get(rels_of(part))
    listed = links_in(parse(rels), part) if rels is not None else ()
    return {link.id: (link.kind, link.part.casefold()) for link in listed}


def _utf8(part: bytes) -> bytes:
    """A part that is read; refused in another encoding, in which bytes cannot be searched."""
    if part[:2] in (b"\xff\xfe", b"\xfe\xff") or _ENCODED.match(part):
        raise _refuse("R10", reason="编码不是UTF-8")
    return part


def _package(parts: dict[str, bytes]) -> Package:
    main = next((part for kind, part in _links(parts, "").values() if kind == "officeDocument"), "xl/workbook.xml")
    if main not in parts or not re.search(rb"<(?:\w+:)?workbook\b", _utf8(parts[main])):
        raise _refuse("R02", reason="不是 Excel 工作簿，可能是别的文件改了扩展名")
    links, tree = _links(parts, main), parse(parts[main])
    listed: dict[str, str] = {}
    hidden = set()
    for sheet in tree.iter("{*}sheet"):
        key = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), "")
        kind, part = links.get(key, ("", ""))
        title = sheet.get("name", "")
        if title in listed:
            raise _refuse("R10", reason=f"有两张工作表都叫“{title}”")
        if kind == "worksheet" and part in parts:
            listed[title] = part
        if sheet.get("state", "visible") != "visible":
            hidden.add(title)
    if len(listed) > MAX_SHEETS:
        raise _refuse("R10", reason="工作表太多")
    sheets = {name: _zoneless(_plain(name, _utf8(parts[part]))) for name, part in listed.items()}
    shared = {kind: parts[part] for kind, part in reversed(links.values()) if part in parts}
    texts, styles = _plain_texts(_utf8(shared.get("sharedStrings", b""))), _utf8(shared.get("styles", b""))
    _check_texts(texts, sheets)
    properties = {
        item.get("name", ""): "".join(item.itertext()).strip()
        for item in (parse(parts["docprops/custom.xml"]) if "docprops/custom.xml" in parts else ())
    }
    epoch = next((item.get("date1904") for item in tree.iter("{*}workbookPr")), "")
    return Package(sheets, properties, texts, styles, epoch in ("1", "true"), frozenset(hidden))


def rebuilt(package: Package) -> bytes:
    """A workbook of the parts that were looked at and no others, for the reader of cells."""
    main, kind = f"{_OFFICE}/spreadsheetml/2006/main", f"{_OFFICE}/officeDocument/2006/relationships"
    workbook, links = etree.Element("workbook", nsmap={None: main, "r": kind}), etree.Element("Relationships")
    etree.SubElement(workbook, "workbookPr", date1904=str(int(package.since_1904)))
    listed, made = etree.SubElement(workbook, "sheets"), BytesIO()
    with zipfile.ZipFile(made, "w") as out:
        for number, (title, xml) in enumerate(package.sheets.items(), start=1):
            id, part = f"rId{number}", f"worksheets/sheet{number}.xml"
            etree.SubElement(listed, "sheet", name=title, sheetId=str(number)).set(f"{{{kind}}}id", id)
            etree.SubElement(links, "Relationship", Id=id, Type=f"{kind}/worksheet", Target=part)
            out.writestr(f"xl/{part}", xml)
        link = f'<Relationship Id="rId1" Type="{kind}/officeDocument" Target="xl/workbook.xml"/>'
        out.writestr("_rels/.rels", f"<Relationships>{link}</Relationships>")
        out.writestr("xl/workbook.xml", etree.tostring(workbook, encoding="UTF-8"))
        out.writestr("xl/_rels/workbook.xml.rels", etree.tostring(links, encoding="UTF-8"))
        for name, part in (("sharedStrings", package.texts), ("styles", package.styles)):
            if part:
                out.writestr(f"xl/{name}.xml", part)
    return made.getvalue()


def _plain(name: str, xml: bytes) -> bytes:
    """The worksheet as `scan` and the reader of cells are sure to understand it alike; refused where it is absurdly large."""
    odd = _ODD.search(xml)
    if _interrupted(xml) or _ODD_ROW.search(xml) or _PREFIXED.search(xml) or (odd and _FAR.search(xml, odd.start())):
        xml = _regular(name, xml)
    elif not odd:
        return xml
    rows, letters = 0, set()
    for cell in _CELL.finditer(xml):
        rows = max(rows, int(cell[2]))
        letters.add(cell[1])
    if rows * max(map(column_number, letters), default=0) > MAX_AREA:
        raise _refuse("R10", reason=f"工作表“{name}”有单元格远在数据之外（第{rows}行）")
    return xml


def _interrupted(xml: bytes) -> bool:
    """Whether comments and the like stand in it, after the line that says that it is XML; the rarer byte is looked for first."""
    return (b"!" in xml and b"<!" in xml) or xml.rfind(b"<?", 0, xml.rfind(b"?") + 1) > 3


def _zoneless(xml: bytes) -> bytes:
    """The worksheet with its dates as spreadsheet programs show them: 2023-09-01T00:00:00.000Z is 2023-09-01."""
    return _ZONE.sub(rb"\1", xml) if b' t="d"' in xml else xml


def _elements(xml: bytes, *names: str) -> Iterator[etree._Element]:
    """The elements of these names one after the other, none kept."""
    tags = [f"{{*}}{name}" for name in names]
    options = {"resolve_entities": False, "no_network": True, "huge_tree": True, "remove_comments": True}
    for _, element in etree.iterparse(BytesIO(xml), tag=tags, remove_pis=True, **options):
        yield element
        element.clear(keep_tail=True)
        while element.getprevious() is not None:
            del element.getparent()[0]


def _regular(name: str, xml: bytes) -> bytes:
    """The cells of a worksheet that is written in an unusual way (prefixes, comments, cells without address), in the usual one."""
    rows, behind, number = [b"<worksheet><sheetData>"], [b"</sheetData>"], 0
    for element in _elements(xml, "row", "mergeCell", "filterColumn"):
        if element.tag.endswith("}row") or element.tag == "row":
            number = _number(name, element.get("r"), number + 1)
            hidden = b' hidden="1"' if element.get("hidden") in ("1", "true") else b""
            rows.append(b'<row r="%d"%s>%s</row>' % (number, hidden, b"".join(_regular_cells(name, element, number))))
        elif element.get("ref") is not None:
            behind.append(b'<mergeCell ref="%s"/>' % element.get("ref").upper().encode("ascii", "ignore"))
        elif len(element):
            behind.append(b'<filterColumn colId="0"><filters/></filterColumn>')
    return b"".join((*rows, *behind, b"</worksheet>"))


def _number(name: str, said: str | None, otherwise: int) -> int:
    """A row's number, which may be left out."""
    if said is None:
        return otherwise
    if not re.fullmatch(r"0*[1-9]\d{0,6}", said) or int(said) > LAST_ROW:
        raise _refuse("R10", reason=f"工作表“{name}”的行号写得不对（{said[:20]}）")
    return int(said)


def _regular_cells(name: str, row: etree._Element, number: int) -> Iterator[bytes]:
    column = 0
    for cell in row.iterchildren("{*}c"):
        column, at = column + 1, cell.get("r")
        own = number
        if at is not None:
            match = _ADDRESS.fullmatch(at)
            own, column = (int(match[2]), column_number(match[1].upper().encode())) if match else (0, 0)
        if not 0 < own <= LAST_ROW or not 0 < column <= LAST_COLUMN:
            raise _refuse("R10", reason=f"工作表“{name}”有单元格的地址写得不对（{(at or '')[:20]}）")
        if not len(cell):  # only a format
            continue
        inside = []
        for child in cell.iterchildren("{*}f", "{*}v", "{*}is"):
            kind = child.tag.rpartition("}")[2]
            text = escape(_shown(child) if kind == "is" else child.text or "")
            text = f'<t xml:space="preserve">{text}</t>' if kind == "is" else text
            inside.append(f"<{kind}>{text}</{kind}>")
        said = "".join(f' {key}="{value}"' for key in ("s", "t") if (value := cell.get(key)) and value.isalnum())
        yield f'<c r="{column_letters(column)}{own}"{said}>{"".join(inside)}</c>'.encode()


def _shown(text: etree._Element) -> str:
    """What stands in a text, without the pronunciation beside it; blanks at an end count only where it says so."""
    parts = (part for part in text.iter("{*}t") if not part.getparent().tag.endswith("rPh"))
    return "".join((part.text or "") if part.get(_SPACE) else (part.text or "").strip(" \t\r\n") for part in parts)


def _plain_texts(xml: bytes) -> bytes:
    """The shared texts written in the usual way, and without the number that a reader might make room for before it counts."""
    if _interrupted(xml) or _PREFIXED_TEXT.search(xml):
        texts = (escape(_shown(text)) for text in _elements(xml, "si"))
        return b"<sst>" + "".join(f'<si><t xml:space="preserve">{text}</t></si>' for text in texts).encode() + b"</sst>"
    head = re.search(rb"<sst(?:\s[^<>]*)?>", xml)
    return b"" if head is None or head[0].endswith(b"/>") else b"<sst>" + xml[head.end() :]


def _check_texts(texts: bytes, sheets: dict[str, bytes]) -> None:
    """Refuse where the cells together show far more text than stands in the file."""
    lengths = [len(text) for text in re.split(rb"<si[\s/>]", texts)[1:]]
    cells = sum(map(len, sheets.values())) // len('<c r="A1" t="s"><v>0</v></c>')
    if max(lengths, default=0) * cells <= MAX_TEXT:
        return
    uses = Counter(int(text) for xml in sheets.values() for text in _TEXT_OF.findall(xml))
    if sum(lengths[text] * count for text, count in uses.items() if text < len(lengths)) > MAX_TEXT:
        raise _refuse("R10", reason="重复的长文字太多")


def column_number(letters: bytes) -> int:
    """The 1-based number of a column: A -> 1, AA -> 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def odd_formats(styles: bytes) -> dict[int, str]:
    """Number formats that may show another thing than the cell holds, by the number of the cell style that has them."""
    if not _FORMAT.search(styles):
        return {}
    tree = parse(styles)
    codes = {item.get("numFmtId"): item.get("formatCode", "") for item in tree.iter("{*}numFmt")}
    codes = {number: code for number, code in codes.items() if odd(code)}
    used = [one.get("numFmtId") for one in tree.iterfind("{*}cellXfs/{*}xf")]
    return {place: codes[number] for place, number in enumerate(used) if number in codes}


def scan(xml: bytes, formats: Mapping[int, str] | None = None) -> Unseen:
    """What the reader of cell values hides of a worksheet (its XML as `look` gives it); `formats` as of `odd_formats`."""
    cells: dict[tuple[int, int], CellError | Stale | Picture] = {}
    end = max(xml.rfind(b"</sheetData>"), 0)
    tail = xml[end:]  # what is said of the sheet as a whole stands behind its cells
    # the rarer byte first
    if b"<f" in tail or (xml.find(b"f", xml.find(b"<sheetData") + 1, end) >= 0 and b"<f" in xml):
        cells |= dict.fromkeys(_unvalued(xml), STALE)
    if b' t="e"' in xml:
        cells |= {(int(m[2]), column_number(m[1])): _error(m) for m in _ERROR.finditer(xml)}
    if b"(" in xml and (b"IMG(" in xml or b"IMAGE(" in xml):
        cells |= {(int(m[2]), column_number(m[1])): PICTURE for m in _IMAGE.finditer(xml)}
    shows = {}
    for style in _STYLED.finditer(xml) if formats else ():
        if int(style[3]) in formats:
            shows[int(style[2]), column_number(style[1])] = formats[int(style[3])]
    hidden = frozenset(map(int, _ROW.findall(xml))) if _HIDDEN.search(xml) else frozenset()
    merged = tuple((int(m[2]), column_number(m[1]), int(m[4]), column_number(m[3])) for m in _MERGED.finditer(tail))
    return Unseen(cells, merged, hidden, bool(_CRITERIA.search(tail)), shows)


def _error(cell: re.Match[bytes]) -> CellError | Picture:
    """An error cell; a picture where its value stands apart (vm), which readers that know no pictures show as #VALUE!."""
    picture = cell[3] == b"#VALUE!" and b" vm=" in cell[0].partition(b">")[0]
    return PICTURE if picture else CellError((cell[3] or b"#N/A").decode())


def _unvalued(xml: bytes) -> Iterator[tuple[int, int]]:
    """Row and column of each formula without a value."""
    for hit in _UNVALUED.finditer(xml):
        cell = _BEGIN.match(xml, max(xml.rfind(b"<c ", max(hit.start() - _LONGEST, 0), hit.start()), 0))
        if cell and not _OF_TEXT.search(cell[0]):
            yield int(cell[2]), column_number(cell[1])
