"""Names of people that stand only in a text of the workbooks: 父亲王小明和邻居 names 王小明.

What may be any word is left alone: what this takes for a name is masked and stops a public page wherever it stands.
"""

import re
from collections.abc import Iterator

# Texts with names of families: sheet, column, in which rows
COLUMNS: tuple[tuple[str, str, dict[str, str]], ...] = (
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


def names(text: str, relations: tuple[str, ...] = ()) -> Iterator[str]:
    """The names in a text: of three characters, of two behind a surname that begins few other words, or with a point between."""
    roles = sorted({one for one in (*ROLES, *relations) if len(one) > 1}, key=len, reverse=True)
    for piece in re.split(rf"[^㐀-鿿·]+|{'|'.join(roles)}", text):
        name = piece.strip("·").rstrip("和与及跟的")
        known = "·" in name or len(name) == 3 or (len(name) == 2 and name[0] in SURNAMES)
        if known and not NO_NAME.search(name):
            yield name
