"""An xlsx package opened for changing: a few parts are replaced, every other part keeps its bytes; what its cells hold, as text."""

import copy
import html
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from functools import cached_property
from io import BytesIO
from typing import ParamSpec, TypeVar
from xml.sax.saxutils import escape

from lxml import etree

from ..core import processes
from ..core.findings import UserError, fault
from . import package_guard, result_sheet

DECLARED = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
KEEP_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def canonical(data: bytes) -> bytes:
    """The same for two parts that say the same."""
    return etree.tostring(package_guard.parse(data), method="c14n")


def plain(text: str) -> str:
    """A text without the characters that no XML may hold; cells have them escaped, and messages quote cells."""
    return _FORBIDDEN.sub("", text)


def escaped(text: str) -> str:
    """A text as it is written in XML."""
    return escape(plain(text), {"\r": "&#13;"})


# --- the package ------------------------------------------------------------------------------------------------------
# No library does this: those that can edit a workbook write all of it again and lose what they do not know (reference excel.md
# 3.1). A part is replaced whole, as bytes or as the tree of its XML; a tree that comes out equal leaves the part as it was.
Asked = ParamSpec("Asked")
Given = TypeVar("Given")

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
CONTENT_TYPES = "[Content_Types].xml"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
DAMAGED = "文件里有不合规范的内容，改了会更坏；请用 Excel 或 WPS 打开，另存后再运行"
# what reading meets in no file that we write
DAMAGE = (etree.LxmlError, LookupError, ValueError, AttributeError, TypeError, zipfile.BadZipFile)
_WHY = {"R03": "设有打开密码", "R11": "是旧格式文件，请另存为 .xlsx"}


class Refused(Exception):
    """The workbook must not be changed. `str()` says why, in Chinese, as the end of a sentence about the file."""


def changed_apart(work: Callable[Asked, Given], *args: Asked.args, size: int) -> Given:
    """What a function that changes a workbook gives, worked out in a process apart; `size` is the workbook's in bytes.

    Raises Refused where the workbook may not be changed, and for whatever else it raises or dies of: the next one goes on.
    """
    try:
        return processes.call(_changed, work, *args, size=size)
    except processes.Died as died:
        raise Refused(f"{died}，可能有人做了手脚或已损坏；请新建一份模板，把数据用“选择性粘贴—数值”粘贴过去") from died
    except (Refused, UserError, OSError):
        raise
    except Exception as error:
        fault("工作簿改不了", error)
        raise Refused(DAMAGED) from error


def _changed(work: Callable[Asked, Given], *args: Asked.args) -> Given:
    """Refuse for what damage makes of reading XML, in the process apart: lxml's errors cannot leave it."""
    try:
        return work(*args)
    except DAMAGE as error:  # no two damaged files are damaged alike
        raise Refused(DAMAGED) from error


