"""The schema: what each workbook, sheet and column holds, loaded from books/*.yaml.

Frozen shapes and a strict loader. The words are those of Frictionless Table Schema (name, title, type, format, primaryKey, required, unique, minimum,
maximum, pattern) and a few of our own (codes, many, reference, required_when, personal, hint, generated ...). Hints and descriptions
name parameters of policy.yaml as {key}; the value in force stands in its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import cache, cached_property
from pathlib import Path

from . import policy
from .declarations import SchemaError, load_yaml, strict
from .places import PACKAGE
from .years import TERMS

BOOKS = PACKAGE / "books"
TYPES = ("string", "integer", "number", "date", "boolean")
FORMATS = ("identifier", "id_number", "status_no", "disability_no", "phone", "person_name", "school_year", "month",
           "entry_month", "class_name")  # fmt: skip
SINCE = ("year", "entry")
TOLD = ("hint", "description")  # texts that name parameters
PERSONAL = ("name", "id", "phone", "place", "note", "sensitive")
CENTRE = "中心学校"  # the folder of the township's own office; every other folder is a school
LAST_PRIMARY = 6  # the last grade of primary school: from it a pupil is handed over to a junior school


@dataclass(frozen=True)
class Code:
    """One value of a code list: the Chinese name that is stored, its official code, other ways people type it."""

    name: str
    code: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Codes:
    """A code list, with the source of its values.

    `refused` are words people type that must be no value: they are read as they stand, and a rule says why they cannot be.
    `replaced` are values of older versions with the one that stands for each now: read as that, and put in its place by
    `kongchuo migrate`.
    """

    name: str
    title: str
    values: tuple[Code, ...]
    source: str = ""
    refused: tuple[str, ...] = ()
    replaced: tuple[tuple[str, str], ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The values as they are stored and offered in a drop-down."""
        return tuple(value.name for value in self.values)


@dataclass(frozen=True)
class Field:
    """One column. `required_when` and `required_unless` map a field of the same sheet to the values meant ("*": any).

    What a column owes to another of its row: a date lies on or after those of `not_before` and on or before those of
    `not_after`; a person is not the one of `other_than`. `people`: how many names a text holds at least.
    """

    name: str
    title: str
    type: str = "string"
    format: str = ""
    codes: str = ""
    many: bool = False
    reference: str = ""
    required: bool = False
    required_when: dict[str, tuple[str, ...]] = field(default_factory=dict)
    required_unless: dict[str, tuple[str, ...]] = field(default_factory=dict)
    required_one_of: str = ""
    unique: bool = False
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    not_before: tuple[str, ...] = ()
    not_after: tuple[str, ...] = ()
    other_than: tuple[str, ...] = ()
    people: int = 0
    personal: str = ""
    hint: str = ""
    width: int = 0
    generated: bool = False
    aliases: tuple[str, ...] = ()
    added: bool = False  # came after the first templates: a workbook without it is read all the same
    past: bool | None = None  # of a date: whether it says what has happened, or what is planned or due (期限)
    since: str = (
        ""  # of a past date, how early it can be: in the school year ("year"), since the pupil came to school ("entry")
    )
    overwritten: bool = False  # the cell is written anew each time (最近跟踪): what it said before cannot be known
    known_from: str = ""  # since when the cell holds anything: a column of the row, or the term that it is filled after
    earlier: dict[str, str] = field(default_factory=dict)  # what the cell said before a column's date: {column: value}


