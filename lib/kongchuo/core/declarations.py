"""YAML files read strictly: the schema, the policy and the parameter files of batches.

One job: what cannot be meant (an unknown key, a key given twice, a missing one) is refused with file and key.
"""

import difflib
import re
from collections.abc import Iterable
from pathlib import Path

import yaml


class SchemaError(Exception):
    """A schema or policy file says something that cannot be meant; names the file and the key."""


class _StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # the C parser is ten times faster, where it is
    """SafeLoader that refuses a key given twice, and leaves dates, yes/no, 010 and 17:00 as the text that was typed."""


_AS_TYPED = tuple(f"tag:yaml.org,2002:{name}" for name in ("timestamp", "bool", "int"))
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if tag not in _AS_TYPED]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
# YAML 1.1 reads 010 as 8 and 17:00 as 1020; here a whole number is what people write as one
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"[-+]?(0|[1-9][0-9]*)$"), list("-+0123456789"))
_BOOLEANS = {"true": True, "false": False}


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    place = f"{Path(node.start_mark.name).name}：第{node.start_mark.line + 1}行起的一段"
    for key in keys:
        if isinstance(key, (list, dict)):
            raise SchemaError(f"{place}里冒号前面是一个列表，看不懂。请改成一个词")
        if keys.count(key) > 1:
            raise SchemaError(f"{place}里“{key}”写了两次。请删去一个")
    return dict(zip(keys, (loader.construct_object(value, deep=True) for _, value in node.value), strict=True))


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load_yaml(path: Path) -> dict:
    """Read one YAML file strictly: no key twice, dates stay text, only true/false are booleans.

    Raises SchemaError, one Chinese sentence that names file and line.
    """
    try:
        with path.open(encoding="utf-8-sig") as stream:  # Notepad puts a mark in front
            data = yaml.load(stream, _StrictLoader)
    except OSError as error:
        raise SchemaError(f"{path.name}：打不开这个文件（{path}）。请从原来的文件恢复") from error
    except UnicodeDecodeError as error:
        raise SchemaError(f"{path.name}：文件不是 UTF-8 编码。请用记事本打开，另存为，编码选 UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第{mark.line + 1}行附近" if mark else ""
        raise SchemaError(
            f"{path.name}：{where}不合 YAML 的写法。请核对括号、引号、冒号后的空格和行首的缩进"
        ) from error
    if not isinstance(data, dict):
        raise SchemaError(f"{path.name}：里面应是一项一项的“名称: 值”")
    return _booleans(data)


def _booleans(value: object) -> object:
    if isinstance(value, dict):
        return {key: _booleans(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_booleans(item) for item in value]
    return _BOOLEANS.get(value, value) if isinstance(value, str) else value


def nearest(word: object, allowed: Iterable[str]) -> str:
    """What may have been meant instead of a word, as a Chinese sentence; "" when nothing is near."""
    near = difflib.get_close_matches(str(word), list(allowed), 1)
    return f"是不是“{near[0]}”？" if near else ""


def strict(path: Path, where: str, data: dict, allowed: tuple[str, ...], needed: tuple[str, ...]) -> None:
    """Raise SchemaError, naming file, place and the nearest allowed word, for a key unknown or missing."""
    for key in data:
        if key not in allowed:
            near = difflib.get_close_matches(str(key), allowed, 1)
            hint = f"; did you mean '{near[0]}'?" if near else f"; allowed: {', '.join(allowed)}"
            raise SchemaError(f"{path.name}: unknown key '{key}' in {where}{hint}")
    for key in needed:
        if key not in data:
            raise SchemaError(f"{path.name}: '{key}' is missing in {where}")