class Package:
    """The parts of a workbook; `ns` is its main namespace, `workbook` the name of the workbook part, `sheets` title -> part."""

    def __init__(self, data: bytes) -> None:
        """Open the bytes of a file. Raises Refused for what cannot be changed safely."""
        looked = package_guard.look(data)
        if isinstance(looked, package_guard.Refusal):
            raise Refused(_WHY.get(looked.code) or looked.facts.get("reason", "不是能改的工作簿"))
        self._data, self._zip = data, zipfile.ZipFile(BytesIO(data))
        self._infos = self._zip.infolist()
        # names differ in case only by accident
        self._names = {package_guard.part_name(info.filename): info.filename for info in self._infos}
        self._new: dict[str, bytes] = {}
        self._trees: dict[str, etree._Element] = {}
        self._before: dict[str, bytes] = {}  # how each tree was written before anybody changed it
        self._dropped: set[str] = set()
        if any(name.startswith("_xmlsignatures/") for name in self._names):
            raise Refused("有数字签名，改动会使签名失效")
        try:
            for info in self._infos:
                if not package_guard.part_name(info.filename).endswith((".xml", ".rels")):  # those have been looked at
                    self._zip.read(info)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
            raise Refused("文件已损坏") from error
        self.workbook = self.linked("", "officeDocument") or "xl/workbook.xml"
        self.ns = etree.QName(self.tree(self.workbook)).namespace
        if self.ns == STRICT:  # it is read, but holds dates as text and has no notes as we write them
            raise Refused("是“Strict Open XML 电子表格”，请另存为普通的“Excel 工作簿（.xlsx）”")
        if self.ns != MAIN:
            raise Refused("不是认得的工作簿格式")
        of = {link.id: link for link in self.links(self.workbook)}
        listed = self.tree(self.workbook).find(self.tag("sheets"))
        ids = ((sheet.get("name"), of.get(sheet.get(f"{{{LINKS}}}id"))) for sheet in listed)
        self.sheets = {title: link.part for title, link in ids if link and link.kind == "worksheet"}

    # --- names --------------------------------------------------------------------------------------------------------
    def tag(self, name: str) -> str:
        """The qualified tag of an element of the main namespace."""
        return f"{{{self.ns}}}{name}"

    def _real(self, part: str) -> str:
        return self._names.get(package_guard.part_name(part), part)

    def has(self, part: str) -> bool:
        """Whether the package holds a part."""
        there = package_guard.part_name(part) in self._names and package_guard.part_name(part) not in self._dropped
        return there or self._real(part) in self._new

    def names(self) -> list[str]:
        """The names of all parts."""
        there = dict.fromkeys(
            name for name in self._names.values() if package_guard.part_name(name) not in self._dropped
        )
        return list(there | dict.fromkeys(self._new))

    def free(self, pattern: str) -> str:
        """The first name of a pattern such as "xl/comments{}.xml" that no part has."""
        return next(name for number in range(1, 100_000) if not self.has(name := pattern.format(number)))

    @cached_property
    def texts(self) -> list[bytes]:
        """The XML of each of the shared texts."""
        part = self.linked(self.workbook, "sharedStrings")
        return re.split(rb"<(?:\w+:)?si\b", self.read(part))[1:] if part else []

    # --- parts --------------------------------------------------------------------------------------------------------
    def read(self, part: str) -> bytes:
        """The bytes of a part as it stands now. Raises KeyError where there is none."""
        name = self._real(part)
        if name in self._trees:
            return etree.tostring(self._trees[name], encoding="UTF-8")
        return self._new[name] if name in self._new else self._zip.read(name)

    def tree(self, part: str) -> etree._Element:
        """The tree of a part; what is changed in it is in the package."""
        name = self._real(part)
        if name not in self._trees:
            self._trees[name] = package_guard.parse(self.read(part))
            self._before[name] = etree.tostring(self._trees[name], encoding="UTF-8")
        return self._trees[name]

    def write(self, part: str, data: bytes) -> None:
        """Replace a part, or add one."""
        name = self._real(part)
        self._trees.pop(name, None)
        self._dropped.discard(package_guard.part_name(name))
        self._new[name] = data

    def plant(self, part: str, tree: etree._Element) -> None:
        """Replace a part by a tree, or add one."""
        self.write(part, b"")
        self._trees[self._real(part)] = tree

    # --- links and types ----------------------------------------------------------------------------------------------
    def links(self, part: str) -> list[package_guard.Link]:
        """What a part ("": the package itself) links to."""
        rels = package_guard.rels_of(part)
        return package_guard.links_in(self.tree(rels), part) if self.has(rels) else []

    def linked(self, part: str, kind: str) -> str:
        """The part of a kind ("comments", "styles" ...) that a part links to, or nothing."""
        return next((link.part for link in self.links(part) if link.kind == kind and link.part), "")

    def link(self, part: str, kind: str, target: str) -> str:
        """Link a part to another; returns the id."""
        rels = package_guard.rels_of(part)
        if not self.has(rels):
            # LibreOffice names each such part by itself, so that a new one may have no type yet
            self.type_of(extension="rels", content="application/vnd.openxmlformats-package.relationships+xml")
            self.plant(rels, etree.Element(f"{{{RELS}}}Relationships", nsmap={None: RELS}))
        used = {link.id for link in self.links(part)}
        new = next(name for number in range(1, 100_000) if (name := f"rId{number}") not in used)
        kind = f"{LINKS}/{kind}"
        etree.SubElement(self.tree(rels), f"{{{RELS}}}Relationship", Id=new, Type=kind, Target=f"/{target}")
        return new

    def type_of(self, *, part: str = "", extension: str = "", content: str) -> None:
        """Say of a part, or of all parts with an extension, what they are; nothing where it is said already."""
        tree = self.tree(CONTENT_TYPES)
        said = {(item.get("PartName") or item.get("Extension") or "").casefold() for item in tree}
        if extension and extension.casefold() not in said:
            tree.insert(0, etree.Element(f"{{{TYPES}}}Default", Extension=extension, ContentType=content))
        if part and f"/{part}".casefold() not in said:
            etree.SubElement(tree, f"{{{TYPES}}}Override", PartName=f"/{part}", ContentType=content)

    def drop(self, owner: str, part: str) -> None:
        """Take out a part that `owner` links to, with the link and its type; nothing where there is none."""
        if not part or not self.has(part):
            return

        def remove(tree: etree._Element, key: str, value: str) -> None:
            for item in [item for item in tree if (item.get(key) or "").casefold() == value.casefold()]:
                tree.remove(item)

        rels, types = self.tree(package_guard.rels_of(owner)), self.tree(CONTENT_TYPES)
        for link in self.links(owner):
            if link.part.casefold() == part.casefold():
                remove(rels, "Id", link.id)
        remove(types, "PartName", f"/{part}")
        self._forget(part)
        if not len(rels):
            self._forget(package_guard.rels_of(owner))
        if part.endswith(".vml") and not any(name.casefold().endswith(".vml") for name in self.names()):
            remove(types, "Extension", "vml")

    def _forget(self, part: str) -> None:
        name = self._real(part)
        self._new.pop(name, None)
        self._trees.pop(name, None)
        self._dropped.add(package_guard.part_name(name))

    def add_sheet(self, title: str, tree: etree._Element) -> str:
        """Add a worksheet at the end, where it moves no other; returns its part."""
        part = self.free("xl/worksheets/sheet{}.xml")
        self.plant(part, tree)
        self.type_of(part=part, content=SHEET)
        link = self.link(self.workbook, "worksheet", part)
        sheets = self.tree(self.workbook).find(self.tag("sheets"))
        number = max((int(sheet.get("sheetId")) for sheet in sheets), default=0) + 1
        etree.SubElement(sheets, self.tag("sheet"), name=title, sheetId=str(number)).set(f"{{{LINKS}}}id", link)
        self.sheets[title] = part
        return part

    def sheet_id(self, title: str) -> str:
        """The number by which calcChain.xml knows a worksheet."""
        sheets = self.tree(self.workbook).find(self.tag("sheets"))
        return next(sheet.get("sheetId") for sheet in sheets if sheet.get("name") == title)

    # --- out ----------------------------------------------------------------------------------------------------------
    def changed(self) -> dict[str, bytes]:
        """The parts that differ from what was opened, by name."""
        new = {name: data for name, data in self._new.items() if name not in self._trees}
        found = {name: data for name, data in new.items() if not self._same(name, data)}
        for name, tree in self._trees.items():
            data = etree.tostring(tree, encoding="UTF-8")
            before = self._before[name] if name in self._before and name not in self._new else None
            if data == before:
                continue
            # another length is another content; the same may be the same attributes in another order
            if (before is not None and len(before) != len(data)) or not self._same(name, data):
                found[name] = DECLARED + data
        return found

    def _same(self, name: str, data: bytes) -> bool:
        if package_guard.part_name(name) not in self._names or package_guard.part_name(name) in self._dropped:
            return False
        before = self._zip.read(name)
        return before == data or (name.endswith((".xml", ".rels")) and canonical(before) == canonical(data))

    def _copy(self, info: zipfile.ZipInfo, made: zipfile.ZipFile) -> None:
        """Copy a part packed as it is: unpacking and packing again would take most of the time."""
        start = info.header_offset + 26
        start += 4 + sum(struct.unpack("<HH", self._data[start : start + 4]))
        info = copy.copy(info)
        info.flag_bits &= ~8  # its sizes stand before it, not behind
        info.header_offset = made.fp.tell()
        made.fp.write(info.FileHeader())
        made.fp.write(self._data[start : start + info.compress_size])
        made.filelist.append(info)
        made.NameToInfo[info.filename] = info
        made.start_dir = made.fp.tell()

    def data(self) -> bytes:
        """The workbook as the bytes of a file; unchanged parts keep bytes, order, date and way of packing."""
        new, out = self.changed(), BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
            for info in self._infos:
                if package_guard.part_name(info.filename) in self._dropped:
                    continue
                data = new.pop(info.filename, None)
                if data is None:
                    self._copy(info, made)
                else:
                    made.writestr(copy.copy(info), data, compress_type=info.compress_type)
            for name, data in new.items():
                made.writestr(zipfile.ZipInfo(name, self._infos[0].date_time), data, zipfile.ZIP_DEFLATED)
        return out.getvalue()


