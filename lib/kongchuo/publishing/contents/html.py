"""A page as the texts it holds: blocks, rows of tables, attributes, comments."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

from .base import SEEN, SOURCE, UNSEEN, Part, row

INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "cite",
        "code",
        "em",
        "font",
        "i",
        "mark",
        "q",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "tspan",
        "u",
        "wbr",
    ]
)
HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
GEOMETRY = frozenset(
    [
        "d",
        "points",
        "transform",
        "viewbox",
        "style",
        "class",
        "width",
        "height",
        "x",
        "y",
        "x1",
        "x2",
        "y1",
        "y2",
        "cx",
        "cy",
        "r",
    ]
)


def of_html(page: str) -> Iterator[Part]:
    """The parts of a page: text by block, rows of tables, attributes, comments; then the source, tags and all."""
    reader = _Page()
    reader.feed(page)
    reader.close()
    reader.flush()
    yield from reader.parts
    yield Part("页面源代码", page, SOURCE)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[Part] = []
        self.section = "页首"
        self.text, self.before, self.skipped = "", "", 0
        self.caption, self.header, self.row, self.cell = "", [], [], None
        self.line = 0

    @property
    def place(self) -> str:
        column = f"第{len(self.row) + 1}列" if self.cell is not None else ""
        return f"{self.section}表格第{self.line}行{column}" if self.line else self.section

    def flush(self) -> None:
        """The block that ends here."""
        text, self.text = " ".join(self.text.split()), ""
        if not text:
            return
        if self.cell is not None:
            self.cell.append(text)
        else:
            self.parts.append(Part(self.place, text, UNSEEN if self.skipped else SEEN, self.before))
            self.before = text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in INLINE:
            self.flush()
        for name, value in attrs:
            if value and name not in GEOMETRY:
                self.parts.append(Part(f"{self.place}（提示或属性）", value, UNSEEN))
        if tag == "table":
            self.header, self.line = [], 0
        elif tag == "tr":
            self.row, self.line = [], self.line + 1
        elif tag in ("td", "th"):
            self.cell = []
        self.skipped += tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        if tag in HEADINGS:
            self.section = f"“{' '.join(self.text.split())}”一节"
        elif tag in ("caption", "summary"):
            self.caption = self.text
        if tag not in INLINE:
            self.flush()
        if tag in ("td", "th") and self.cell is not None:
            text, self.cell = " ".join(self.cell), []
            above = self.header[len(self.row)] if len(self.row) < len(self.header) else ""
            self.parts.append(Part(self.place, text, SEEN, above))
            self.row.append(text)
            self.cell = None
        elif tag == "tr":
            self.parts.append(row(self.place, self.row, [self.caption, *self.header]))
            self.header = self.header or self.row
        elif tag == "table":
            self.line, self.header, self.caption = 0, [], ""
        self.skipped -= tag in ("style", "script") and self.skipped > 0

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.parts.append(Part(f"{self.place}（注释）", data, UNSEEN))

    handle_decl = handle_pi = unknown_decl = handle_comment
