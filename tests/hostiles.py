"""The smallest workbook and list of each kind that has killed or stalled a reader, and mutants of workbooks. For tests of what cannot be opened.

`WORKBOOKS` and `LISTS` map a kind to what makes its bytes; `mutant` changes a workbook at random, the same way for the same number.
"""

import io
import random
import re
import zipfile

from kongchuo.core import schema as schemas

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
ROSTER = schemas.default().sheets["roster"]
PUPIL = {"student_key": "XS0000001", "name": "示甲", "sex": "女", "status": "在读"}
FAR = "4294967295"


def text(address, value):
    return f'<c r="{address}" t="inlineStr"><is><t>{value}</t></is></c>'


def letters(number):
    return chr(64 + number) if number <= 26 else f"A{chr(64 + number - 26)}"


def rows(more=""):
    """A roster's header and one pupil, with more rows behind."""
    titles = [item.title for item in ROSTER.typed]
    pupil = [PUPIL.get(item.name, "") for item in ROSTER.typed]
    head = "".join(text(f"{letters(place)}1", title) for place, title in enumerate(titles, start=1))
    body = "".join(text(f"{letters(place)}2", value) for place, value in enumerate(pupil, start=1) if value)
    return f'<row r="1">{head}</row><row r="2">{body}</row>{more}'


def sheet(more="", behind="", before="", end="</worksheet>"):
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows(more)}</sheetData>{behind}{end}'


def package(xml=None, *, titles=(ROSTER.title,), links="", parts=(), files=()):
    """A workbook whose worksheets all hold the XML; `links` and `parts` are put beside, `files` = (name, data) come last."""
    listed = "".join(f'<sheet name="{one}" sheetId="{n}" r:id="rId{n}"/>' for n, one in enumerate(titles, start=1))
    link = '<Relationship Id="rId{}" Type="{}/worksheet" Target="worksheets/sheet{}.xml"/>'
    made = {
        "_rels/.rels": f'<Relationships xmlns="{LINKS}"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{LINKS}">{"".join(link.format(n, OFFICE, n) for n in range(1, len(titles) + 1))}{links}</Relationships>',
        **{f"xl/worksheets/sheet{n}.xml": xml or sheet() for n in range(1, len(titles) + 1)},
        **dict(parts),
    }
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as out:
        for name, part in (*made.items(), *files):
            out.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)  # with no date: the same bytes every time
    return data.getvalue()


def shared(head, *texts):
    return f'<sst xmlns="{MAIN}" {head}>{"".join(f"<si><t>{one}</t></si>" for one in texts)}</sst>'


def link(kind, target, key="rId99"):
    return f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target="{target}"/>'


def cell(address, inside="<v>1</v>", more=""):
    return package(sheet(f'<row r="3"><c r="{address}"{more}>{inside}</c></row>'))


def error(row, behind="", end="</worksheet>"):
    return package(sheet(f'<row r="{row}"><c r="B3" t="e"><v>#N/A</v></c></row>', behind, end=end))


def texts(head, **more):
    return package(
        links=link("sharedStrings", "sharedStrings.xml"), parts={"xl/sharedStrings.xml": shared(head, "一")}, **more
    )


def prefixed(prefix="x"):
    xml = sheet().replace("xmlns=", f"xmlns:{prefix}=")
    return package(re.sub(r"<(/?)(?=\w)", rf"<\1{prefix}:", xml))


def comment(words, times):
    return package(sheet(behind=f"<!--{words * times}-->"))


def merges(areas):
    return package(
        sheet(behind=f"<mergeCells>{''.join(f'<mergeCell ref={area!r}/>' for area in areas)}</mergeCells>").replace(
            "'", '"'
        )
    )


def long_text(length, cells):
    """One text of a length shown by so many cells."""
    lines = "".join(f'<row r="{n}"><c r="B{n}" t="s"><v>0</v></c></row>' for n in range(3, cells + 3))
    parts = {"xl/sharedStrings.xml": shared("", "长" * length)}
    return package(sheet(lines), links=link("sharedStrings", "sharedStrings.xml"), parts=parts)


