"""Drawn charts of the pages."""

from __future__ import annotations

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
SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "kongchuo",
    "font.family": FONTS,
    "font.size": 8,
    "hatch.linewidth": 0.5,
    "hatch.color": "#9aa3ac",
}
INK, SOFT, GRID = "#1c2733", "#56626f", "#d5dbe1"
WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True)
class Day:
    """One cell of the calendar: unexcused pupils, or why there is no count ("off": no school, "gap": no 日查, "later").

    `partial`: some classes of the school have no 日查 that day.
    """

    count: int = 0
    why: str = ""
    partial: bool = False


def _draw(figure: object, says: str) -> Markup:
    """The figure as an <svg> element without ids of its own, dates or metadata; `says` is its text for screen readers."""
    out = io.StringIO()
    metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    # A font of the list that this machine lacks is no news: the reader's browser picks its own
    log = logging.getLogger("matplotlib.font_manager")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            figure.savefig(out, format="svg", metadata=metadata, transparent=True)
    finally:
        log.setLevel(level)
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(
        r' id="(?:figure|axes|patch|text|line2d|matplotlib\.axis|xtick|ytick|LineCollection|PolyCollection)_\d+"',
        "",
        svg,
    )
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.S)
    svg = re.sub(r"<metadata>.*?</metadata>\n?", "", svg, flags=re.S)
    # its style sheet would hold for the whole page; as attributes of the picture it does not
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\n?", "", svg, flags=re.S)
    head = f'<svg role="img" aria-label="{escape(says)}" stroke-linejoin="round" stroke-linecap="butt" '
    return Markup(svg.replace("<svg ", head, 1))


def _figure(height: float) -> tuple:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height))
    return figure, figure.add_axes((0, 0, 1, 1))


def calendar(days: Sequence[dt.date], rows: Sequence[tuple[str, Sequence[Day]]], says: str) -> list[Markup]:
    """The attendance calendar: one row a class or school, one column a day; several pictures when there are many rows."""
    return [_calendar(days, rows[at : at + ROWS_PER_PICTURE], says) for at in range(0, len(rows), ROWS_PER_PICTURE)]


def _calendar(days: Sequence[dt.date], rows: Sequence[tuple[str, Sequence[Day]]], says: str) -> Markup:
    import matplotlib
    from matplotlib.patches import Rectangle

    with matplotlib.rc_context(SETTINGS):
        cell, top = 0.23, 0.42
        left = max(0.7, 0.115 * max((len(label) for label, _ in rows), default=0) + 0.15)
        bottom = top + cell * len(rows)
        figure, axes = _figure(bottom + 0.34)
        axes.set_axis_off()
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(bottom + 0.34, 0)
        step = (WIDTH - left - 0.05) / max(len(days), 1)

        def box(column: int, line: int, lines: int, face: str, hatch: str = "") -> None:
            place = (left + step * column, top + cell * line)
            axes.add_patch(
                Rectangle(place, step, cell * lines, facecolor=face, hatch=hatch, linewidth=0, clip_on=False)
            )

        # one ground for the many cells without anything to tell, and one bar for a day without school, keep the page small
        axes.add_patch(
            Rectangle((left, top), step * len(days), bottom - top, facecolor=STEPS[0][1], linewidth=0, clip_on=False)
        )
        for column, day in enumerate(days):
            x = left + step * (column + 0.5)
            axes.text(x, top - 0.24, str(day.day), ha="center", va="center", color=INK, fontsize=7.5)
            axes.text(x, top - 0.09, WEEKDAYS[day.weekday()], ha="center", va="center", color=SOFT, fontsize=6.5)
            cells = [row[column] for _, row in rows]
            whole = len(set(cells)) == 1 and bool(cells[0].why)
            for line, mark in enumerate(cells[:1] if whole else cells):
                face, hatch, word, ink = _look(mark)
                if mark.why or mark.count:
                    box(column, line, len(cells) if whole else 1, face, hatch)
                for below in range(len(cells) if whole and word else bool(word)):
                    weight, y = "bold" if mark.count else "normal", top + cell * (line + below + 0.5)
                    axes.text(x, y, word, ha="center", va="center", color=ink, fontsize=7.5, fontweight=weight)
        axes.hlines(
            [top + cell * line for line in range(1, len(rows))],
            left,
            left + step * len(days),
            color="white",
            linewidth=0.8,
        )
        axes.vlines([left + step * column for column in range(1, len(days))], top, bottom, color="white", linewidth=0.8)
        for line, (label, _) in enumerate(rows):
            axes.text(left - 0.08, top + cell * (line + 0.5), label, ha="right", va="center", color=INK)
        _legend(axes, left, bottom + 0.2)
        return _draw(figure, says)


# Unexcused pupils of a class in a day: up to this many take this face and this ink
STEPS = ((0, "#e7f1ea", SOFT), (1, "#f8d9a8", INK), (3, "#ee9f5b", INK), (10**6, "#b3261e", "white"))


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


