"""YAML files read strictly: the schema, the policy and the parameter files of batches.

One job: what cannot be meant (an unknown key, a key given twice, a missing one) is refused with file and key.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import yaml


class SchemaError(Exception):
    """A schema or policy file says something that cannot be meant; names the file and the key."""


class _StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # the C parser is ten times faster, where it is
    """SafeLoader that refuses a key given twice, and leaves dates and yes/no as the text that was typed."""


_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_BOOLEANS = {"true": True, "false": False}


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise SchemaError(f"{node.start_mark.name}: key '{key}' is given twice, line {node.start_mark.line + 1}")
    return dict(zip(keys, (loader.construct_object(value, deep=True) for _, value in node.value), strict=True))


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load_yaml(path: Path) -> dict:
    """Read one YAML file strictly: no key twice, dates stay text, only true/false are booleans.

    Raises SchemaError naming the file.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            data = yaml.load(stream, _StrictLoader)
    except yaml.YAMLError as error:
        raise SchemaError(f"{path}: {error}") from error
    if not isinstance(data, dict):
        raise SchemaError(f"{path}: must hold a mapping")
    return _booleans(data)


def _booleans(value: object) -> object:
    if isinstance(value, dict):
        return {key: _booleans(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_booleans(item) for item in value]
    return _BOOLEANS.get(value, value) if isinstance(value, str) else value


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
