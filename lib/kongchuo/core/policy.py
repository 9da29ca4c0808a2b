"""Policy numbers as dated data: parameters/policy.yaml, each value with unit, source, citation and the date it holds from.

New dated entries are put in behind the earlier ones of their keys, every comment kept, or nothing at all.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

from . import places
from .declarations import SchemaError, load_yaml, nearest
from .years import FIRST, LAST

# Frozen values and a strict loader. What keys there are, with unit and bounds, says policy_keys.yaml.
SOURCES = {"plan": "方案", "document": "文件", "default": "默认，待确认"}
FIELDS = ("key", "title", "value", "unit", "source", "citation", "holds_from")
# how a value of a unit stands in a sentence, where that is not as it is shown in a list
SAID = {
    "周几": lambda value: f"星期{'一二三四五六日'[value - 1]}",
    "月-日": lambda value: "{}月{}日".format(*map(int, value.split("-"))),
}
# what staff read for what we write
CITED = (("domain.md", "业务规范"), ("architecture.md", "设计说明"), ("domain", "业务规范"))
TRIED = Path("试算")  # stands for the file in what is said of values that are only tried


def cited(source: str) -> str:
    """Where a rule or number comes from as staff read it: no names of our files."""
    for ours, theirs in CITED:
        source = source.replace(ours, theirs)
    return source


@dataclass(frozen=True)
class Parameter:
    """One policy value. `unit` is the Chinese unit ("上课日", "%", ...); `citation` says where the value comes from."""

    key: str
    title: str
    value: object
    unit: str
    source: str
    citation: str
    holds_from: dt.date

    @property
    def shown(self) -> str:
        """The value as people read it, without its unit: 是, 10、8、10, 08-31."""
        values = self.value if isinstance(self.value, list) else [self.value]
        return "、".join({True: "是", False: "否"}[v] if isinstance(v, bool) else str(v) for v in values)

    @property
    def said(self) -> str:
        """The value as it stands in a sentence, without its unit: 星期五, 9月20日, else as shown."""
        return SAID[self.unit](self.value) if self.unit in SAID else self.shown


@dataclass(frozen=True)
class Policy:
    """The policy as it stands on a date: `policy["suspected_after"]` is the value in force."""

    parameters: tuple[Parameter, ...]
    on: dt.date = dt.date.max

    def parameter(self, key: str) -> Parameter:
        """The entry in force on the policy's date, or the first one before any is; raises KeyError for a key there is not."""
        return self._in_force[key]

    @cached_property
    def _in_force(self) -> dict[str, Parameter]:
        found: dict[str, Parameter] = {}
        for item in sorted(self.parameters, key=lambda item: item.holds_from):
            if item.key not in found or item.holds_from <= self.on:
                found[item.key] = item
        return found

    def __getitem__(self, key: str) -> object:
        return self.parameter(key).value

    def told(self, text: str) -> str:
        """A text for people, each {key} in it replaced by the value in force; raises KeyError for a key there is not."""
        return re.sub(r"\{([^{}]*)\}", lambda found: self.parameter(found[1]).said, text)

    def tried(self, values: Mapping[str, object]) -> Policy:
        """The same policy with other values in force, in memory only: what would be if. Raises SchemaError as `load` does."""
        changed = self.parameters
        for key, value in values.items():
            entry = self.parameter(key)
            if not keys().by_name[key].allows(value):
                _wrong(TRIED, entry.title, f"的值是“{value}”，应为{keys().by_name[key].says}。请改正")
            changed = tuple(replace(item, value=value) if item is entry else item for item in changed)
        policy = Policy(changed, self.on)
        _check_day(TRIED, policy)
        return policy


