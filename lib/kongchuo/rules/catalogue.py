"""Every code a finding can bear, as staff ask about it: level, meaning, message, remedy, what it needs, which parameters it reads.

Nothing is written here a second time: the texts are those of the kinds and the rules. Knows no files.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType

from ..core import policy as policies
from ..core.declarations import nearest
from ..core.findings import FIGURE_KINDS, GATE_KINDS, KINDS, SEVERITIES, Kind, UsageError
from ..core.schema import Schema
from ..due.base import Deadline
from ..facts.signals import Signal
from . import suspected_causes, waivers
from .base import parts
from .judging import RULES

# first letter of a code -> what such codes are about, in the order of the catalogue
OURS = __name__.partition(".")[0]
GROUPS = {
    "R": "工作簿和工作表读不了",
    "F": "单元格填错了",
    "X": "人和台账对不上",
    "G": "包保和责任有缺口",
    "T": "过了时限",
    "A": "档案和材料不全",
    "N": "数字不合理",
    "V": "流失、否决和计分",
    "P": "不得外传的内容",
    "S": "需要说明的情况",
}
LIMITS = {"N04": ("small_denominator",), "P05": ("public_minimum",)}  # of codes that no rule yields
BLANK = re.compile(r"(\{\w+[^{}]*\})+")


@dataclass(frozen=True)
class Entry:
    """One code. `needs` as in a Rule; `parameters` are the keys of policy.yaml that change what it finds."""

    kind: Kind
    means: str
    needs: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """The stable code."""
        return self.kind.code

    @property
    def level(self) -> str:
        """The severity in Chinese."""
        return SEVERITIES[self.kind.severity]

    @property
    def group(self) -> str:
        """What codes of this letter are about."""
        return GROUPS.get(self.code[0], "其他")

    @property
    def says(self) -> str:
        """The message, with … where a name, a number or a date will stand."""
        return BLANK.sub("…", self.kind.says)

    @property
    def fix(self) -> str:
        """The remedy, likewise."""
        return BLANK.sub("…", self.kind.fix).replace("。…", "。")  # a guess at what was meant is no part of the remedy

    def as_json(self) -> dict[str, object]:
        """Plain values for other programs."""
        return {
            "code": self.code,
            "severity": self.kind.severity,
            "says": self.kind.says,
            "means": self.means,
            "fix": self.kind.fix,
            "source": self.kind.source,
            "needs": list(self.needs),
            "parameters": list(self.parameters),
        }


def entries() -> tuple[Entry, ...]:
    """All codes, by group and number."""
    found = [
        Entry(kind, kind.why) for kind in (*KINDS.values(), *suspected_causes.KINDS.values(), *waivers.KINDS.values())
    ]
    found += [Entry(kind, kind.why, (), LIMITS.get(kind.code, ())) for kind in (FIGURE_KINDS | GATE_KINDS).values()]
    found += [Entry(rule.kind, rule.explains, rule.needs, parameters(rule.judge)) for rule in RULES]
    letters = [*GROUPS, *sorted({entry.code[0] for entry in found} - set(GROUPS))]
    return tuple(sorted(found, key=lambda entry: (letters.index(entry.code[0]), int(entry.code[1:]))))


def chosen(codes: Iterable[str]) -> tuple[Entry, ...]:
    """The entries of these codes (x12 is X12), in their order; all without any. Raises UsageError for one there is not."""
    known = {entry.code: entry for entry in entries()}
    wanted = [code.upper() for code in codes]
    for code in wanted:
        if code not in known:
            raise UsageError(f"没有代码“{code}”。{nearest(code, known)}全部代码请看 kongchuo rules")
    return tuple(known[code] for code in wanted or known)


def needed(entry: Entry, schema: Schema) -> dict[str, tuple[str, ...]]:
    """What a code needs, in Chinese: sheet title -> column titles (none: the sheet as such)."""
    found: dict[str, list[str]] = {}
    for need in entry.needs:
        earlier, sheet_name, field_name = parts(need)
        sheet = schema.sheets[sheet_name]
        whose = "上学年" if earlier else ""
        columns = found.setdefault(f"{whose}{schema.book_of[sheet_name].title}·{sheet.title}", [])
        columns += [sheet.by_name[field_name].title] if field_name else []
    return {title: tuple(columns) for title, columns in found.items()}


# --- which parameters are read ----------------------------------------------------------------------------------------
def parameters(function: Callable) -> tuple[str, ...]:
    """The policy keys a rule or measure names: in its function, and in our functions, tables and deadlines that it uses.

    Found in the code itself, so that no list can be forgotten; a column that bears the name of a key counts as well.
    """
    known, seen, found = policies.keys().by_name, set(), set()
    waiting: list[object] = [function]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            found |= {item} & known.keys()
        elif id(item) not in seen:
            seen.add(id(item))
            waiting += _within(item)
    return tuple(key for key in known if key in found)


def _within(item: object) -> Iterator[object]:
    """What a function or table of ours mentions, one step down."""
    if isinstance(item, (tuple, list, set, frozenset)):
        yield from item
    elif isinstance(item, dict):
        yield from (*item, *item.values())
    elif isinstance(item, Deadline):
        yield from (item.limits, item.rows)
    elif isinstance(item, Signal):
        yield item.fires
    elif isinstance(item, FunctionType) and item.__module__.partition(".")[0] == OURS:
        yield from (cell.cell_contents for cell in item.__closure__ or ())
        for code in _codes(item.__code__):
            yield from (constant for constant in code.co_consts if not isinstance(constant, CodeType))
            yield from _named(code.co_names, item.__globals__)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _named(names: tuple[str, ...], known: dict[str, object]) -> Iterator[object]:
    """The values behind the names a function uses; of a module of ours, the members it uses."""
    for name in names:
        value = known.get(name)
        if isinstance(value, ModuleType):
            if value.__name__.partition(".")[0] == OURS:
                yield from (vars(value)[member] for member in names if member in vars(value))
        else:
            yield value


# --- for a terminal ---------------------------------------------------------------------------------------------------
def listed(found: tuple[Entry, ...]) -> str:
    """One line a code: its level and its message."""
    return "\n".join(f"{entry.code}  {entry.level}  {entry.says}" for entry in found)


def told(entry: Entry, schema: Schema, policy: policies.Policy) -> str:
    """Everything there is to say of one code."""
    wanted = needed(entry, schema).items()
    needs = [f"{title}（{'、'.join(columns)}）" if columns else title for title, columns in wanted]
    held = [policy.parameter(key) for key in entry.parameters]
    values = [
        f"{item.title} {item.shown}（{item.unit}，{item.key}，出自{policies.SOURCES[item.source]}：{policies.cited(item.citation)}）"
        for item in held
    ]
    lines = [
        f"{entry.code}　{entry.level}　{entry.group}",
        f"会看到　{entry.says}",
        f"说明　　{entry.means}",
        f"怎样改　{entry.fix}",
        *([f"要读的　{'；'.join(needs)}"] if needs else []),
        *([f"参数　　{'；'.join(values)}"] if values else []),
        f"出处　　{policies.cited(entry.kind.source)}",
    ]
    return "\n".join(lines)
