"""Drawn charts of the pages."""

import datetime as dt
import io
import logging
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

# --- Charts as inline SVG: the attendance calendar and the flow of cases. Text stays text, so it prints sharp and can be searched ---
# matplotlib is used without pyplot, so nothing global changes; it is imported when the first chart is drawn. Every mark reads
# in black and white: numbers and words stand in the cells and on the bars. Knows no tables of ours, only labels and numbers.
WIDTH = 7.4  # inches: what A4 leaves between its margins
ROWS_PER_PICTURE = 40  # a picture taller than a page would be cut by the printer
FONTS = [
    "Noto Sans CJK SC",
    "Microsoft YaHei",
    "PingFang SC",
    "WenQuanYi Micro Hei",
    "SimHei",
    "DejaVu Sans",
    "sans-serif",
]
SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "kongchuo", "font.family": FONTS, "font.size": 8, "hatch.linewidth": 0.5,
            "hatch.color": "#9aa3ac"}  # fmt: skip
INK, SOFT, GRID = "#1c2733", "#56626f", "#d5dbe1"
WEEKDAYS = "一二三四五六日"
IDS = re.compile(
    r' id="(?:figure|axes|patch|text|line2d|matplotlib\.axis|xtick|ytick|LineCollection|PolyCollection)_\d+"'
)
# comments, metadata, and a style sheet that would hold for the whole page; as attributes of the picture it does not
UNWANTED = re.compile(r"(?:<!--.*?-->|<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>)\n?", re.S)


@dataclass(frozen=True)
class Day:
    """One cell of the calendar: unexcused pupils, or why there is no count ("off": no school, "gap": no 日查, "later").

    `partial`: some classes of the school have no 日查 that day.
    """

    count: int = 0
    why: str = ""
    partial: bool = False


class Picture:
    """A drawing as wide as the page: boxes, words and lines by place in inches, from the top downwards (`up`: from below)."""

    def __init__(self, height: float, up: bool = False) -> None:
        self._height, self._up = height, up
        self._boxes, self._marks = [], []  # what patches are made of; (method of the axes, arguments) of all else

    def box(self, x: float, y: float, width: float, height: float, face: str, **look: object) -> None:
        """A rectangle; `look` as matplotlib names it (hatch, edgecolor, linewidth …)."""
        self._boxes.append(((x, y), width, height, {"facecolor": face, "linewidth": 0} | look))

    def word(
        self, x: float, y: float, text: str, ink: str = INK, size: float = 8, at: str = "center", **look: object
    ) -> None:
        """A word; `at` which of its sides stands at x."""
        self._marks.append(("text", (x, y, text), {"ha": at, "va": "center", "color": ink, "fontsize": size} | look))

    def line(self, x: Sequence[float], y: Sequence[float], ink: str, width: float, **look: object) -> None:
        """A line from one place to another."""
        self._marks.append(("plot", (x, y), {"color": ink, "linewidth": width} | look))

    def rules(self, kind: str, places: Sequence[float], first: float, last: float) -> None:
        """White lines between cells, "hlines" or "vlines"."""
        self._marks.append((kind, (places, first, last), {"color": "white", "linewidth": 0.8}))

    def svg(self, says: str) -> Markup:
        """The <svg> element without ids of its own, dates or metadata; `says` is its text for screen readers."""
        import matplotlib
        from matplotlib.figure import Figure
        from matplotlib.patches import Rectangle

        out = io.StringIO()
        # A font of the list that this machine lacks is no news: the reader's browser picks its own
        log = logging.getLogger("matplotlib.font_manager")
        level = log.level
        log.setLevel(logging.CRITICAL)
        try:
            with matplotlib.rc_context(SETTINGS), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                figure = Figure(figsize=(WIDTH, self._height))
                axes = figure.add_axes((0, 0, 1, 1))
                axes.set_axis_off()
                axes.set_xlim(0, WIDTH)
                axes.set_ylim(*((0, self._height) if self._up else (self._height, 0)))
                for place, width, height, look in self._boxes:
                    axes.add_patch(Rectangle(place, width, height, **look))
                for method, given, look in self._marks:
                    getattr(axes, method)(*given, **look)
                metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
                figure.savefig(out, format="svg", metadata=metadata, transparent=True)
        finally:
            log.setLevel(level)
        svg = out.getvalue()
        svg = UNWANTED.sub("", IDS.sub("", svg[svg.index("<svg") :]))
        head = f'<svg role="img" aria-label="{escape(says)}" stroke-linejoin="round" stroke-linecap="butt" '
        return Markup(svg.replace("<svg ", head, 1))


