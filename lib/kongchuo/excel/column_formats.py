"""How a workbook looks and what it asks of the typist: formats, widths, prompts and rules for typing, column by column.

Everything follows from the schema and is plain data for xlsxwriter; nothing is written here.
"""

from ..core import id_numbers
from ..core.schema import Book, Codes, Field, Schema, Sheet
from ..core.years import FIRST, LAST

ANY_NUMBER = 1_000_000  # the limit where the schema gives none
BOOLEAN = ("是", "否")
BOOLEAN_LIST = "列表_是否"
ID_PLACES, ID_WEIGHTS = "身份证_位", "身份证_权"  # named ranges, since a rule for typing may hold no array constant

_PLAIN = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
_CELL = {**_PLAIN, "border": 1, "border_color": "#BFBFBF"}
_HEAD = {**_PLAIN, "border": 1, "border_color": "#7F7F7F", "bold": True, "align": "center", "text_wrap": True}
_TITLE = {"font_name": "黑体", "valign": "vcenter"}
_DARK = "#1F4E79"
FORMATS = {
    "text": {**_CELL, "num_format": "@"},
    "long": {**_CELL, "num_format": "@", "text_wrap": True},
    "date": {**_CELL, "num_format": "yyyy-mm-dd", "align": "center"},
    "integer": {**_CELL, "num_format": "0", "align": "center"},
    "number": {**_CELL, "num_format": "General"},
    "boolean": {**_CELL, "num_format": "@", "align": "center"},
    "必填": {**_HEAD, "bg_color": _DARK, "font_color": "#FFFFFF"},
    "按情况必填": {**_HEAD, "bg_color": "#9DC3E6"},
    "选填": {**_HEAD, "bg_color": "#EDEDED"},
    "程序填写": {**_HEAD, "bg_color": "#F8CBAD"},
    "hint": {**_PLAIN, "font_color": "#C00000"},
    "result": {**_CELL, "text_wrap": True},
    # a cell marked in our template, for an error and for less; in a copy of any other workbook: styles.MARKS
    "lit": {"bg_color": "#FFC7CE", "border": 1, "border_color": "#C00000"},
    "less": {"bg_color": "#FFEB9C", "border": 1, "border_color": "#BF8F00"},
    "copy": {"bold": True, "font_color": "#C00000"},
    "title": {**_TITLE, "font_size": 18},
    "section": {**_TITLE, "font_size": 12, "bottom": 2, "bottom_color": _DARK},
    "sentence": {**_PLAIN, "text_wrap": True},
    "cell": {**_CELL, "text_wrap": True},
    "link": {**_CELL, "text_wrap": True, "font_color": _DARK, "underline": 1},
}

HINT_WIDTH = 40
# width in characters of what a column usually holds (a Chinese character takes two)
_TYPE_WIDTHS = {"date": 12, "boolean": 7, "integer": 7, "number": 9, "string": 20}
_FORMAT_WIDTHS = {"identifier": 15, "id_number": 21, "status_no": 22, "disability_no": 23, "phone": 14, "person_name": 10,
                  "school_year": 12, "month": 10, "entry_month": 10, "class_name": 10}  # fmt: skip
# characters of a text of fixed length: another length is asked about, not refused
_LENGTHS = {"status_no": 19, "disability_no": 20, "school_year": 9, "month": 7, "entry_month": 6}
_HINTS = {"date": "写成 2023-09-01", "boolean": "点右侧箭头选“是”或“否”", "integer": "填整数", "number": "填数字"}


def need(item: Field) -> str:
    """When the column must be filled: 必填, 按情况必填 or 选填; also the name of its header's format."""
    if item.required:
        return "必填"
    return "按情况必填" if item.required_when or item.required_unless or item.required_one_of else "选填"


def display_width(text: str) -> int:
    """Characters the text takes on screen: a Chinese or full-width one counts two."""
    return sum(2 if ord(char) >= 0x2E80 or char in "“”‘’—…" else 1 for char in text)