@dataclass(frozen=True)
class Sheet:
    """One worksheet. `labels` are fields that identify a row as well as the key does when others refer to it; `dated` is the
    column with the day from which a row exists ("": rows have no such day). One `added` after the first templates may be missing.
    """

    name: str
    title: str
    fields: tuple[Field, ...]
    description: str = ""
    primary_key: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    dated: str = ""
    added: bool = False

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Fields by their English name."""
        return {item.name: item for item in self.fields}

    @cached_property
    def typed(self) -> tuple[Field, ...]:
        """The columns people fill in: all but the generated ones."""
        return tuple(item for item in self.fields if not item.generated)

    @cached_property
    def recorded(self) -> tuple[Field, ...]:
        """The columns people fill in with the day on which something happened."""
        return tuple(item for item in self.typed if item.past)

    def when(self, item: Field) -> str:
        """When a column must be filled, in Chinese: 必填, “状态”为“已销号”时必填, “甲”、“乙”至少填一项; "" for never."""
        if item.required:
            return "必填"
        said = [
            f"“{self.by_name[name].title}”" + ("已填" if "*" in values else f"为“{'、'.join(values)}”")
            for name, values in (item.required_when or item.required_unless).items()
        ]
        if said:
            return "，".join(said) + ("时必填" if item.required_when else "时才可以不填")
        group = [f"“{other.title}”" for other in self.typed if other.required_one_of == item.required_one_of != ""]
        return f"{'、'.join(group)}至少填一项" if group else ""


@dataclass(frozen=True)
class Book:
    """One workbook. `owner` is "centre" or "school"; a `per_term` workbook exists once for each term."""

    name: str
    title: str
    owner: str
    sheets: tuple[Sheet, ...]
    version: int = 1
    per_term: bool = False
    description: str = ""

    @property
    def stems(self) -> tuple[str, ...]:
        """File names without ending: one, or one for each term."""
        return tuple(f"{self.title}_{term}" for term in TERMS) if self.per_term else (self.title,)

    @cached_property
    def by_name(self) -> dict[str, Sheet]:
        """Sheets by their English name."""
        return {item.name: item for item in self.sheets}


@dataclass(frozen=True)
class Schema:
    """All workbooks and code lists."""

    books: tuple[Book, ...]
    codes: dict[str, Codes]

    @cached_property
    def sheets(self) -> dict[str, Sheet]:
        """Every sheet by its English name, which is unique over all workbooks."""
        return {sheet.name: sheet for book in self.books for sheet in book.sheets}

    @cached_property
    def book_of(self) -> dict[str, Book]:
        """The workbook that holds a sheet, by the sheet's English name."""
        return {sheet.name: book for book in self.books for sheet in book.sheets}

    @cached_property
    def by_stem(self) -> dict[str, Book]:
        """The workbook a file name (without ending) stands for."""
        return {stem: book for book in self.books for stem in book.stems}

    def owned_by(self, owner: str) -> tuple[Book, ...]:
        """The workbooks of the centre ("centre") or of each school ("school")."""
        return tuple(book for book in self.books if book.owner == owner)


BESIDE = ("not_before", "not_after", "other_than")  # name other columns of the row
_FIELD_KEYS = tuple(item.name for item in fields(Field))


def _load_field(path: Path, where: str, data: dict) -> Field:
    where = f"{where}, column '{data.get('title', data.get('name', '?'))}'"
    strict(path, where, data, _FIELD_KEYS, ("name", "title"))
    for key, allowed in (("type", TYPES), ("format", FORMATS), ("personal", PERSONAL), ("since", SINCE)):
        if key in data and data[key] not in allowed:
            raise SchemaError(f"{path.name}: {key} '{data[key]}' in {where}; allowed: {', '.join(allowed)}")
    if (data.get("type") == "date") != isinstance(data.get("past"), bool):
        raise SchemaError(f"{path.name}: {where} must say past: true or false if it is a date, and only then")
    if data.get("since") and not data.get("past"):
        raise SchemaError(f"{path.name}: {where} says since when it can be, which only a date with past: true may")
    converted = dict(data)
    for key in ("required_when", "required_unless"):
        if key in data:
            meant = {name: values if isinstance(values, list) else [values] for name, values in data[key].items()}
            converted[key] = {name: tuple(map(str, values)) for name, values in meant.items()}
    for key in ("aliases", *BESIDE):
        given = data.get(key, ())
        converted[key] = (given,) if isinstance(given, str) else tuple(given)
    return Field(**converted)


def _load_sheet(path: Path, data: dict, common: dict[str, dict]) -> Sheet:
    where = f"sheet '{data.get('title', '?')}'"
    allowed = ("name", "title", "description", "primaryKey", "labels", "dated", "added", "fields")
    strict(path, where, data, allowed, ("name", "title", "fields"))
    columns = []
    for item in data["fields"]:
        item = {"use": item} if isinstance(item, str) else dict(item)
        if "use" in item:
            name = item.pop("use")
            if name not in common:
                raise SchemaError(f"{path.name}: {where} uses '{name}', which common.yaml does not have")
            item = {**common[name], **item}
        columns.append(_load_field(path, where, item))
    keys = {"primary_key": tuple(data.get("primaryKey", ())), "labels": tuple(data.get("labels", ()))}
    more = {name: data[name] for name in ("description", "dated", "added") if name in data}
    sheet = Sheet(data["name"], data["title"], tuple(columns), **keys, **more)
    for kind, values in (("name", [f.name for f in columns]), ("title", [f.title for f in columns])):
        for value in values:
            if values.count(value) > 1:
                raise SchemaError(f"{path.name}: {where} has two columns with {kind} '{value}'")
    mentioned = [
        *sheet.primary_key,
        *sheet.labels,
        *(k for f in columns for k in (*f.required_when, *f.required_unless, *f.earlier)),
        *({sheet.dated, *(f.known_from for f in columns)} - {"", *TERMS}),
        *(k for f in columns for key in BESIDE for k in getattr(f, key)),
    ]
    for name in mentioned:
        if name not in sheet.by_name:
            raise SchemaError(f"{path.name}: {where} mentions column '{name}', which it does not have")
    return sheet