def _legend(axes: object, x: float, y: float) -> None:
    from matplotlib.patches import Rectangle

    samples = (
        (Day(0), "无故缺勤0人"),
        (Day(1), "1人"),
        (Day(3), "2—3人"),
        (Day(9), "4人以上"),
        (Day(why="off"), "不上课"),
        (Day(why="gap"), "没有日查"),
    )
    for day, label in samples:
        face, hatch, word, ink = _look(day)
        axes.add_patch(Rectangle((x, y - 0.07), 0.2, 0.14, facecolor=face, edgecolor=GRID, hatch=hatch, linewidth=0.6))
        if word and day.why:
            axes.text(x + 0.1, y, word, ha="center", va="center", color=ink, fontsize=6.5)
        axes.text(x + 0.26, y, label, ha="left", va="center", color=SOFT, fontsize=7)
        x += 0.42 + 0.105 * len(label)


def waterfall(flows: Sequence[tuple[str, Sequence[tuple[str, int]]]], says: str) -> Markup:
    """Flows side by side, each (title, steps): the first step the opening stock, the last the closing one, signed moves between."""
    import matplotlib
    from matplotlib.patches import Rectangle

    with matplotlib.rc_context(SETTINGS):
        height = 2.1
        figure, axes = _figure(height)
        axes.set_axis_off()
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(0, height)
        bars = sum(len(steps) for _, steps in flows)
        step = (WIDTH - 0.2 - 0.3 * (len(flows) - 1)) / max(bars, 1)
        tallest = max((peak for _, steps in flows for peak in _peaks(steps)), default=0)
        unit = 1.15 / max(tallest, 1)
        x = 0.1
        for title, steps in flows:
            width = step * len(steps)
            axes.text(
                x + width / 2, height - 0.14, title, ha="center", va="center", color=INK, fontsize=9, fontweight="bold"
            )
            axes.plot([x, x + width], [0.42, 0.42], color=SOFT, linewidth=0.8)
            level = 0
            for place, (label, value) in enumerate(steps):
                stock = place in (0, len(steps) - 1)
                low, high = (0, value) if stock else sorted((level, level + value))
                face, hatch = ("#1d4f7c", "") if stock else ("#ee9f5b", "") if value > 0 else ("#ffffff", "////")
                bar = Rectangle(
                    (x + step * 0.16, 0.42 + unit * low),
                    step * 0.68,
                    unit * (high - low),
                    facecolor=face,
                    edgecolor=INK,
                    hatch=hatch,
                    linewidth=0.7,
                )
                axes.add_patch(bar)
                word = str(value) if stock or not value else f"{value:+d}".replace("-", "−")
                axes.text(
                    x + step / 2,
                    0.42 + unit * high + 0.1,
                    word,
                    ha="center",
                    va="center",
                    color=INK,
                    fontsize=9,
                    fontweight="bold",
                )
                axes.text(x + step / 2, 0.27, label, ha="center", va="center", color=INK, fontsize=7.5)
                if not stock and place < len(steps) - 2:
                    after = 0.42 + unit * (level + value)
                    axes.plot(
                        [x + step * 0.84, x + step * 1.16], [after, after], color=SOFT, linewidth=0.6, linestyle=":"
                    )
                level = value if stock else level + value
                x += step
            x += 0.3
        axes.text(
            0.1, 0.08, "蓝：在册数；橙：新增；斜线：减少。单位：人", ha="left", va="center", color=SOFT, fontsize=7
        )
        return _draw(figure, says)


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
    import matplotlib
    from matplotlib.patches import Rectangle

    with matplotlib.rc_context(SETTINGS):
        left = max(0.7, 0.115 * max((len(name) for name, *_ in rows), default=0) + 0.15)
        top, height = 0.36, 0.36 + BAR_LINE * len(rows) + 0.08
        unit = (WIDTH - left - 1.35) / most
        figure, axes = _figure(height)
        axes.set_axis_off()
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(height, 0)
        x = left
        for part, (face, hatch) in zip(parts, LOOKS, strict=False):
            axes.add_patch(Rectangle((x, 0.1), 0.2, 0.13, facecolor=face, edgecolor=INK, hatch=hatch, linewidth=0.6))
            axes.text(x + 0.26, 0.17, part, ha="left", va="center", color=INK, fontsize=7.5)
            x += 0.5 + 0.12 * len(part)
        for line, (name, values, word) in enumerate(rows):
            y, x = top + BAR_LINE * line, left
            axes.text(left - 0.08, y + BAR_LINE / 2, name, ha="right", va="center", color=INK, fontsize=8)
            axes.plot([left, left + unit * most], [y + BAR_LINE - 0.03] * 2, color=GRID, linewidth=0.5)
            for value, (face, hatch) in zip(values, LOOKS, strict=False):
                bar = Rectangle(
                    (x, y + 0.04),
                    unit * value,
                    BAR_LINE - 0.1,
                    facecolor=face,
                    edgecolor=INK,
                    hatch=hatch,
                    linewidth=0.5,
                )
                axes.add_patch(bar)
                x += unit * value
            axes.text(
                x + 0.06,
                y + BAR_LINE / 2,
                word,
                ha="left",
                va="center",
                color=SOFT if not sum(values) else INK,
                fontsize=7.5,
            )
        return _draw(figure, says)


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
    import matplotlib
    from matplotlib.patches import Rectangle

    with matplotlib.rc_context(SETTINGS):
        left = max(0.7, 0.115 * max((len(name) for name, *_ in rows), default=0) + 0.15)
        top, cell = 0.45, 0.34
        bar_at = left + cell * len(points) + 0.12
        width = WIDTH - bar_at - 1.0
        bottom = top + LINE * len(rows)
        figure, axes = _figure(bottom + 0.3)
        axes.set_axis_off()
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(bottom + 0.3, 0)
        middle = {"ha": "center", "va": "center"}
        for column, most in enumerate(points):
            x = left + cell * (column + 0.5)
            axes.text(x, top - 0.24, str(column + 1), color=INK, fontsize=7.5, **middle)
            axes.text(x, top - 0.09, f"{most:g}分", color=SOFT, fontsize=6, **middle)
        axes.text(bar_at, top - 0.12, "总分（满分100）", ha="left", va="center", color=INK, fontsize=7.5)
        for line, (name, total, grade, scores) in enumerate(rows):
            y = top + LINE * line
            axes.text(left - 0.08, y + LINE / 2, name, ha="right", va="center", color=INK)
            for column, (score, most) in enumerate(zip(scores, points, strict=True)):
                face, ink, hatch = NOBODY[0], SOFT, NOBODY[1]
                if score is not None:
                    face, ink = next((face, ink) for share, face, ink in FACES if score >= share * most)
                    hatch = ""
                place = (left + cell * column, y)
                axes.add_patch(
                    Rectangle(place, cell, LINE, facecolor=face, edgecolor="white", hatch=hatch, linewidth=0.8)
                )
                word = "未判" if score is None else f"{score:g}"
                axes.text(place[0] + cell / 2, y + LINE / 2, word, color=ink, fontsize=7, **middle)
            if total is not None:
                bar = (bar_at, y + 0.05)
                axes.add_patch(Rectangle(bar, width * total / 100, LINE - 0.1, facecolor="#1d4f7c", linewidth=0))
            told = grade if total is None else f"{total:g}　{grade}"
            at = bar_at + (0 if total is None else width * total / 100 + 0.06)
            axes.text(at, y + LINE / 2, told, ha="left", va="center", color=INK, fontsize=7.5)
        said = "格内为该项得分，颜色越深失分越多；斜线“未判”为尚未判定，不是满分。项目名称见评分表。"
        axes.text(left, bottom + 0.17, said, ha="left", va="center", color=SOFT, fontsize=7)
        return _draw(figure, says)