def lines(text: str, room: int) -> int:
    """Lines the text takes, wrapped in a column of `room` characters."""
    if 2 * len(text) <= room - 2:  # the usual case, told without looking at each character
        return 1
    return -(-display_width(text) // (room - 2))  # 2: a Chinese character is never halved


def width(item: Field, schema: Schema) -> int:
    """Column width in characters: what the schema says, else enough for usual values and a header of two lines."""
    if item.width:
        return item.width
    if item.codes:  # nine names in ten fit; 3: the arrow of the drop-down
        names = sorted(map(display_width, schema.codes[item.codes].names))
        usual = max(min(names[len(names) * 9 // 10] + 3, 26), 20 if item.many else 0)
    else:
        usual = _FORMAT_WIDTHS.get(item.format, _TYPE_WIDTHS[item.type])
    title = display_width(item.title)
    line = title if title <= 8 else (title + 3) // 4 * 2
    return max(usual, line + 4)  # 4: the arrow of the filter, and air


def cell_format(item: Field) -> str:
    """Name in FORMATS of the format of a whole column, so that a row typed later has it too."""
    if item.type == "string":
        return "text" if item.format or (item.codes and not item.many) else "long"
    return item.type


def frozen(sheet: Sheet, schema: Schema) -> int:
    """How many columns stay in sight when scrolling: up to the last identifying one that leaves most of a screen free."""
    identifying = {*sheet.primary_key, *sheet.labels, "name"}
    taken, kept = 0, 1
    for place, item in enumerate(sheet.typed, 1):
        taken += width(item, schema)
        if taken <= 50 and item.name in identifying:
            kept = place
    return kept


def pages_wide(sheet: Sheet, schema: Schema) -> int:
    """Pages of A4 landscape side by side for one row, so that print stays legible: 220 characters make about 60%."""
    return -(-sum(width(item, schema) for item in sheet.typed) // 220)


def list_name(codes: Codes) -> str:
    """The named range behind a drop-down of codes, e.g. 列表_性别."""
    return f"列表_{codes.title}"


def target_name(sheet: Sheet) -> str:
    """The named range over the rows of a sheet that others of the same workbook refer to, e.g. 名单_学校."""
    return f"名单_{sheet.title}"


def lists(book: Book, schema: Schema) -> dict[str, tuple[str | int, ...]]:
    """The named lists behind a workbook's drop-downs and rules, with their values, in order of use."""
    needed: dict[str, tuple[str | int, ...]] = {}
    for item in (item for sheet in book.sheets for item in sheet.typed):
        if item.codes:
            needed[list_name(schema.codes[item.codes])] = schema.codes[item.codes].names
        elif item.type == "boolean":
            needed[BOOLEAN_LIST] = BOOLEAN
        elif item.format == "id_number":
            needed |= {ID_PLACES: tuple(range(1, 18)), ID_WEIGHTS: id_numbers.WEIGHTS}
    return needed


def targets(book: Book) -> dict[str, tuple[Sheet, Field]]:
    """What a workbook's sheets refer to within it: range name -> the sheet and its column to offer (label, else key)."""
    referred = {item.reference for sheet in book.sheets for item in sheet.typed}
    sheets = [sheet for sheet in book.sheets if sheet.name in referred]
    return {target_name(sheet): (sheet, sheet.by_name[(*sheet.labels, *sheet.primary_key)[0]]) for sheet in sheets}


def id_check(cell: str) -> str:
    """Excel formula: the cell holds 18 characters with a right check character (GB 11643, modulus 11)."""
    total = f"SUMPRODUCT(MID({cell},{ID_PLACES},1)*{ID_WEIGHTS})"
    right = f'MID("{id_numbers.CHECKS}",MOD({total},11)+1,1)=UPPER(RIGHT({cell},1))'
    return f"=IFERROR(AND(LEN({cell})=18,{right}),FALSE)"


def _number_rule(item: Field) -> tuple[str, dict, str]:
    low = -ANY_NUMBER if item.minimum is None else item.minimum
    high = ANY_NUMBER if item.maximum is None else item.maximum
    kind, limits = {"integer": ("integer", "整数"), "number": ("decimal", "数字")}[item.type]
    if item.maximum is not None:
        limits = f"{low:g}到{high:g}之间的{limits}"
    elif item.minimum is not None:
        limits = f"不小于{low:g}的{limits}"
    return "stop", {"validate": kind, "criteria": "between", "minimum": low, "maximum": high}, f"请填{limits}。"


def _rule(item: Field, cell: str, book: Book, schema: Schema) -> tuple[str, dict, str]:
    """How firmly (stop refuses, information only asks, "" nothing), the rule, what to tell who breaks it.

    `information` stands wherever values outside the rule can be right as well.
    """
    if item.codes:
        rule = {"validate": "list", "source": f"={list_name(schema.codes[item.codes])}"}
        if item.many:
            return "information", rule, "多项用顿号“、”隔开，每项都用列表里的写法。"
        return "stop", rule, "请点右侧箭头，从列表中选择。"
    if item.type == "boolean":
        return "stop", {"validate": "list", "source": f"={BOOLEAN_LIST}"}, "请填“是”或“否”。"
    if item.reference in book.by_name:
        target = book.by_name[item.reference]
        told = f"不是“{target.title}”表里的名称。填的是编号、别名或多项的，按“确定”保留。"
        return "information", {"validate": "list", "source": f"={target_name(target)}"}, told
    if item.type == "date":
        rule = {"validate": "date", "criteria": "between", "minimum": FIRST, "maximum": LAST}
        return "stop", rule, f"请填真正的日期，写成 2023-09-01，在{FIRST.year}—{LAST.year}年之间。"
    if item.type in ("integer", "number"):
        return _number_rule(item)
    if item.format == "id_number":
        told = "不是18位，或末位校验不符，请对照户口簿核对。确是其他证件的，按“确定”保留。"
        return "information", {"validate": "custom", "value": id_check(cell)}, told
    if item.format in _LENGTHS:
        size = _LENGTHS[item.format]
        told = f"一般是{size}个字符，请核对。确认无误的，按“确定”保留。"
        return "information", {"validate": "length", "criteria": "==", "value": size}, told
    return "", {"validate": "any"}, ""


def validation(item: Field, cell: str, book: Book, schema: Schema) -> dict | None:
    """Prompt and rule of a column whose first data cell is `cell`, for xlsxwriter; None where there is nothing to say."""
    firmness, rule, told = _rule(item, cell, book, schema)
    hint = item.hint or _HINTS.get(item.type, "")
    if firmness:
        rule |= {"error_type": firmness, "error_title": f"{item.title}：请核对", "error_message": told}
    if hint:
        rule |= {"input_title": f"{item.title}（{need(item)}）", "input_message": hint}
    return rule if firmness or hint else None


def guard(title: str, cell: str) -> dict:
    """The rule that keeps a header's text, in place of sheet protection, which stops sorting and growing."""
    told = {"error_title": "表头不可修改", "error_message": f"这一列的表头是“{title}”，改了程序就认不出。"}
    return {"validate": "custom", "value": f'=EXACT({cell},"{title}")', "ignore_blank": False, **told}