@dataclass(frozen=True)
class Key:
    """What a parameter's value may be: kind (a key of KINDS), bounds, and for a list its length (0: any)."""

    key: str
    group: str
    unit: str
    kind: str
    minimum: float = -math.inf
    maximum: float = math.inf
    length: int | None = None

    def allows(self, value: object) -> bool:
        """Whether a value is of this kind and within the bounds."""
        if self.length is None:
            return self._allows(value)
        right = isinstance(value, list) and len(value) > 0 and self.length in (0, len(value))
        return right and all(map(self._allows, value))

    def _allows(self, value: object) -> bool:
        return KINDS[self.kind][0](value) and not (_number(value) and not self.minimum <= value <= self.maximum)

    @property
    def says(self) -> str:
        """The kind and bounds in words, to stand behind 应为."""
        kind, remedy = KINDS[self.kind][1:]
        bounds = f"{self.minimum}至{self.maximum}的" if self.maximum < math.inf else ""
        if self.length is None:
            return f"{bounds}{kind}，{remedy}"
        number = f"，一共{self.length}个" if self.length else ""
        return f"列表，写成 [一个, 又一个]{number}，每个是{bounds}{kind}"


@dataclass(frozen=True)
class Keys:
    """All parameters there are, and what must hold between them: sums, order, lists that belong together."""

    by_name: dict[str, Key]
    sums: tuple[tuple[tuple[str, ...], object], ...]
    rising: tuple[tuple[str, ...], ...]
    paired: tuple[tuple[str, ...], ...]


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: object) -> bool:
    return _whole(value) or (isinstance(value, float) and math.isfinite(value))


