"""Charts of inspections as inline SVG: the score board with its heat-map of items, and the time line of cases.

Every mark reads in black and white: the number stands in the cell, a late step is a cross. Knows no tables of ours.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from .charts import GRID, INK, SETTINGS, SOFT, WIDTH, _draw, _figure

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