def time_lines(rows: Sequence[tuple[str, Sequence[tuple[int, str, bool]]]], says: str) -> list[Markup]:
    """One row a case: (label, steps as (days since the first day away, one character, late)); several pictures when many."""
    return [_lines(rows[at : at + CASES], says) for at in range(0, len(rows), CASES)]


def _by_day(steps: Sequence[tuple[int, str, bool]]) -> dict[int, list[tuple[str, bool]]]:
    found: dict[int, list[tuple[str, bool]]] = {}
    for day, word, late in steps:
        found.setdefault(day, []).append((word, late))
    return found


def _lines(rows: Sequence[tuple], says: str) -> Markup:
    import matplotlib

    with matplotlib.rc_context(SETTINGS):
        left = max(1.0, 0.115 * max((len(name) for name, _ in rows), default=0) + 0.35)
        top = 0.35
        bottom = top + LINE * len(rows)
        figure, axes = _figure(bottom + 0.05)
        axes.set_axis_off()
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(bottom + 0.05, 0)
        last = max([28, *(day for _, steps in rows for day, _, _ in steps)])
        unit = (WIDTH - left - 0.3) / last
        for day in range(0, last + 1, 7 if last <= 84 else 28):
            x = left + unit * day
            axes.plot([x, x], [top - 0.05, bottom], color=GRID, linewidth=0.6)
            axes.text(x, top - 0.16, f"第{day}天", ha="center", va="center", color=SOFT, fontsize=6.5)
        for line, (name, steps) in enumerate(rows):
            y = top + LINE * (line + 0.5)
            axes.text(left - 0.1, y, name, ha="right", va="center", color=INK, fontsize=7.5)
            axes.plot([left, left + unit * max([0, *(day for day, _, _ in steps)])], [y, y], color=SOFT, linewidth=0.8)
            for day, words in _by_day(steps).items():
                word = "".join(word for word, _ in words)
                late = any(late for _, late in words)
                look = ("square,pad=0.2", "#b3261e", "white") if late else ("round,pad=0.2", "#ffffff", INK)
                box = {"boxstyle": look[0], "facecolor": look[1], "edgecolor": INK, "linewidth": 0.6}
                x = left + unit * day
                axes.text(x, y, word, ha="center", va="center", color=look[2], fontsize=6, bbox=box)
        return _draw(figure, says)