def _left(names: Sequence[str]) -> float:
    """How much room the names before the rows take."""
    return max(0.7, 0.115 * max(map(len, names), default=0) + 0.15)


def calendar(days: Sequence[dt.date], rows: Sequence[tuple[str, Sequence[Day]]], says: str) -> list[Markup]:
    """The attendance calendar: one row a class or school, one column a day; several pictures when there are many rows."""
    return [_calendar(days, rows[at : at + ROWS_PER_PICTURE], says) for at in range(0, len(rows), ROWS_PER_PICTURE)]


def _calendar(days: Sequence[dt.date], rows: Sequence[tuple[str, Sequence[Day]]], says: str) -> Markup:
    cell, top, left = 0.23, 0.42, _left([label for label, _ in rows])
    bottom = top + cell * len(rows)
    picture, step = Picture(bottom + 0.34), (WIDTH - left - 0.05) / max(len(days), 1)
    # one ground for the many cells without anything to tell, and one bar for a day without school, keep the page small
    picture.box(left, top, step * len(days), bottom - top, STEPS[0][1], clip_on=False)
    for column, day in enumerate(days):
        x = left + step * (column + 0.5)
        picture.word(x, top - 0.24, str(day.day), size=7.5)
        picture.word(x, top - 0.09, WEEKDAYS[day.weekday()], SOFT, 6.5)
        cells = [row[column] for _, row in rows]
        whole = len(set(cells)) == 1 and bool(cells[0].why)
        for line, mark in enumerate(cells[:1] if whole else cells):
            face, hatch, word, ink = _look(mark)
            if mark.why or mark.count:
                lines = len(cells) if whole else 1
                picture.box(
                    left + step * column, top + cell * line, step, cell * lines, face, hatch=hatch, clip_on=False
                )
            for below in range(len(cells) if whole and word else bool(word)):
                y = top + cell * (line + below + 0.5)
                picture.word(x, y, word, ink, 7.5, fontweight="bold" if mark.count else "normal")
    picture.rules("hlines", [top + cell * line for line in range(1, len(rows))], left, left + step * len(days))
    picture.rules("vlines", [left + step * column for column in range(1, len(days))], top, bottom)
    for line, (label, _) in enumerate(rows):
        picture.word(left - 0.08, top + cell * (line + 0.5), label, at="right")
    x, y = left, bottom + 0.2
    for day, label in LEGEND:
        face, hatch, word, ink = _look(day)
        picture.box(x, y - 0.07, 0.2, 0.14, face, edgecolor=GRID, hatch=hatch, linewidth=0.6)
        if word and day.why:
            picture.word(x + 0.1, y, word, ink, 6.5)
        picture.word(x + 0.26, y, label, SOFT, 7, "left")
        x += 0.42 + 0.105 * len(label)
    return picture.svg(says)


# Unexcused pupils of a class in a day: up to this many take this face and this ink
STEPS = ((0, "#e7f1ea", SOFT), (1, "#f8d9a8", INK), (3, "#ee9f5b", INK), (10**6, "#b3261e", "white"))
LEGEND = ((Day(0), "无故缺勤0人"), (Day(1), "1人"), (Day(3), "2—3人"), (Day(9), "4人以上"), (Day(why="off"), "不上课"),
          (Day(why="gap"), "没有日查"))  # fmt: skip


def _look(day: Day) -> tuple[str, str, str, str]:
    """Face, hatch, word and ink of a cell."""
    if day.why == "off":
        return "#eceef0", "////", "", SOFT
    if day.why == "later":
        return "#ffffff", "", "", SOFT
    if day.why == "gap":
        return "#ffffff", "", "缺", "#a61b1b"
    face, ink = next((face, ink) for limit, face, ink in STEPS if day.count <= limit)
    return face, "", f"{day.count or ''}{'*' * day.partial}", ink


