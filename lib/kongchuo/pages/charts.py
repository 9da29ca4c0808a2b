"""Drawn charts of the pages."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup, escape

# --- Charts as inline SVG: the attendance calendar and the flow of cases. Text stays text, so it prints sharp and can be searched ---
# Written here and not by a plotting library: boxes, words and lines are all there is, and a library costs more time a page than all
# its figures, and cleaning of what it writes. Every mark reads in black and white: numbers and words stand in the cells and on the
# bars. Knows no tables of ours, only labels and numbers. The fonts are those of the page (report.css).
WIDTH = 7.4  # inches: what A4 leaves between its margins
POINTS = 72  # to an inch; the unit of the drawing, so that sizes of fonts are those of print
ROWS_PER_PICTURE = 40  # a picture taller than a page would be cut by the printer
INK, SOFT, GRID, HATCH = "#1c2733", "#56626f", "#d5dbe1", "#9aa3ac"
WEEKDAYS = "一二三四五六日"
ANCHORS = {"left": "start", "center": "middle", "right": "end"}


@dataclass(frozen=True)
class Day:
    """One cell of the calendar: unexcused pupils, or why there is no count ("off": no school, "gap": no 日查, "later").

    `partial`: some classes of the school have no 日查 that day.
    """

    count: int = 0
    why: str = ""
    partial: bool = False


def _attributes(**values: object) -> str:
    """Attributes of an element; numbers, in inches, become points. Empty ones are left out."""
    said = {name.replace("_", "-"): f"{value * POINTS:.1f}" if isinstance(value, float) else value
            for name, value in values.items() if value != ""}  # fmt: skip
    return "".join(f' {name}="{value}"' for name, value in said.items())


class Picture:
    """A drawing as wide as the page: boxes, words and lines by place in inches, from the top downwards."""

    def __init__(self, height: float) -> None:
        self._height, self._marks = height, []

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        face: str,
        hatch: str = "",
        edge: str = "",
        corner: float = 0.0,
    ) -> None:
        """A rectangle; `hatch`: lines that rise "/" or fall "\\" over it; `edge`: the ink of its outline; `corner`: its radius."""
        outline = _attributes(stroke=edge, stroke_width=".6" if edge else "", rx=corner or "")
        self._marks.append(f"<rect{_attributes(x=x, y=y, width=width, height=height, fill=face)}{outline}/>")
        if hatch:
            self._marks.append(
                f'<path d="{_hatched(x, y, width, height, hatch == "/")}" stroke="{HATCH}" stroke-width=".5"/>'
            )

    def word(
        self, x: float, y: float, text: str, ink: str = INK, size: float = 8, at: str = "center", bold: bool = False
    ) -> None:
        """A word; `at` which of its sides stands at x, its middle at y."""
        look = _attributes(
            x=x,
            y=y + size * 0.36 / POINTS,
            fill=ink,
            font_size=f"{size:g}",
            text_anchor=ANCHORS[at],
            font_weight="bold" if bold else "",
        )
        self._marks.append(f"<text{look}>{escape(text)}</text>")

    def shape(self, path: str, face: str) -> None:
        """Many boxes of one face as the data of one path, in points."""
        self._marks.append(f'<path d="{path}" fill="{face}"/>')

    def line(self, x: Sequence[float], y: Sequence[float], ink: str, width: float, dash: str = "") -> None:
        """A line from one place to another, `width` in points."""
        ends = _attributes(x1=float(x[0]), y1=float(y[0]), x2=float(x[1]), y2=float(y[1]))
        self._marks.append(f"<line{ends}{_attributes(stroke=ink, stroke_width=f'{width:g}', stroke_dasharray=dash)}/>")

    def svg(self, says: str) -> Markup:
        """The <svg> element; `says` is its text for screen readers."""
        size = f"{WIDTH * POINTS:.1f} {self._height * POINTS:.1f}"
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img" aria-label="{escape(says)}" fill="none">'
        return Markup(f"{head}{''.join(self._marks)}</svg>")


def _hatched(x: float, y: float, width: float, height: float, rises: bool) -> str:
    """Slanting lines over a rectangle as the data of a path. A pattern would need an id, which a page may hold only once."""
    path, gap = [], 0.07
    for step in range(1, int((width + height) / gap) + 1):
        along = step * gap  # where the line meets the lower (rising) or upper side, from x - height on
        start, end = max(along - height, 0), min(along, width)
        low, high = along - start, along - end  # how far above the side it starts, below it ends
        ys = (y + low, y + high) if rises else (y + height - low, y + height - high)
        path.append(f"M{(x + start) * POINTS:.1f} {ys[0] * POINTS:.1f}L{(x + end) * POINTS:.1f} {ys[1] * POINTS:.1f}")
    return "".join(path)


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
    picture.box(left, top, step * len(days), bottom - top, STEPS[0][1])
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
                picture.box(left + step * column, top + cell * line, step, cell * lines, face, hatch)
            for below in range(len(cells) if whole and word else bool(word)):
                y = top + cell * (line + below + 0.5)
                picture.word(x, y, word, ink, 7.5, bold=bool(mark.count))
    for line in range(1, len(rows)):
        picture.line((left, left + step * len(days)), (top + cell * line,) * 2, "white", 0.8)
    for column in range(1, len(days)):
        picture.line((left + step * column,) * 2, (top, bottom), "white", 0.8)
    for line, (label, _) in enumerate(rows):
        picture.word(left - 0.08, top + cell * (line + 0.5), label, at="right")
    x, y = left, bottom + 0.2
    for day, label in LEGEND:
        face, hatch, word, ink = _look(day)
        picture.box(x, y - 0.07, 0.2, 0.14, face, hatch, GRID)
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
        return "#eceef0", "/", "", SOFT
    if day.why == "later":
        return "#ffffff", "", "", SOFT
    if day.why == "gap":
        return "#ffffff", "", "缺", "#a61b1b"
    face, ink = next((face, ink) for limit, face, ink in STEPS if day.count <= limit)
    return face, "", f"{day.count or ''}{'*' * day.partial}", ink


def year(days: Sequence[dt.date], marks: Mapping[dt.date, tuple[float, bool]], says: str) -> Markup:
    """The school days of a year so far, a column a week: dark where a pupil was away without leave, hatched with; half a day half a cell.

    `marks`: date -> (days missed, whether without leave).
    """
    cell, top = 0.14, 0.2
    picture, all_days = Picture(top + 7 * cell + 0.02), sorted({*days, *marks})
    monday = all_days[0] - dt.timedelta(days=all_days[0].weekday())

    def at(day: dt.date) -> tuple[float, float]:
        weeks, weekday = divmod((day - monday).days, 7)
        return 0.02 + cell * weeks, top + cell * weekday

    runs: list[list[dt.date]] = []  # of days one below the other, drawn as one to keep the page small
    for day in all_days:
        if runs and day.weekday() and runs[-1][-1] == day - dt.timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    places = [(at(run[0]), len(run)) for run in runs]
    path = "".join(
        f"M{x * POINTS:.1f} {y * POINTS:.1f}h9v{cell * POINTS * number - 1:.1f}h-9z" for (x, y), number in places
    )
    picture.shape(path, STEPS[0][1])
    for month, own in groupby(all_days, key=lambda day: day.month):
        picture.word(at(next(own))[0], top - 0.1, f"{month}月", SOFT, 7, "left")
    for day, (missed, without) in marks.items():
        x, y = at(day)
        side = 9 / POINTS
        picture.box(x, y, side, side * min(missed, 1), "#b3261e" if without else "#ffffff", "" if without else "/", INK)
    return picture.svg(says)


def waterfall(flows: Sequence[tuple[str, Sequence[tuple[str, int]]]], says: str) -> Markup:
    """Flows side by side, each (title, steps): the first step the opening stock, the last the closing one, signed moves between."""
    height, base = 2.1, 1.68  # of the picture; where the bars stand
    picture = Picture(height)
    bars = sum(len(steps) for _, steps in flows)
    step = (WIDTH - 0.2 - 0.3 * (len(flows) - 1)) / max(bars, 1)
    tallest = max((peak for _, steps in flows for peak in _peaks(steps)), default=0)
    unit = 1.15 / max(tallest, 1)
    x = 0.1
    for title, steps in flows:
        width = step * len(steps)
        picture.word(x + width / 2, 0.14, title, size=9, bold=True)
        picture.line((x, x + width), (base, base), SOFT, 0.8)
        level = 0
        for place, (label, value) in enumerate(steps):
            stock = place in (0, len(steps) - 1)
            low, high = (0, value) if stock else sorted((level, level + value))
            face, hatch = ("#1d4f7c", "") if stock else ("#ee9f5b", "") if value > 0 else ("#ffffff", "/")
            picture.box(
                x + step * 0.16, base - unit * high, step * 0.68, max(unit * (high - low), 0.005), face, hatch, INK
            )
            word = str(value) if stock or not value else f"{value:+d}".replace("-", "−")
            picture.word(x + step / 2, base - unit * high - 0.1, word, size=9, bold=True)
            picture.word(x + step / 2, base + 0.15, label, size=7.5)
            if not stock and place < len(steps) - 2:
                after = base - unit * (level + value)
                picture.line((x + step * 0.84, x + step * 1.16), (after, after), SOFT, 0.6, "1 1.5")
            level = value if stock else level + value
            x += step
        x += 0.3
    picture.word(0.1, height - 0.08, "蓝：在册数；橙：新增；斜线：减少。单位：人", SOFT, 7, "left")
    return picture.svg(says)


def _peaks(steps: Sequence[tuple[str, int]]) -> list[int]:
    level, peaks = 0, []
    for place, (_, value) in enumerate(steps):
        level = value if place in (0, len(steps) - 1) else level + value
        peaks.append(max(level, level - value))
    return peaks


# --- Small multiples as inline SVG: a row of bars for each of several series over the same weeks or months ----------
# inches a series takes; months with lessons, so that a year that has begun leaves room for the rest
ROW, YEAR = 0.52, 10
PANELS = {1: 3, 2: 3, 3: 3, 4: 2, 5: 2}  # so many months: so many rows side by side, for which the year leaves room


def _beside(count: int, number: int) -> tuple[int, int, float]:
    """Of `count` months and `number` rows: how many panels stand side by side, the rows of each, the width of one."""
    panels = min(PANELS.get(count, 1), max(number, 1))
    return panels, -(-number // panels), WIDTH / panels


def multiples(
    rows: Sequence[tuple[str, Sequence[float | None], Sequence[float]]],
    labels: Sequence[str],
    says: str,
    alike: bool = False,
) -> Markup:
    """A row of bars each: (name, a value for each of `labels` or None, how much of it is hatched). The number stands on its bar.

    `alike`: all rows on one scale; else each on its own, from 0 to its largest value.
    """
    left, bar = _left([name for name, *_ in rows]), 0.32
    panels, deep, whole = _beside(len(labels), len(rows))
    picture = Picture(ROW * deep + 0.3)
    step = (whole - left - 0.1) / max(len(labels), YEAR // panels)
    wide = min(step * 0.68, 0.4)
    peaks = [max([0, *(value for value in values if value is not None)]) for _, values, _ in rows]
    for number, (name, values, hatched) in enumerate(rows):
        panel, line = divmod(number, deep)
        start, base, top = whole * panel + left, ROW * (line + 1), max(peaks) if alike else peaks[number]
        picture.word(start - 0.1, base - 0.12, name, at="right")
        picture.line((start, whole * (panel + 1) - 0.1), (base, base), GRID, 0.8)
        words: list[tuple[float, float, str, str]] = []
        for place, value in enumerate(values):
            x = start + step * (place + 0.5)
            if value is None:
                words.append((x, base - 0.08, "—", SOFT))
                continue
            part = hatched[place] if hatched else 0
            tall, pale = (bar * amount / top if top else 0 for amount in (value, part))
            picture.box(x - wide / 2, base - tall + pale, wide, tall - pale, "#1d4f7c")
            if pale:
                picture.box(x - wide / 2, base - tall, wide, pale, "#ffffff", "/", SOFT)
            words.append((x, base - tall - 0.07, f"{value:g}", INK if value else SOFT))
        for word in _readable(words, 7):
            picture.word(*word, 7)
    for panel in range(panels):
        for place, label in enumerate(labels):
            if len(labels) <= 14 or place % 2 == 0:
                picture.word(whole * panel + left + step * (place + 0.5), ROW * deep + 0.13, label, SOFT, 6.5)
    return picture.svg(says)


def _readable(words: Sequence[tuple[float, float, str, str]], size: float) -> list[tuple[float, float, str, str]]:
    """Of words (x, y, text, ink) those that do not stand over one another, the highest first."""
    kept: list[tuple[float, float, str, str]] = []
    for x, y, text, ink in sorted(words, key=lambda word: word[1]):
        near = (one for one in kept if abs(one[1] - y) * POINTS < size)
        if all(abs(one[0] - x) * POINTS > size * (0.28 * len(one[2] + text) + 0.1) for one in near):
            kept.append((x, y, text, ink))
    return kept


# Attendance in per cent: from this on takes this face and this ink
WARMTH = (
    (99, "#e7f1ea", SOFT),
    (98, "#fbf1dc", INK),
    (97, "#f8d9a8", INK),
    (95, "#ee9f5b", INK),
    (0, "#b3261e", "white"),
)


def heat(rows: Sequence[tuple[str, Sequence[float | None]]], labels: Sequence[str], says: str) -> Markup:
    """One row a school, one cell a month with its attendance in per cent; the darker the lower, hatched where nothing was counted."""
    top, left, cell = 0.24, _left([name for name, _ in rows]), 0.24
    panels, deep, whole = _beside(len(labels), len(rows))
    picture = Picture(top + cell * deep + 0.04)
    step = (whole - left - 0.1) / max(len(labels), YEAR // panels)
    for panel in range(panels):
        for place, label in enumerate(labels):
            picture.word(whole * panel + left + step * (place + 0.5), top - 0.11, label, SOFT, 7)
    for number, (name, values) in enumerate(rows):
        panel, line = divmod(number, deep)
        start, y = whole * panel + left, top + cell * line
        picture.word(start - 0.1, y + cell / 2, name, at="right")
        for place, value in enumerate(values):
            known = value is not None
            face, ink = (
                next((face, ink) for least, face, ink in WARMTH if value >= least) if known else ("#ffffff", SOFT)
            )
            picture.box(start + step * place, y, step, cell, face, "" if known else "/", "white")
            picture.word(start + step * (place + 0.5), y + cell / 2, f"{value:g}" if known else "—", ink, 7)
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
NOBODY = ("#ffffff", "/")
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
            picture.box(x, y, cell, LINE, face, hatch, "white")
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
    left = max(1.0, 0.115 * max((len(name) for name, _ in rows), default=0) + 0.4)
    top = 0.35
    bottom = top + LINE * len(rows)
    picture = Picture(bottom + 0.05)
    last = max([28, *(day for _, steps in rows for day, _, _ in steps)])
    unit = (WIDTH - left - 0.3) / last
    for day in range(0, last + 1, 7 if last <= 84 else 28):
        x = left + unit * day
        picture.line((x, x), (top - 0.05, bottom), GRID, 0.6)
        picture.word(x, top - 0.16, f"第{day}天", SOFT, 6.5)
    for line, (name, steps) in enumerate(rows):
        y = top + LINE * (line + 0.5)
        picture.word(left - 0.16, y, name, size=7.5, at="right")
        picture.line([left, left + unit * max([0, *(day for day, _, _ in steps)])], [y, y], SOFT, 0.8)
        edge = left - 0.08  # no box covers another or the name, though it then stands a little after its day
        for day in dict.fromkeys(day for day, _, _ in steps):
            word = "".join(word for when, word, _ in steps if when == day)
            late = any(late for when, _, late in steps if when == day)
            face, ink, corner = ("#b3261e", "white", 0.0) if late else ("#ffffff", INK, 0.06)
            width = 0.1 * len(word) + 0.06
            x = max(left + unit * day - width / 2, edge)
            edge = x + width + 0.03
            picture.box(x, y - 0.075, width, 0.15, face, "", INK, corner)
            picture.word(x + width / 2, y, word, ink, 6)
    return picture.svg(says)
