"""Workbooks with everything in them that other programs lose when they edit a file (reference excel.md 3.1)."""

import io
import struct
import zipfile
import zlib

import xlsxwriter

MICROSOFT = "http://schemas.microsoft.com/office"
OPEN = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def picture():
    """A small red PNG."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\xff\0\0" * 4 for _ in range(4)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def dress(page, other):
    """What a worksheet alone can hold: pictures, shapes, buttons, notes, sparklines, validation and formats on another sheet."""
    page.insert_image("AH5", "red.png", {"image_data": io.BytesIO(picture())})
    page.insert_textbox("AH9", "填表前先看说明")
    page.insert_button("AH13", {"macro": "check", "caption": "校验本工作簿"})
    page.write_comment("B3", "问过家长，属实", {"author": "甲老师", "visible": True})
    page.write_comment("AH3", "别处的批注")
    page.add_sparkline("AI3", {"range": f"{other}!A1:C1"})
    page.data_validation("AI5", {"validate": "list", "source": f"={other}!$A$1:$C$1"})
    page.conditional_format("AI6:AI20", {"type": "data_bar", "data_bar_2010": True, "bar_negative_color": "#00FF00"})
    page.set_header("&L&G", {"image_left": "red.png", "image_data_left": io.BytesIO(picture())})
    page.set_row(8, None, None, {"hidden": True})
    page.repeat_rows(0)


def strange(title, other):
    """A workbook somebody made, xlsxwriter's half of it."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page, second = book.add_worksheet(title), book.add_worksheet(other)
    bold, green = (
        book.add_format({"bold": True}),
        book.add_format({"bg_color": "#00FF00", "border": 1, "locked": False}),
    )
    striped = book.add_format({"pattern": 3, "fg_color": "#123456", "num_format": "0.00"})
    date = book.add_format({"num_format": "yyyy-mm-dd", "quote_prefix": True})
    page.write_row("A1", ["姓名", "身份证号", "出生日期", "人数"])
    for row in range(1, 12):
        page.write_rich_string(row, 0, "甲", bold, "春", "梅", green)
        page.write_string(row, 1, f"99000020110315{row:04}", striped if row % 2 else None)
        page.write_number(row, 2, 40617 + row, date)
        page.write_formula(row, 3, f"=LEN(B{row + 1})", green if row % 3 else None, 18)
    page.set_column("F:G", 10, striped)
    page.set_row(15, 30, green)
    page.merge_range("F3:G4", "合并", green)
    page.add_table("J1:K5", {"columns": [{"header": "甲"}, {"header": "乙"}]})
    page.autofilter("A1:D12")
    page.freeze_panes(1, 1)
    second.write_row("A1", [1, 2, 3])
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": f"={other}!$A$1:$C$1"})
    second.insert_chart("A5", chart)
    second.protect("", {"sort": True})
    second.write_comment("B1", "这张表的批注")
    dress(page, other)
    book.define_name(f"{other}!本表", f"={other}!$A$1")
    book.define_name("全局", f"={title}!$A$1:$B$2")
    book.set_custom_property("学校代码", "99001")
    book.close()
    return with_parts(out.getvalue())


def edited(data, changes):
    """The package with some parts changed, name -> function of the old bytes (b"" where there is none)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        for name in [*names, *(name for name in changes if name not in names)]:
            before = old.read(name) if name in names else b""
            new.writestr(name, changes[name](before) if name in changes else before)
    return out.getvalue()


def _into(end, more):
    return lambda old: old.replace(end.encode(), more.encode() + end.encode())


def _links(*links):
    return "".join(
        f'<Relationship Id="own{number}" Type="{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(links)
    )


def with_parts(data):
    """The workbook with parts by hand: custom XML, persons, WPS pictures, macros, pivot cache, calcChain, printer, extensions."""
    types = "".join(
        f'<Override PartName="/xl/{part}" ContentType="application/vnd.{kind}{"" if part.endswith(".bin") else "+xml"}"/>'
        for part, kind in (
            ("persons/person.xml", "ms-excel.person"),
            ("threadedComments/threadedComment1.xml", "ms-excel.threadedcomments"),
            ("calcChain.xml", "openxmlformats-officedocument.spreadsheetml.calcChain"),
            (
                "pivotCache/pivotCacheDefinition1.xml",
                "openxmlformats-officedocument.spreadsheetml.pivotCacheDefinition",
            ),
            ("vbaProject.bin", "ms-office.vbaProject"),
            ("JDEData.bin", "wps-officedocument.jde"),
            ("cellimages.xml", "wps-officedocument.cellimage"),
        )
    )
    bins = '<Default Extension="bin" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.printerSettings"/>'
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    threads = f'xmlns="{MICROSOFT}/spreadsheetml/2018/threadedcomments"'
    who = "{11111111-1111-1111-1111-111111111111}"
    extension = (
        '<extLst><ext uri="{99999999-0000-0000-0000-000000000000}" xmlns:own="urn:own"><own:kept a="1"/></ext></extLst>'
    )
    parts = {
        "customXml/item1.xml": "<档案 xmlns='urn:own'>保留</档案>",
        "xl/persons/person.xml": f'<personList {threads}><person displayName="甲老师" id="{who}" userId="a" providerId="None"/></personList>',
        "xl/threadedComments/threadedComment1.xml": f'<ThreadedComments {threads}><threadedComment ref="AH3" personId="{who}" '
        'id="{22222222-2222-2222-2222-222222222222}"><text>请核对</text></threadedComment></ThreadedComments>',
        "xl/cellimages.xml": '<etc:cellImages xmlns:etc="http://www.wps.cn/officeDocument/2017/etCustomData"/>',
        "xl/pivotCache/pivotCacheDefinition1.xml": f'<pivotCacheDefinition {main}><cacheSource type="worksheet"/><cacheFields/></pivotCacheDefinition>',
        "xl/calcChain.xml": f'<calcChain {main}><c r="D2" i="1"/><c r="D3"/></calcChain>',
        "xl/printerSettings/printerSettings1.bin": "\x01printer",
        "xl/vbaProject.bin": "\xd0\xcf\x11\xe0 macros",
        "xl/JDEData.bin": "WPS macros",
    }
    changes = {name: (lambda old, text=text: text.encode()) for name, text in parts.items()}
    workbook = _links(
        (f"{OPEN}/customXml", "../customXml/item1.xml"),
        (f"{MICROSOFT}/2017/10/relationships/person", "persons/person.xml"),
        ("http://www.wps.cn/officeDocument/2020/cellImage", "cellimages.xml"),
        (f"{OPEN}/pivotCacheDefinition", "pivotCache/pivotCacheDefinition1.xml"),
        (f"{OPEN}/calcChain", "calcChain.xml"),
        (f"{MICROSOFT}/2006/relationships/vbaProject", "vbaProject.bin"),
        ("http://www.wps.cn/officeDocument/2020/JDEData", "JDEData.bin"),
    )
    sheet = _links(
        (f"{MICROSOFT}/2017/10/relationships/threadedComment", "../threadedComments/threadedComment1.xml"),
        (f"{OPEN}/printerSettings", "../printerSettings/printerSettings1.bin"),
    )
    changes |= {
        "[Content_Types].xml": lambda old: _into("</Types>", types)(old).replace(
            b"<Override", bins.encode() + b"<Override", 1
        ),
        "xl/_rels/workbook.xml.rels": _into("</Relationships>", workbook),
        "xl/worksheets/_rels/sheet1.xml.rels": _into("</Relationships>", sheet),
        "xl/worksheets/sheet2.xml": _into("</worksheet>", extension),
    }
    return edited(data, changes)
