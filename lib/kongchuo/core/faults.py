"""What is said of a fault of ours: one Chinese line with its type and where it happened. Never its own text, which may hold a pupil's data.

The traceback goes to the logger LOG. Whoever runs a command gives it a private file (console); without one it goes nowhere.
"""

import logging
import traceback
from pathlib import PurePath

from .places import PACKAGE

LOG = logging.getLogger("kongchuo.faults")
LOG.propagate = False  # a server would print it in the office's window
LOG.addHandler(logging.NullHandler())


def told(what: str, error: BaseException) -> str:
    """`what` (规则 X12 没有运行成功), the type of the error, and the last place of ours on its way: what a report of the fault needs."""
    LOG.error(what, exc_info=error)
    frames = traceback.extract_tb(error.__traceback__)
    places = [frame for frame in frames if frame.filename.startswith(str(PACKAGE))] or frames
    where = f"，{PurePath(places[-1].filename).name} 第{places[-1].lineno}行" if places else ""
    return f"{what}（程序问题，请报告）：{type(error).__name__}{where}"
