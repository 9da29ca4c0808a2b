"""One name, however it is spelled: brackets, full and half width, blanks and middle dots differ from workbook to workbook."""

import random
import re
import zipfile

import pytest

import townships
from kongchuo.commands import opening
from kongchuo.core import schema as schemas
from kongchuo.core.cells import fold
from kongchuo.core.findings import INFO
from kongchuo.core.names import names_in
from kongchuo.facts.references import School, school_called
from kongchuo.pages.views import home_of

YEAR = "2023-2024"
SCHOOL, PRIMARY = "示例中学", "示例第一小学"
TEXT = re.compile(r"<t(?: [^>]*)?>([^<]+)</t>")
KINDS = (("学校", "学校全称"), ("行政村", "村名"), ("班级", "班级名称"), ("教职工", "姓名"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    townships.make(folder, 2, 50, 7)
    return folder


def names(folder):
    """Every name of the registry and of the pupils of the township as made."""
    town = opening.reached(folder, YEAR)
    of = (
        ("school", "school_name"),
        ("village", "village_name"),
        ("class", "class_name"),
        ("staff", "name"),
        ("roster", "name"),
    )
    return {sheet: sorted(set(town[sheet][column].dropna())) for sheet, column in of}


def respelled(made, target, change, homes):
    """The township with each cell that holds a name, or names joined by 、, written as `change(name, path)` says."""
    for path in made.rglob("*.xlsx"):
        home = homes.get(path.parent.name, path.parent.name)
        out = target / path.parent.parent.name / home / path.name
        out.parent.mkdir(parents=True, exist_ok=True)

        def parts(match, path=path):
            return match[0].replace(match[1], "、".join(change(part, path) for part in match[1].split("、")))

        with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                data = old.read(name)
                if name == "xl/sharedStrings.xml":
                    data = TEXT.sub(parts, data.decode()).encode()
                new.writestr(name, data)
    return target


def odd(chance, name):
    """Another spelling of the same name, as input methods and other programs give it."""
    swaps = {"(": "（", ")": "）", "（": "(", "）": ")", "·": "•‧・･."}
    swaps |= {letter: chr(ord(letter) + 0xFEE0) for letter in "123456789"}
    return "".join(chance.choice([sign, *swaps.get(sign, "")]) for sign in name)


def extended(known):
    """Names with brackets and middle dots in place of the plain ones of the example."""
    found = {name: f"{name}（东校区）" for name in known["school"][:2]} | {
        name: f"{name}（新寨）" for name in known["village"][:1]
    }
    found |= {name: f"{name}（大）" for name in known["staff"][::3]}
    free = [name for name in known["roster"] if name not in known["staff"]]
    return found | {name: f"{name[0]}依·{name[1:]}" for name in free[::2]} | {name: name for name in known["class"]}


@pytest.mark.parametrize("seed", range(2))
def test_a_name_spelled_in_many_ways_is_one_name(made, tmp_path, seed):
    chance = random.Random(seed)
    known = names(made)
    longer = extended(known)
    spelled = {}

    def change(name, path):
        # a registry has one spelling of each name; every other workbook its own
        return spelled.setdefault((name, path), odd(chance, longer[name])) if name in longer else name

    homes = {school: odd(chance, longer.get(school, school)) for school in known["school"] if school != "中心学校"}
    shared = respelled(made, tmp_path / "shared", change, homes)
    checked = opening.check([shared], remembered=False)

    loud = [
        (one.rule, one.workbook, one.sheet, one.cell, one.message) for one in checked.findings if one.severity != INFO
    ]
    assert not loud
    assert {one.rule for one in checked.findings} <= {"F08", "F25"}
    town = opening.reached(shared, YEAR)
    registry = {fold(name): name for name in town.schools["school_name"]}
    assert set(town.homes) == set(registry.values())  # as the registry spells it, whatever the folder is called


@pytest.mark.parametrize(("registry", "folder"), [("（东校区）", "(东校区)"), ("(东校区)", "（东校区）")])
def test_a_folder_is_the_school_that_the_registry_spells_otherwise(made, tmp_path, registry, folder):
    shared = respelled(
        made, tmp_path, lambda name, _: f"{SCHOOL}{registry}" if name == SCHOOL else name, {SCHOOL: f"{SCHOOL}{folder}"}
    )
    whole, own = (
        opening.check([shared, *more][-1:], remembered=False) for more in ((), (shared / YEAR / f"{SCHOOL}{folder}",))
    )

    assert whole.findings == own.findings == ()
    assert f"{SCHOOL}{registry}" in opening.reached(shared, YEAR).homes


def test_a_finding_is_of_the_school_whose_folder_it_lies_in(made, tmp_path):
    shared = respelled(
        made, tmp_path, lambda name, _: f"{SCHOOL}（东）" if name == SCHOOL else name, {SCHOOL: f"{SCHOOL}(东)"}
    )
    (shared / YEAR / f"{SCHOOL}(东)" / "学籍.xlsx").unlink()
    (shared / YEAR / f"{SCHOOL}(东)" / "说明.docx").write_bytes(b"")
    checked, town = opening.check([shared / YEAR / f"{SCHOOL}(东)"], remembered=False), opening.reached(shared, YEAR)

    assert {"R01", "R09"} <= {one.rule for one in checked.findings}
    assert {home_of(one, town) for one in checked.findings} == {f"{SCHOOL}（东）"}
    assert any(one.home == f"{SCHOOL}（东）" for one in checked.not_judged)


def test_a_school_is_asked_for_in_any_spelling():
    schools = (School("示例中学（东校区）", "SLZ01", ("示例中（东）",)), School("示例第一小学"))

    for typed in ("示例中学（东校区）", "示例中学(东校区)", " 示例中学 ( 东校区 )", "ＳＬＺ01", "示例中(东)"):
        assert school_called(typed, schools) == ("示例中学（东校区）", "")
    assert school_called("示例第一小", schools) == ("", "示例第一小学")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("监护人王小明", ["王小明"]),
        ("父亲王小明和母亲李四", ["王小明", "李四"]),
        ("王小明、赵五（爷爷）", ["王小明", "赵五"]),
        ("王小明的奶奶及邻居", ["王小明"]),
        ("学生本人 阿依·古丽", ["阿依·古丽"]),
        ("外公", []),
        ("家中无人", []),
        ("监护人外出，电话不通", []),
        ("监护人同意", []),
        ("七(1)班学生家长", []),
        ("村干部、邻居", []),
    ],
)
def test_names_in_a_text(text, found):
    relations = schemas.default().codes["guardian_rel"]
    words = tuple(word for value in relations.values for word in (value.name, *value.aliases))

    assert list(names_in(text, words)) == found
