"""Stacked bars as inline SVG: of what parts each total is made. The number stands on the bar; parts differ by hatch, not only by colour."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from .charts import GRID, INK, SETTINGS, SOFT, WIDTH, _draw, _figure

LOOKS = (("#1d4f7c", ""), ("#8fb3d1", "////"), ("#dfe7ee", "...."), ("#ee9f5b", ""))
LINE, ROWS = 0.24, 36


def stacked(
    rows: Sequence[tuple[str, Sequence[float], str]], parts: Sequence[str], most: float, says: str
) -> list[Markup]:
    """One bar a row: (name, a number for each part, the word behind the bar); `most` is the full length. Several pictures when many."""
    return [_stacked(rows[at : at + ROWS], parts, most, says) for at in range(0, len(rows), ROWS)]


def _stacked(rows: Sequence[tuple], parts: Sequence[str], most: float, says: str) -> Markup:
    import matplotlib
    from matplotlib.patches import Rectangle

    with matplotlib.rc_context(SETTINGS):
        left = max(0.7, 0.115 * max((len(name) for name, *_ in rows), default=0) + 0.15)
        top, height = 0.36, 0.36 + LINE * len(rows) + 0.08
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
            y, x = top + LINE * line, left
            axes.text(left - 0.08, y + LINE / 2, name, ha="right", va="center", color=INK, fontsize=8)
            axes.plot([left, left + unit * most], [y + LINE - 0.03] * 2, color=GRID, linewidth=0.5)
            for value, (face, hatch) in zip(values, LOOKS, strict=False):
                bar = Rectangle(
                    (x, y + 0.04), unit * value, LINE - 0.1, facecolor=face, edgecolor=INK, hatch=hatch, linewidth=0.5
                )
                axes.add_patch(bar)
                x += unit * value
            axes.text(
                x + 0.06,
                y + LINE / 2,
                word,
                ha="left",
                va="center",
                color=SOFT if not sum(values) else INK,
                fontsize=7.5,
            )
        return _draw(figure, says)