def version(digits):
    value = f'<property name="kongchuo_version"><vt:i4 xmlns:vt="x">{"1" * digits}</vt:i4></property>'
    return package(parts={"docProps/custom.xml": f"<Properties>{value}</Properties>"})


def bomb(part, unpacked=200 << 20):
    return package(files=[(part, bytes(unpacked))])


READ, SHEET, REFUSED = "read", "without its sheet", "refused"  # what has to become of a kind
_CUSTOM = "<?xml version='1.0' encoding='UTF-16'?><a/>"
WORKBOOKS = {  # kind -> (what has to become of it, what makes it)
    "as written": (READ, package),
    "address in small letters": (REFUSED, lambda: cell("xfd1048576")),
    "address with zeros in front": (REFUSED, lambda: cell("XFD0001048576")),
    "address behind a dollar": (REFUSED, lambda: cell("$XFD$1048576")),
    "address of four letters": (REFUSED, lambda: cell("ZZZZ2")),
    "address of ten letters": (REFUSED, lambda: cell("ZZZZZZZZZZ2")),
    "address of ten digits": (REFUSED, lambda: cell("A9999999999")),
    "address without a row": (REFUSED, lambda: cell("A")),
    "address with a blank": (REFUSED, lambda: cell(" XFD1048576")),
    "far and regular": (REFUSED, lambda: cell("XFD1048576")),
    "far and empty": (READ, lambda: cell("XFD1048576", inside="")),
    "far, without addresses": (REFUSED, lambda: package(sheet(f'<row r="1048576">{"<c><v>1</v></c>" * 300}</row>'))),
    "far, address after its style": (REFUSED, lambda: package(sheet('<row r="3"><c s="0" r="XFD1048576"><v>1</v></c></row>'))),
    "two sheets of one name": (REFUSED, lambda: package(titles=(ROSTER.title, ROSTER.title))),
    "two parts but for the slash": (REFUSED, lambda: package(files=[("xl\\worksheets\\sheet1.xml", sheet())])),
    "parts with backslashes": (READ, lambda: package().replace(b"xl/worksheets/", b"xl\\worksheets\\")),
    "count in single quotes": (READ, lambda: texts(f"uniqueCount='{FAR}'")),
    "count between blanks": (READ, lambda: texts(f'uniqueCount = "{FAR}"')),
    "count in a part not linked": (READ, lambda: package(parts={"xl/sharedStrings.xml": shared(f'uniqueCount="{FAR}"')})),
    "count in a part of the usual name": (
        READ,
        lambda: package(
            links=link("sharedStrings", "others.xml"),
            parts={"xl/others.xml": shared("", "一"), "xl/sharedStrings.xml": shared(f'uniqueCount="{FAR}"')},
        ),
    ),
    "count smaller than the texts": (READ, lambda: texts('count="0" uniqueCount="0"')),
    "error in a row of eight digits": (REFUSED, lambda: error(99999999)),
    "error in a row of ten digits": (REFUSED, lambda: error(9999999999)),
    "error in a row of another number": (READ, lambda: error(900000)),
    "formula without value, far row": (REFUSED, lambda: package(sheet('<row r="88888888"><c r="A3"><f>1+1</f></c></row>'))),
    "error before rubbish": (READ, lambda: error(3, behind="<a><b></a>")),
    "error in what is not closed": (READ, lambda: error(3, end="")),
    "error in a comment": (READ, lambda: package(sheet(behind='<!-- <c r="B9999999" t="e"> -->'))),
    "attribute twice": (SHEET, lambda: cell("B3", more=' t="e" t="e"')),
    "cells in a comment": (READ, lambda: comment("<c ", 300_000)),
    "cells that never end": (REFUSED, lambda: package(sheet('<row r="3">' + '<c r="A3" ' * 200_000))),
    "rows that never end": (REFUSED, lambda: package(sheet('<row r="3" ' * 200_000))),
    "formulas that never end": (SHEET, lambda: package(sheet(f'<row r="3"><c r="A3"><f>1</f><v>1</v></c></row>{"</f><v" * 100_000}'))),
    "merges in a comment": (READ, lambda: comment("<mergeCell ", 100_000)),
    "merges that never end": (READ, lambda: package(sheet(behind="<mergeCell " * 200_000))),
    "tall merges": (READ, lambda: merges([f"A{n}:A9999999" for n in range(3, 3000)])),
    "tall merges in the data": (SHEET, lambda: merges(["B2:B9999999"] * 3000)),
    "merges over one another": (SHEET, lambda: merges(["A1:AF2"] * 3000)),
    "long text in many cells": (REFUSED, lambda: long_text(30_000, 40_000)),
    "number formats that are not closed": (
        REFUSED,
        lambda: package(
            links=link("styles", "styles.xml"),
            parts={"xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="00;;"/>'},
        ),
    ),
    "version of 5,000 digits": (REFUSED, lambda: version(5000)),
    "prefix x": (READ, prefixed),
    "prefix c": (READ, lambda: prefixed("c")),
    "another encoding where nobody reads": (READ, lambda: package(parts={"customXml/item1.xml": _CUSTOM.encode("utf-16")})),
    "another encoding where we read": (REFUSED, lambda: package(sheet().encode("utf-16"))),
    "entities": (REFUSED, lambda: package(f'<!DOCTYPE a [<!ENTITY b "{"c" * 999}">]>' + sheet())),
    "bomb in a sheet": (REFUSED, lambda: package(b" " * (150 << 20) + sheet().encode())),
    "bomb in a picture": (READ, lambda: bomb("xl/media/image1.png", 20 << 20)),
    "10,000 attributes": (READ, lambda: package(sheet(before=f"<sheetPr {' '.join(f'a{n}={chr(34)}1{chr(34)}' for n in range(10_000))}/>"))),
    "deep": (REFUSED, lambda: package(sheet(behind="<a>" * 300_000).replace("</worksheet>", "") + "<!---->")),
    "no sheets": (READ, lambda: package(titles=())),
    "300 sheets": (REFUSED, lambda: package(titles=[f"表{n}" for n in range(300)])),
    "3,000 parts": (REFUSED, lambda: package(files=[(f"xl/a{n}.xml", "") for n in range(3000)])),
    "a way out": (REFUSED, lambda: package(files=[("../../x", "")])),
    "nothing": (REFUSED, lambda: b""),
    "no zip": (REFUSED, lambda: b"PK\3\4" * 500),
}  # fmt: skip

NAMES = "姓名,出生日期,学校\n示甲,2012-03-04,示例中学\n"
LISTS = {  # kind -> what makes a csv
    "commas and lines": lambda: (NAMES + "," * 20_000 + "\n" * 20_000).encode(),
    "one line": lambda: (NAMES + "示" * 3_000_000).encode(),
    "only quotes": lambda: b'"' * 3_000_000,
    "no end of a quote": lambda: (NAMES + '"' + "示甲,\n" * 300_000).encode(),
    "every line a person": lambda: (NAMES + "示乙,2012-03-05,示例中学\n" * 50_000).encode(),
    "zeros": lambda: NAMES.encode() + bytes(1000),
}


# --- mutants ------------------------------------------------------------------------------------------------------------
SPECIAL = (  # (what is looked for, what takes its place), anywhere in a part
    (rb'r="[A-Z]+\d+"', b'r="ZZZZ99999999"'), (rb'r="[A-Z]+\d+"', b'r="xfd1048576"'), (rb'r="[A-Z]+\d+"', b'r=""'), (rb' r="[A-Z]+\d+"', b""),
    (rb'<row r="\d+"', b'<row r="99999999"'), (rb'<row r="\d+"', b"<row"), (rb"</sheetData>", b"</sheetData><!--"), (rb"</worksheet>", b""),
    (rb"<v>", b"<v>&#7;"), (rb"<v>", b"<v>\x00"), (rb't="s"', b't="e"'), (rb't="s"', b't="s" t="e"'), (rb's="\d+"', b's="99999"'),
    (rb"<si>", b"<si/><si>"), (rb'uniqueCount="\d+"', b'uniqueCount="4294967295"'), (rb'count="\d+"', b'count="-1"'),
    (rb'ref="[A-Z0-9:]+"', b'ref="A1:XFD1048576"'), (rb'ref="[A-Z0-9:]+"', b'ref="nothing"'), (rb'Id="rId\d+"', b'Id="rId1"'), (rb'r:id="rId\d+"', b'r:id="rId77"'),
    (rb'Target="[^"]*"', b'Target="../../../x"'), (rb'Target="[^"]*"', b'Target=""'), (rb'sheetId="\d+"', b'sheetId="one"'), (rb'name="[^"]*"', b'name=""'),
    (rb"<definedName [^<]*</definedName>", b""), (rb"<cellXfs.*?</cellXfs>", b""), (rb"<fills.*?</fills>", b"<fills/>"), (rb"<dxfs.*?</dxfs>", b"<dxfs/>"),
    (rb"<dxfs", b"<nothing"), (rb"<sheets>.*</sheets>", b"<sheets/>"), (rb"<f>", b'<f t="shared" si="99999999999">'), (rb"xmlns=\"[^\"]*\"", b'xmlns="x"'),
    (rb'sqref="[^"]*"', b'sqref="ZZZZZZ1"'), (rb'sqref="[^"]*"', b'sqref="A1:XFD1048576"'), (rb"<cols>.*?</cols>", b"<cols/>"), (rb'max="\d+"', b'max="99999999999"'),
    (rb'numFmtId="\d+"', b'numFmtId="x"'), (rb'spans="[^"]*"', b'spans="1:99999999"'), (rb"PartName=\"[^\"]*\"", b'PartName=""'), (rb"<row ", b"<!-- --><row "),
    (rb'localSheetId="\d+"', b'localSheetId="x"'), (rb'hidden="1"', b"hidden='maybe'"), (rb'activeTab="\d+"', b'activeTab="x"'), (rb"<t[ >]", b"<t xml:space='x'><t>"),
)  # fmt: skip


def mutant(data, number, prefer="worksheets"):
    """A workbook changed at random: bytes of the file, bytes or markup of a part, a part gone, doubled or emptied."""
    chance = random.Random(number)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = {info.filename: package.read(info) for info in package.infolist()}
    kind = chance.choices(("special", "bytes", "cut", "part", "file"), (60, 15, 10, 10, 5))[0]
    if kind == "file":
        raw = bytearray(data)
        for _ in range(chance.randint(1, 20)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        return bytes(raw)
    names = list(parts)
    name = chance.choice([one for one in names if prefer in one] if chance.random() < 0.5 else names)
    part = parts[name]
    if kind == "special":
        there = [(found, by) for old, by in SPECIAL if (found := list(re.finditer(old, part, re.S)))]
        for found, by in chance.sample(there, min(len(there), chance.randint(1, 2))):
            hit = chance.choice(found)
            if part[hit.start() : hit.end()] == hit[0]:  # the first has not moved the second
                part = part[: hit.start()] + by + part[hit.end() :]
        parts[name] = part
    elif kind == "bytes" and part:
        raw = bytearray(part)
        for _ in range(chance.randint(1, 5)):
            raw[chance.randrange(len(raw))] = chance.choice(b"<>&\"'/=:;!?-\x00 aA09\xff")
        parts[name] = bytes(raw)
    elif kind == "cut":
        start = chance.randrange(len(part) + 1)
        parts[name] = part[:start] + part[min(len(part), start + chance.randint(1, 3000)) :]
    elif kind == "part":
        other = chance.choice(names)
        parts[name] = chance.choice((b"", parts[other], b"<x/>"))
        if chance.random() < 0.5:
            del parts[other]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for one, content in parts.items():
            made.writestr(one, content)
    return out.getvalue()
