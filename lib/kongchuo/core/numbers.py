"""Numbers as an office rounds and prints them: 四舍五入, never to the even digit. Knows nothing of ours."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

NOISE = 9  # digits after which a float holds what arithmetic left over, not what was counted


def rounded(value: float, places: int) -> float:
    """A number to so many decimal places, halves up: 59.175 -> 59.18, where `round` gives 59.17."""
    return float(_decimal(value, places))


def fixed(value: float, places: int) -> str:
    """The same as text with all its places: 59.5 -> 59.50."""
    return str(_decimal(value, places))


def _decimal(value: float, places: int) -> Decimal:
    return Decimal(str(round(float(value), NOISE))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