def waterfall(flows: Sequence[tuple[str, Sequence[tuple[str, int]]]], says: str) -> Markup:
    """Flows side by side, each (title, steps): the first step the opening stock, the last the closing one, signed moves between."""
    height = 2.1
    picture = Picture(height, up=True)
    bars = sum(len(steps) for _, steps in flows)
    step = (WIDTH - 0.2 - 0.3 * (len(flows) - 1)) / max(bars, 1)
    tallest = max((peak for _, steps in flows for peak in _peaks(steps)), default=0)
    unit = 1.15 / max(tallest, 1)
    x = 0.1
    for title, steps in flows:
        width = step * len(steps)
        picture.word(x + width / 2, height - 0.14, title, size=9, fontweight="bold")
        picture.line([x, x + width], [0.42, 0.42], SOFT, 0.8)
        level = 0
        for place, (label, value) in enumerate(steps):
            stock = place in (0, len(steps) - 1)
            low, high = (0, value) if stock else sorted((level, level + value))
            face, hatch = ("#1d4f7c", "") if stock else ("#ee9f5b", "") if value > 0 else ("#ffffff", "////")
            look = {"edgecolor": INK, "hatch": hatch, "linewidth": 0.7}
            picture.box(x + step * 0.16, 0.42 + unit * low, step * 0.68, unit * (high - low), face, **look)
            word = str(value) if stock or not value else f"{value:+d}".replace("-", "−")
            picture.word(x + step / 2, 0.42 + unit * high + 0.1, word, size=9, fontweight="bold")
            picture.word(x + step / 2, 0.27, label, size=7.5)
            if not stock and place < len(steps) - 2:
                after = 0.42 + unit * (level + value)
                picture.line([x + step * 0.84, x + step * 1.16], [after, after], SOFT, 0.6, linestyle=":")
            level = value if stock else level + value
            x += step
        x += 0.3
    picture.word(0.1, 0.08, "蓝：在册数；橙：新增；斜线：减少。单位：人", SOFT, 7, "left")
    return picture.svg(says)


def _peaks(steps: Sequence[tuple[str, int]]) -> list[int]:
    level, peaks = 0, []
    for place, (_, value) in enumerate(steps):
        level = value if place in (0, len(steps) - 1) else level + value
        peaks.append(max(level, level - value))
    return peaks


# --- Stacked bars as inline SVG: of what parts each total is made. The number stands on the bar; parts differ by hatch, not only by colour ---
LOOKS = (("#1d4f7c", ""), ("#8fb3d1", "////"), ("#dfe7ee", "...."), ("#ee9f5b", ""))
BAR_LINE, BAR_ROWS = 0.24, 36


def stacked(
    rows: Sequence[tuple[str, Sequence[float], str]], parts: Sequence[str], most: float, says: str
) -> list[Markup]:
    """One bar a row: (name, a number for each part, the word behind the bar); `most` is the full length. Several pictures when many."""
    return [_stacked(rows[at : at + BAR_ROWS], parts, most, says) for at in range(0, len(rows), BAR_ROWS)]


def _stacked(rows: Sequence[tuple], parts: Sequence[str], most: float, says: str) -> Markup:
    top, left = 0.36, _left([name for name, *_ in rows])
    picture, unit = Picture(0.36 + BAR_LINE * len(rows) + 0.08), (WIDTH - left - 1.35) / most
    x = left
    for part, (face, hatch) in zip(parts, LOOKS, strict=False):
        picture.box(x, 0.1, 0.2, 0.13, face, edgecolor=INK, hatch=hatch, linewidth=0.6)
        picture.word(x + 0.26, 0.17, part, size=7.5, at="left")
        x += 0.5 + 0.12 * len(part)
    for line, (name, values, word) in enumerate(rows):
        y, x = top + BAR_LINE * line, left
        picture.word(left - 0.08, y + BAR_LINE / 2, name, at="right")
        picture.line([left, left + unit * most], [y + BAR_LINE - 0.03] * 2, GRID, 0.5)
        for value, (face, hatch) in zip(values, LOOKS, strict=False):
            picture.box(x, y + 0.04, unit * value, BAR_LINE - 0.1, face, edgecolor=INK, hatch=hatch, linewidth=0.5)
            x += unit * value
        picture.word(x + 0.06, y + BAR_LINE / 2, word, INK if sum(values) else SOFT, 7.5, "left")
    return picture.svg(says)


# --- Charts of inspections as inline SVG: the score board with its heat-map of items, and the time line of cases ----
# Every mark reads in black and white: the number stands in the cell, a late step is a cross. Knows no tables of ours.
# Share of an item's points that was kept: from this on takes this face and this ink
FACES = (
    (1.0, "#e7f1ea", SOFT),
    (0.9, "#f8e7c4", INK),
    (0.75, "#f3c27c", INK),
    (0.5, "#ee9f5b", INK),
    (0.0, "#b3261e", "white"),
)
NOBODY = ("#ffffff", "////")
ROWS, LINE = 30, 0.25
CASES = 14  # a picture of half a page: a taller one leaves the page before it half empty