def split(address: str) -> tuple[int, int]:
    """Row and column of an address: D8 -> (8, 4)."""
    letters, row = re.fullmatch(r"\$?([A-Z]{1,3})\$?(\d+)", address).groups()
    return int(row), package_guard.column_number(letters.encode())


# --- What cells of a workbook hold, as the text that a spreadsheet program makes of it ------------------------------
SURE = 11  # digits of a whole number that every program writes alike
_ROW = re.compile(rb'<(?:\w+:)?row(?=\s)[^>]*?\sr="(\d+)"')
Cell = str | float  # what a cell holds as text; a number where programs may write it in different ways


class Cells:
    """What cells of a package hold, as text, looking only at the rows asked for."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._sheets: dict[str, tuple[bytes, bytes, dict[int, tuple[int, int]]]] = {}
        self._rows: dict[tuple[str, int], dict[str, etree._Element]] = {}

    def _shared(self, number: int) -> str:
        """A shared text; what is only pronounced (rPh) is not part of it."""
        text = re.sub(rb"<(?:\w+:)?rPh\b.*?</(?:\w+:)?rPh>", b"", self._package.texts[number], flags=re.S)
        found = re.findall(rb"<(?:\w+:)?t(?:\s[^>]*)?>([^<]*)</", text)
        return html.unescape(b"".join(found).decode().replace("\r\n", "\n"))

    def _places(self, title: str) -> tuple[bytes, bytes, dict[int, tuple[int, int]]]:
        """The XML of a worksheet, an element that has its namespaces, and where each row begins and ends."""
        if title not in self._sheets:
            xml = self._package.read(self._package.sheets[title])
            root = re.search(rb"<[A-Za-z][^>]*>", xml)[0]
            starts = [(int(found[1]), found.start()) for found in _ROW.finditer(xml)]
            ends = [start for _, start in starts[1:]] + [max(xml.rfind(b"sheetData>"), 0)]
            rows = {number: (start, end) for (number, start), end in zip(starts, ends, strict=True)}
            self._sheets[title] = xml, root, rows
        return self._sheets[title]

    def _row(self, title: str, number: int) -> dict[str, etree._Element]:
        if (title, number) not in self._rows:
            xml, root, rows = self._places(title)
            start, end = rows.get(number, (0, 0))
            row = xml[start:end]
            row = row[: row.rfind(b">") + 1]  # what follows the last row is the beginning of its parent's end
            closing = b"</" + re.match(rb"<([\w:]+)", root)[1] + b">"
            cells = etree.fromstring(root + row + closing).iter(self._package.tag("c"))
            self._rows[title, number] = {cell.get("r", ""): cell for cell in cells}
        return self._rows[title, number]

    def text(self, title: str, address: str) -> Cell:
        """What the cell at an address of a worksheet holds (see `value`); "" where there is none."""
        cell = self._row(title, split(address)[0]).get(address)
        return "" if cell is None else self.value(cell)

    def value(self, cell: etree._Element) -> Cell:
        """What `cell&""` gives in a spreadsheet program; a number where that is not sure, "#" for an error."""
        kind, value = cell.get("t", "n"), cell.find(self._package.tag("v"))
        if kind == "inlineStr":
            return "".join(part.text or "" for part in cell.iter(self._package.tag("t")))
        text = (value.text or "") if value is not None else ""
        if kind == "s":
            return self._shared(int(text)) if text else ""
        if kind == "e":
            return result_sheet.ERROR
        if kind == "b":
            return "TRUE" if text == "1" else "FALSE"
        return number(float(text)) if kind == "n" and text else text


def number(value: float) -> Cell:
    """What `cell&""` gives for a number, as far as that is sure."""
    return str(int(value)) if value == int(value) and abs(value) < 10**SURE else value


def spelt(parts: Sequence[Cell]) -> tuple[str, str]:
    """Cells one after the other: as text, and as a formula ("" where the text is sure).

    NOW makes a program work the formula out when it opens the file: LibreOffice would go by our text, and take a long number for
    mended that it writes in another way.
    """
    text = result_sheet.BETWEEN.join(part if isinstance(part, str) else f"{part:.15g}" for part in parts)
    if all(isinstance(part, str) for part in parts):
        return text, ""
    pieces = (_quoted(part) if isinstance(part, str) else f"{part!r}".upper() for part in parts)
    joined = f'&"{result_sheet.BETWEEN}"&'.join(pieces)
    return text, f'IF(NOW()>0,{joined},"")'


def _quoted(text: str) -> str:
    """A text as Excel writes it in a formula; one of more than 255 characters is put together from pieces."""
    pieces = [text[start : start + 250] for start in range(0, len(text), 250)] or [""]
    return "&".join('"' + piece.replace('"', '""') + '"' for piece in pieces)
