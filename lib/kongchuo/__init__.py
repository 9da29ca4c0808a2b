"""控辍保学: workbooks in, findings and measures out, pages on top. Here stand the verbs a notebook may use.

They are imported when first used, so that `import kongchuo` costs nothing.
"""

import os
from importlib import import_module

from .core.places import ASK

VERBS = {
    "monthly_self_check": "pages.monthly",  # the report of one school (or "all") for one month
    "signals_back_test": "pages.signals",  # whether a year's signals saw its cases in time
    "term_inspection": "pages.term",  # the report of one round of inspection
    "annual_reward": "pages.year",  # the report of points, grades and rewards of a school year
    "own_tables": "pages.own_tables",  # an office's own tables of a month, in a report of their own
    "monthly_papers": "papers.printing",  # the papers of one school (or "all") for one month
    "people": "pages.people",  # each pupil, class and person of one school (or "all") in a month
    "open_month": "pages.views",  # that month, read and judged, without a report
    "UserError": "core.findings",  # what they raise when they cannot go on, in Chinese
}
__all__ = [*VERBS, "__version__"]


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version  # slow to import, and nearly never asked for

        return version("kongchuo")
    if name in VERBS:
        module = import_module(f".{VERBS[name]}", __name__)
        if ASK in os.environ and name != "UserError":  # no row of any workbook is here
            return import_module(".pages.report", __name__).asking(getattr(module, name), getattr(module, "PLAN", None))
        return getattr(module, name)
    raise AttributeError(f"module 'kongchuo' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