def score_board(
    rows: Sequence[tuple[str, float | None, str, Sequence[float | None]]], points: Sequence[float], says: str
) -> list[Markup]:
    """One row a school: (name, total or None, grade, the ten scores or None), most points first; several pictures when many."""
    return [_board(rows[at : at + ROWS], points, says) for at in range(0, len(rows), ROWS)]


def _board(rows: Sequence[tuple], points: Sequence[float], says: str) -> Markup:
    top, cell, left = 0.45, 0.34, _left([name for name, *_ in rows])
    bar_at = left + cell * len(points) + 0.12
    width, bottom = WIDTH - bar_at - 1.0, top + LINE * len(rows)
    picture = Picture(bottom + 0.3)
    for column, most in enumerate(points):
        x = left + cell * (column + 0.5)
        picture.word(x, top - 0.24, str(column + 1), size=7.5)
        picture.word(x, top - 0.09, f"{most:g}分", SOFT, 6)
    picture.word(bar_at, top - 0.12, "总分（满分100）", size=7.5, at="left")
    for line, (name, total, grade, scores) in enumerate(rows):
        y = top + LINE * line
        picture.word(left - 0.08, y + LINE / 2, name, at="right")
        for column, (score, most) in enumerate(zip(scores, points, strict=True)):
            face, ink, hatch = NOBODY[0], SOFT, NOBODY[1]
            if score is not None:
                face, ink = next((face, ink) for share, face, ink in FACES if score >= share * most)
                hatch = ""
            x = left + cell * column
            picture.box(x, y, cell, LINE, face, edgecolor="white", hatch=hatch, linewidth=0.8)
            picture.word(x + cell / 2, y + LINE / 2, "未判" if score is None else f"{score:g}", ink, 7)
        if total is not None:
            picture.box(bar_at, y + 0.05, width * total / 100, LINE - 0.1, "#1d4f7c")
        at = bar_at + (0 if total is None else width * total / 100 + 0.06)
        picture.word(at, y + LINE / 2, grade if total is None else f"{total:g}　{grade}", size=7.5, at="left")
    says_below = "格内为该项得分，颜色越深失分越多；斜线“未判”为尚未判定，不是满分。项目名称见评分表。"
    picture.word(left, bottom + 0.17, says_below, SOFT, 7, "left")
    return picture.svg(says)


def time_lines(rows: Sequence[tuple[str, Sequence[tuple[int, str, bool]]]], says: str) -> list[Markup]:
    """One row a case: (label, steps as (days since the first day away, one character, late)); several pictures when many."""
    return [_lines(rows[at : at + CASES], says) for at in range(0, len(rows), CASES)]


def _lines(rows: Sequence[tuple], says: str) -> Markup:
    left = max(1.0, 0.115 * max((len(name) for name, _ in rows), default=0) + 0.35)
    top = 0.35
    bottom = top + LINE * len(rows)
    picture = Picture(bottom + 0.05)
    last = max([28, *(day for _, steps in rows for day, _, _ in steps)])
    unit = (WIDTH - left - 0.3) / last
    for day in range(0, last + 1, 7 if last <= 84 else 28):
        x = left + unit * day
        picture.line([x, x], [top - 0.05, bottom], GRID, 0.6)
        picture.word(x, top - 0.16, f"第{day}天", SOFT, 6.5)
    for line, (name, steps) in enumerate(rows):
        y = top + LINE * (line + 0.5)
        picture.word(left - 0.1, y, name, size=7.5, at="right")
        picture.line([left, left + unit * max([0, *(day for day, _, _ in steps)])], [y, y], SOFT, 0.8)
        for day in dict.fromkeys(day for day, _, _ in steps):
            word = "".join(word for when, word, _ in steps if when == day)
            late = any(late for when, _, late in steps if when == day)
            style, face, ink = ("square,pad=0.2", "#b3261e", "white") if late else ("round,pad=0.2", "#ffffff", INK)
            box = {"boxstyle": style, "facecolor": face, "edgecolor": INK, "linewidth": 0.6}
            picture.word(left + unit * day, y, word, ink, 6, bbox=box)
    return picture.svg(says)
