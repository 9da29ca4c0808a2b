"""核对结果.xlsx: what comparing lists came to, for the clerk who follows it up.

Each row begins with the columns of 比对结果, in their order, so that a row that has been worked on can be pasted there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO

from xlsxwriter import Workbook

from ...core.schema import Book, Field, Schema, Sheet
from . import MADE, TEXT_ONLY, Row, _columns, _fill, _guide, _last, _lists, _page, guide, looks

TITLE = "核对结果"
SHEETS = {"review": "待核对", "alone": "只在一方", "agreed": "相符"}
MORE = (
    Field("outcome", "核对情况", width=12),
    Field("reason", "原因", width=18),
    Field("suggestion", "建议销号类型", width=22),
    Field("days", "已过天数", type="integer"),
    Field("other_name", "另一方姓名", format="person_name"),
    Field("left_place", "前一份在哪里", width=34),
    Field("left_tail", "前一份证件尾号", format="identifier", width=10),
    Field("right_place", "后一份在哪里", width=34),
    Field("right_tail", "后一份证件尾号", format="identifier", width=10),
    Field("where", "本镇登记", width=26),
)
STEPS = (
    "逐行打电话或入户核实，填“核查人”“核查结论”“佐证材料”；查清的再填“销号类型”“销号日期”。“建议销号类型”只是建议，以证明材料为准。",
    "填好的行，选中A列到J列复制，到“适龄儿童摸底”的“比对结果”表用“选择性粘贴—数值”接在最后一行后面。",
    "“待核对”是两边像是同一个孩子、又不完全一样的，程序不合并：确认是同一人的改正录错的一边，不是同一人的在结论里写明。",
    "“只在一方”是另一份名单里找不到的。“证件尾号”只列后4位；核对完整号码请看户口簿和原名单，不要把号码抄进这张表。",
    "“仅一方有”又没有别的说明的最要紧：可能就是没有上学的孩子，当天报中心学校。",
    "表里有学生个人信息，用完删除，不用微信、QQ 传送。",
)


def book(schema: Schema) -> Book:
    """The workbook as the schema would declare it; it is made and worked in, never read back."""
    columns = (*schema.sheets["match"].typed, *MORE)
    sheets = (Sheet(name, title, columns, labels=("name",)) for name, title in SHEETS.items())
    return Book("comparison", TITLE, "centre", tuple(sheets))


def comparison_bytes(
    rows: Mapping[str, Sequence[Row]], summary: Sequence[str], meanings: Sequence[tuple[str, str, str]], schema: Schema
) -> bytes:
    """The workbook as bytes, the same for the same arguments: `rows` by the names of SHEETS, `summary` sentences that say what was
    compared, `meanings` the reasons with what they mean and the 销号类型 they suggest.
    """
    made, buffer = book(schema), BytesIO()
    workbook = Workbook(buffer, {"in_memory": True, **TEXT_ONLY})
    workbook.set_properties({"title": TITLE, "created": MADE})
    formats = {name: workbook.add_format(properties) for name, properties in looks.FORMATS.items()}
    _guide(workbook.add_worksheet(guide.TITLE), _told(summary, meanings), formats)
    for sheet in made.sheets:
        ws, data = workbook.add_worksheet(sheet.title), rows.get(sheet.name, ())
        _columns(ws, made, sheet, _last(data), schema, formats)
        _fill(ws, sheet, data, schema, formats)
        _page(ws, f"{TITLE} · {sheet.title}", sheet, schema)
    _lists(workbook, made, rows, schema)
    workbook.close()
    return buffer.getvalue()


def _told(summary: Sequence[str], meanings: Sequence[tuple[str, str, str]]) -> Iterator[guide.Line]:
    yield guide.Line((TITLE,), ("title",))
    for text in summary:
        yield guide.Line((text,), ("sentence",))
    yield guide.Line(("一、怎样用",), ("section",))
    for number, text in enumerate(STEPS, start=1):
        yield guide.Line((f"{number}. {text}",), ("sentence",))
    yield guide.Line(("二、原因是什么意思",), ("section",))
    yield guide.Line(("原因", "意思", "建议销号类型（以证明材料为准）"), ("选填",) * 3)
    for texts in meanings:
        yield guide.Line(texts, ("cell", "cell", "cell"))
