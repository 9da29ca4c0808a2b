"""The names of people a township's workbooks hold, told apart by who must not be named where: what masks and gate know.

Among them names that stand only in a text: 父亲王小明和邻居 names 王小明. What may be any word is left alone: what this takes for
a name is masked and stops a public page wherever it stands.
"""

import re
from collections.abc import Iterator

from .tables import Town

PUPIL = "name"  # what the column of a pupil's name is called in every sheet that has pupils
PLACE_NAMES = (("school", "school_name"), ("village", "village_name"), ("class", "class_name"))


def personal_names(town: Town) -> frozenset[str]:
    """Every name of a pupil, parent or guardian in any sheet that was read, of this school year and of those before: columns
    of names of people that the schema marks personal: name, and what is surely a name in a text (谈话对象).
    """
    return town.once(_personal, *_read(town))


def other_names(town: Town) -> frozenset[str]:
    """What stands open to whoever reads, whole, though a family's name be part of it: schools, villages, classes, the words of
    the workbooks themselves (a child may be called 周一), staff and officials but for those who bear a pupil's name. (A parent
    who bears a teacher's is often that teacher.)
    """
    return town.once(_others, *_read(town))


def telling_names(town: Town) -> frozenset[str]:
    """The personal names that tell of a child or family wherever they stand: in no public page, beside no secret.

    Without those that are, or are part of, another name: where such a name stands, nobody can say whose it is.
    """
    return town.once(_telling, *_read(town))


def _read(town: Town) -> list[str]:
    """What tells the names apart that are known: which earlier years have been read (they may come later than the town)."""
    return [f"{one.year}: {len(one.workbooks)}" for one in town.earlier]


def _personal(town: Town, *_: str) -> frozenset[str]:
    towns = (town, *town.earlier)
    return frozenset(name for one in towns for name in (*_people(one, "name"), *_in_texts(one)) if len(name) > 1)


def _others(town: Town, *_: str) -> frozenset[str]:
    words = {item.title for sheet in town.schema.sheets.values() for item in sheet.fields}
    words |= {name for codes in town.schema.codes.values() for name in codes.names}
    words |= {name for sheet, column in PLACE_NAMES for name in town[sheet][column].dropna()}
    pupils = {name for one in (town, *town.earlier) for name in _people(one, "name", PUPIL)}
    return frozenset(words | (set(_people(town, "")) - pupils))


def _telling(town: Town, *_: str) -> frozenset[str]:
    others = "\n".join({*other_names(town), *_people(town, "")})
    return frozenset(name for name in personal_names(town) if name not in others)


def _people(town: Town, mark: str, column: str = "") -> Iterator[str]:
    """The names in the columns of names of people with this mark of the schema: "name" for families, "" for staff and officials;
    in those called `column`, or in all.
    """
    for sheet in town.schema.sheets.values():
        for item in sheet.fields:
            if item.format == "person_name" and item.personal == mark and column in ("", item.name):
                yield from town[sheet.name][item.name].dropna().unique().tolist()


def _in_texts(town: Town) -> set[str]:
    """The names of families that stand in texts, without the words of the workbooks themselves."""
    relations = tuple(word for one in town.schema.codes["guardian_rel"].values for word in (one.name, *one.aliases))
    found = set()
    for sheet, column, only in TEXTS:
        rows = town[sheet]
        for name, value in only.items():
            rows = rows[rows[name] == value]
        found |= {name for text in rows[column].dropna().unique() for name in names_in(text, relations)}
    return found - other_names(town)


# --- names in a text ---------------------------------------------------------------------------------------------------
# texts with names of families: sheet, column, in which rows
TEXTS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("visit", "with", {}),
    ("pledge", "party_b", {"pledge_type": "学校-家长"}),
    ("bond", "target_name", {"target_type": "学生"}),
)
# Who somebody is, for how people write it beside a name; the relations of the code list come with it
ROLES = ("监护人", "家长", "学生", "本人", "户主", "孩子", "同学", "老师", "教师", "班主任", "校长", "主任", "干部", "邻居", "亲属",
         "亲戚", "伯父", "叔叔", "姑姑", "舅舅", "姨妈", "婶婶", "伯母", "哥哥", "姐姐", "父母", "以及")  # fmt: skip
NO_NAME = re.compile("[不在未无没已外出电话家人户村镇乡县校班组部处所站住回打务工意拒绝见到去是等]")
SURNAMES = frozenset(
    "王李张刘陈杨赵吴徐孙朱郭罗宋郑谢韩冯董曹袁邓傅沈彭吕苏卢蒋蔡魏薛潘杜戴姜姚谭廖邹熊陆郝崔邱秦侯邵孟钱黎贺龚"
)


def names_in(text: str, relations: tuple[str, ...] = ()) -> Iterator[str]:
    """The names in a text: of three characters, of two behind a surname that begins few other words, or with a point between."""
    roles = sorted({one for one in (*ROLES, *relations) if len(one) > 1}, key=len, reverse=True)
    for piece in re.split(rf"[^㐀-鿿·]+|{'|'.join(roles)}", text):
        name = piece.strip("·").rstrip("和与及跟的")
        known = "·" in name or len(name) == 3 or (len(name) == 2 and name[0] in SURNAMES)
        if known and not NO_NAME.search(name):
            yield name
