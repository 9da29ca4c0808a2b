"""The sheet 填表说明, first in every workbook: what to fill in and how, as lines ready to be written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...core.places import GUIDE
from ...core.schema import CENTRE, Book, Schema
from . import looks

TITLE = GUIDE
WIDTHS = (22, 34, 52)  # of columns A to C, in characters

WHEN = {
    "必填": "每行都要填",
    "按情况必填": "符合条件时要填，例如选了“其他”或填了“否”以后；条件见格子的填写提示",
    "选填": "有就填，没有空着",
}
HOW = (
    "有下拉箭头的格子，点箭头选择；可以填多项的，用顿号“、”隔开。选中格子会出现填写提示。",
    "日期写成 2023-09-01。证件号码、学籍号、电话、编号等列已设为文本，直接录入，不加单引号和空格。",
    "从别处复制时，用“选择性粘贴—数值”（只粘贴数值）。直接粘贴会带坏格式和下拉选项。",
    "新的一行接着最后一行往下填，中间不留空行。可以排序和筛选；填完请取消筛选，显示全部行。",
    "不改表头文字，不加标题行、合计行、签字行，不合并单元格。合计由程序计算；打印时页眉页脚已有单位和签字的位置。",
    "表中有学生和家庭的个人信息，只放在共享文件夹，不用微信、QQ 传送，不抄到别处。",
    "填好后保存并关闭文件。查出的问题列在标好的副本（或本文件）的“校验结果”里：有问题的格子变红，“校验提示”写明怎样改；改对了，红色自己消失。",
)


@dataclass(frozen=True)
class Line:
    """One row: texts from column A on, the last one running on to column C; each has its style (a name in FORMATS).

    `link` is the title of the worksheet that a click on the first text opens.
    """

    texts: tuple[str, ...]
    styles: tuple[str, ...]
    link: str = ""

    @property
    def height(self) -> int:
        """Height in points: Excel does not find it by itself where cells are merged."""
        rooms = (*WIDTHS[: len(self.texts) - 1], sum(WIDTHS[len(self.texts) - 1 :]))
        fixed = {"title": 32, "section": 24}.get(self.styles[0])
        return fixed or 4 + 16 * max(looks.lines(text, room) for text, room in zip(self.texts, rooms, strict=True))


def _numbered(book: Book, schema: Schema) -> Iterator[tuple[str, str]]:
    """Sheets with items known by number: the generated column names them, people type the number. (sheet, code list)."""
    for sheet in book.sheets:
        for item in sheet.fields:
            if item.generated and item.codes and all(value.code for value in schema.codes[item.codes].values):
                yield sheet.title, item.codes


def lines(stem: str, book: Book, schema: Schema) -> Iterator[Line]:
    """The guide to the workbook `stem`.xlsx, line by line; what it says of sheets and columns follows from the schema."""
    blank = Line(("",), ("sentence",))
    keeper, folder = ("中心学校", CENTRE) if book.owner == "centre" else ("各学校", "学校全称")
    yield Line((f"{stem}　{TITLE}",), ("title",))
    yield Line((f"{book.description}。",), ("sentence",))
    kept = f"由{keeper}填写和保管，放在共享文件夹的“学年/{folder}”里，文件名“{stem}.xlsx”不要改。"
    yield Line((kept,), ("sentence",))
    yield blank
    yield Line(("一、每张表填什么",), ("section",))
    yield Line(("工作表（点击打开）", "填什么", "必填的列"), ("选填",) * 3)
    for sheet in book.sheets:
        required = "、".join(item.title for item in sheet.typed if item.required)
        yield Line((sheet.title, f"{sheet.description}。", required), ("link", "cell", "cell"), sheet.title)
    yield blank
    yield Line(("二、怎么看表头",), ("section",))
    for name, meaning in WHEN.items():
        yield Line((name, meaning), (name, "cell"))
    yield blank
    yield Line(("三、怎么填",), ("section",))
    for number, text in enumerate(HOW, 1):
        yield Line((f"{number}. {text}",), ("sentence",))
    for sheet_title, codes in _numbered(book, schema):
        yield blank
        yield Line((f"“{sheet_title}”的编号：{schema.codes[codes].title}",), ("section",))
        for value in schema.codes[codes].values:
            yield Line((value.code, value.name), ("cell", "cell"))