def _load_codes(path: Path) -> Iterator[Codes]:
    data = load_yaml(path)
    strict(path, "file", data, ("lists",), ("lists",))
    for item in data["lists"]:
        where = f"list '{item.get('name', '?')}'"
        strict(
            path, where, item, ("name", "title", "source", "refused", "replaced", "values"), ("name", "title", "values")
        )
        values = []
        for value in item["values"]:
            value = {"name": value} if isinstance(value, str) else value
            strict(path, where, value, ("name", "code", "aliases"), ("name",))
            values.append(Code(value["name"], str(value.get("code", "")), tuple(map(str, value.get("aliases", ())))))
        names = [value.name for value in values]
        if len(set(names)) != len(names):
            raise SchemaError(f"{path.name}: {where} has a value twice")
        replaced = tuple((str(old), str(new)) for old, new in item.get("replaced", {}).items())
        for old, new in replaced:
            if old in names or new not in names:
                raise SchemaError(f"{path.name}: {where} replaces '{old}' by '{new}', which must be no value and one")
        more = (item.get("source", ""), tuple(item.get("refused", ())), replaced)
        yield Codes(item["name"], item["title"], tuple(values), *more)


def _load_book(path: Path, common: dict[str, dict], held: policy.Policy) -> Book:
    data = policy.told(path, load_yaml(path), held, TOLD)
    allowed = ("name", "title", "owner", "per_term", "version", "description", "sheets")
    strict(path, "file", data, allowed, ("name", "title", "owner", "sheets"))
    if data["name"] != path.stem or data["owner"] not in ("centre", "school"):
        raise SchemaError(f"{path.name}: name must be the file's own and owner 'centre' or 'school'")
    sheets = tuple(_load_sheet(path, item, common) for item in data.pop("sheets"))
    return Book(sheets=sheets, **data)


def load(folder: Path = BOOKS, numbers: Path | None = None) -> Schema:
    """Load every book in `folder`, with the newest `numbers` (a policy file; the policy that holds here); raises SchemaError with file and key for whatever cannot be meant."""
    common_path, held = folder / "common.yaml", policy.load(numbers) if numbers else policy.current()
    common = policy.told(common_path, load_yaml(common_path), held, TOLD)
    strict(common_path, "file", common, ("fields",), ("fields",))
    shared = {item["name"]: item for item in common["fields"]}
    if len(shared) != len(common["fields"]):
        raise SchemaError("common.yaml: a field is given twice")
    paths = {path.stem: path for path in sorted(folder.glob("*.yaml")) if path.stem not in ("common", "codes")}
    order = ("registry", "census", "duty", "inspection", "enrolment", "attendance", "cases", "support", "selfcheck")
    stems = [*(stem for stem in order if stem in paths), *(stem for stem in paths if stem not in order)]
    books = tuple(_load_book(paths[stem], shared, held) for stem in stems)
    schema = Schema(books, {codes.name: codes for codes in _load_codes(folder / "codes.yaml")})
    _check_links(schema)
    return schema


def _check_links(schema: Schema) -> None:
    """References and code lists must exist; sheet names must be unique over all books."""
    names = [sheet.name for book in schema.books for sheet in book.sheets]
    for name in names:
        if names.count(name) > 1:
            raise SchemaError(f"sheet name '{name}' is used in two books")
    for book in schema.books:
        for sheet in book.sheets:
            for item in sheet.fields:
                where = f"{book.name}.yaml: sheet '{sheet.title}', column '{item.title}'"
                if item.codes and item.codes not in schema.codes:
                    raise SchemaError(f"{where}: code list '{item.codes}' is not in codes.yaml")
                if item.reference and len(schema.sheets.get(item.reference, sheet).primary_key) != 1:
                    raise SchemaError(f"{where}: reference '{item.reference}' has no single key")
                if item.reference and item.reference not in schema.sheets:
                    raise SchemaError(f"{where}: reference '{item.reference}' is no sheet")


@cache
def default() -> Schema:
    """The schema that ships with the package, loaded once."""
    return _taken_over[0] if _taken_over else load()


_taken_over: list[Schema] = []


def take_over(schema: Schema) -> None:
    """Let `default` give what it has given in another process, which is there sooner than it is loaded."""
    if not _taken_over or _taken_over[0] is not schema:
        _taken_over[:] = [schema]
        default.cache_clear()