def _matches(pattern: str, value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _date(value: object) -> dt.date | None:
    """The date of a text such as 2023-09-01; None for anything else."""
    try:
        return dt.date.fromisoformat(value) if _matches(r"\d{4}-\d\d-\d\d", value) else None
    except ValueError:
        return None


# kind of value -> whether a value is one, its name, how to write it
KINDS = {
    "whole": (_whole, "整数", "只写数字，不写单位，不加引号"),
    "number": (_number, "数", "只写数字，不写单位，不加引号"),
    "text": (lambda value: _matches(r".*\S.*", value), "文字", "不能空着"),
    "boolean": (lambda value: isinstance(value, bool), "是或否", "写 true（是）或 false（否）"),
    "month_day": (lambda value: _date(f"2023-{value}") is not None, "月和日", '写成 "09-01"，加引号'),
    "date": (lambda value: _date(value) is not None, "年月日", '写成 "2023-09-01"，加引号'),
    "time": (lambda value: _matches(r"([01]\d|2[0-3]):[0-5]\d", value), "时刻", '写成 "17:00"，加引号'),
}


@cache
def keys() -> Keys:
    """The table of parameters that ships with the package, loaded once."""
    data = load_yaml(places.PACKAGE / "policy_keys.yaml")
    units, found = data["units"], {}
    for group, declared in data["groups"].items():
        for key, more in declared.items():
            more = {"unit": more} if isinstance(more, str) else dict(more)
            if "length" in more:
                more["length"] = 0 if more["length"] == "any" else more["length"]
            found[key] = Key(key, group, **{**units[more["unit"]], **more})
    sums = tuple((tuple(item["of"]), item["total"]) for item in data["sums"])
    return Keys(found, sums, *(tuple(map(tuple, data[name])) for name in ("rising", "paired")))


def mine() -> Path:
    """The policy file that an office changes: its own, else the package's."""
    home = places.office()
    path = home / "parameters" / places.POLICY.name if home else places.POLICY
    return path if path.is_file() else places.POLICY


def current(on: dt.date = dt.date.max) -> Policy:
    """The policy that holds here: the package's entries, and an office's own over them. Raises SchemaError as `load` does."""
    return load(places.POLICY, on) if mine() == places.POLICY else load(mine(), on, load(places.POLICY))


def strangers() -> tuple[str, ...]:
    """The keys of an office's policy that this version does not know; they are passed over, which is to be said."""
    found = () if mine() == places.POLICY else (item.get("key") for item in _entries(mine()) if isinstance(item, dict))
    return tuple(dict.fromkeys(str(key) for key in found if key not in keys().by_name))


def _entries(path: Path) -> list[object]:
    data = load_yaml(path)
    if list(data) != ["parameters"] or not isinstance(data["parameters"], list | None):
        raise SchemaError(f"{path.name}：最外层只能有“parameters:”一项，下面逐条列出参数。请从原来的文件恢复")
    return data["parameters"] or []


def load(path: Path, on: dt.date = dt.date.max, defaults: Policy | None = None) -> Policy:
    """Load policy.yaml; raises SchemaError, one Chinese sentence with file, key and remedy, for whatever cannot be meant.

    With `defaults` the file holds only entries of its own, which stand before those of the same key and day; a key that nobody
    knows is passed over (`strangers`).
    """
    entries = list(enumerate(_entries(path), 1))
    if defaults:
        entries = [(at, one) for at, one in entries if not isinstance(one, dict) or one.get("key") in keys().by_name]
    parameters = tuple(_parameter(path, place, item) for place, item in entries)
    if defaults:
        said = {(item.key, item.holds_from) for item in parameters}
        parameters += tuple(item for item in defaults.parameters if (item.key, item.holds_from) not in said)
    _check_entries(path, parameters)
    for day in sorted({item.holds_from for item in parameters}):
        _check_day(path, Policy(parameters, day))
    return Policy(parameters, on)


def told(path: Path, data: object, held: Policy, names: tuple[str, ...], name: str = "") -> object:
    """What the file at `path` declares, each {key} in texts called one of `names` replaced; raises SchemaError for an unknown key."""
    if isinstance(data, dict):
        return {key: told(path, value, held, names, key) for key, value in data.items()}
    if isinstance(data, list):
        return [told(path, item, held, names) for item in data]
    try:
        return held.told(data) if name in names and isinstance(data, str) else data
    except KeyError as error:
        (key,) = error.args
        raise SchemaError(f"{path.name}：“{data}”里的参数“{key}”不认识。{nearest(key, keys().by_name)}") from error


def _wrong(path: Path, key: object, says: str) -> NoReturn:
    raise SchemaError(f"{path.name}：参数“{key}”{says}")


def _named(path: Path, *entries: Parameter) -> str:
    """What entries are called: by title, and in a file by the key too, which one looks for there."""
    return "、".join(one.title if path == TRIED else f"{one.title}（{one.key}）" for one in entries)


def _parameter(path: Path, place: int, item: object) -> Parameter:
    if not isinstance(item, dict):
        _wrong(path, f"第{place}条", f"应写成 {{key: …, title: …, …}}，现在是“{item}”")
    key = item.get("key", f"第{place}条")
    for name in item:
        if name not in FIELDS:
            _wrong(path, key, f"多出“{name}”一项。{nearest(name, FIELDS) or '请删去'}")
    for name in FIELDS:
        if name not in item:
            _wrong(path, key, f"缺少“{name}”一项。请补上，写法照上下各条")
    declared = keys().by_name.get(key if isinstance(key, str) else "")
    if declared is None:
        near = nearest(key, keys().by_name)
        _wrong(path, key, f"不认识，没有规则会读它。{near}（新参数要先在 policy_keys.yaml 登记）")
    for name in ("title", "citation"):
        if not KINDS["text"][0](item[name]):
            _wrong(path, key, f"的 {name}（{'名称' if name == 'title' else '出处'}）空着。请写明")
    if (unit := item["unit"]) != declared.unit:
        _wrong(path, key, f"的单位是“{unit}”，应为“{declared.unit}”。请改正 unit，并核对 value 是按这个单位写的")
    if item["source"] not in tuple(SOURCES):
        allowed = "、".join(f"{name}（{title}）" for name, title in SOURCES.items())
        _wrong(path, key, f"的 source（来源）是“{item['source']}”。可以写：{allowed}")
    if not declared.allows(item["value"]):
        _wrong(path, key, f"的值是“{item['value']}”，应为{declared.says}。请改正 value")
    holds_from = _date(item["holds_from"])
    if holds_from is None or not FIRST <= holds_from <= LAST:
        span = f"{FIRST.year}—{LAST.year}年"
        says = f"的 holds_from（生效日期）是“{item['holds_from']}”。请写{span}间真有的一天，如 2023-09-01"
        _wrong(path, f"{item['title']}（{key}）", says)
    return Parameter(**{**item, "holds_from": holds_from})


def _check_entries(path: Path, parameters: tuple[Parameter, ...]) -> None:
    """Every key is there, none twice with one date, and all entries of a key bear one title."""
    seen: dict[str, list[Parameter]] = {}
    for item in parameters:
        for earlier in seen.setdefault(item.key, []):
            if earlier.holds_from == item.holds_from:
                _wrong(path, _named(path, item), f"有两条都从{item.holds_from}起。请删去一条，或改正生效日期")
            if earlier.title != item.title:
                _wrong(path, item.key, f"有两个名称：“{earlier.title}”和“{item.title}”。请统一")
        seen[item.key].append(item)
    for key in keys().by_name:
        if key not in seen:
            _wrong(path, key, "缺少。请从原来的文件抄回这一条")


def _together(policy: Policy, names: tuple[str, ...]) -> Iterator[float]:
    for name in names:
        value = policy[name]
        yield from value if isinstance(value, list) else [value]


def _check_day(path: Path, policy: Policy) -> None:
    """What must hold between the values in force on the policy's day."""
    since = "" if path == TRIED else f"自{policy.on}起"

    def named(*names: str) -> str:
        return _named(path, *map(policy.parameter, names))

    for names, total in keys().sums:
        wanted, found = policy[total] if isinstance(total, str) else total, sum(_together(policy, names))
        if not math.isclose(wanted, found, abs_tol=1e-9):
            _wrong(path, named(*names), f"{since}合计为{found:g}，应为{wanted:g}。请一起改正")
    for names in keys().rising:
        for lower, upper in pairwise(names):
            if policy[lower] > policy[upper]:
                says = f"{since}为{policy[lower]}，大于“{named(upper)}”的{policy[upper]}。请改正其中一个"
                _wrong(path, named(lower), says)
    for names in keys().paired:
        if len({len(policy[name]) for name in names}) > 1:
            _wrong(path, named(*names), f"{since}个数不同。这几个列表要一一对应，请补齐或删去")


# --- New dated entries: the file is replaced only once `load` has accepted what it would say ---------------------------
def append(
    path: Path, values: Mapping[str, object], holds_from: dt.date, source: str, citation: str
) -> tuple[Parameter, ...]:
    """Add an entry for each key that holds from a day on, with its source (a key of policy.SOURCES) and citation.

    Title and unit are those of the entries there are. Returns the new entries. Raises SchemaError, and leaves the file as it
    was, where the new policy does not hold together (an entry of that day is there already, weights that do not add up ...),
    and where somebody else has saved the file meanwhile.
    """
    before = path.read_bytes()
    defaults = load(places.POLICY) if path == mine() != places.POLICY else None
    held = load(path, defaults=defaults)
    unknown = [key for key in values if key not in keys().by_name]
    if unknown:
        raise SchemaError(f"{path.name}：没有参数“{unknown[0]}”")
    entries = tuple(
        replace(held.parameter(key), value=value, source=source, citation=citation.strip(), holds_from=holds_from)
        for key, value in values.items()
    )
    text = before.decode("utf-8-sig")
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines()
    for entry in entries:
        lines.insert(_behind(lines, entry.key), line(entry))
    made = (b"\xef\xbb\xbf" if before.startswith(b"\xef\xbb\xbf") else b"") + (ending.join(lines) + ending).encode()
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".policy-") as folder:
        part = Path(folder) / path.name
        part.write_bytes(made)
        load(part, defaults=defaults)
        if path.read_bytes() != before:
            raise SchemaError(f"{path.name}：刚才有人保存过。请重新打开这一页再试")
        os.replace(part, path)
    return entries


def line(entry: Parameter) -> str:
    """An entry as one line of policy.yaml."""
    fields = {name: getattr(entry, name) for name in FIELDS}
    return "  - {" + ", ".join(f"{name}: {_written(name, value)}" for name, value in fields.items()) + "}"


def _written(name: str, value: object) -> str:
    if name in ("key", "source", "holds_from"):
        return str(value)
    return json.dumps(value, ensure_ascii=isinstance(value, (bool, int, float, list)))


def _behind(lines: list[str], key: str) -> int:
    """Where a new entry of a key goes: behind its last line; at the end of the file where entries are written otherwise."""
    own = re.compile(rf"\s*- \{{\s*key: {re.escape(key)},.*\}}\s*(#.*)?$")
    found = [place for place, text in enumerate(lines) if own.match(text)]
    return found[-1] + 1 if found else len(lines)
