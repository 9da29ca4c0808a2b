"""An office's own folder: begun with blank workbooks, what it changes of the package's, and what a newer program brings.

kongchuo.yaml marks it; commands find it from the working folder upwards, or by KONGCHUO_HOME (core.places.office); what it says is read by settings.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from itertools import count
from pathlib import Path

from ..core import declarations, places
from ..core.findings import UsageError, UserError
from ..core.schema import CENTRE, Schema, default
from ..excel import folders, foreign_lists, saving, writing
from ..excel.parts import Refused
from ..facts import calendar
from . import settings

SETTINGS = """\
# 这个文件夹是{town}控辍保学办公用的文件夹，由 kongchuo init 生成。在这个文件夹里运行 kongchuo，就用下面的位置。
shared: {shared}
out: {out}
made_by: "{version}"

# 提醒：每人逾期、快到期各几项，只有数目，没有学生姓名。不写就不发。网址、密码不写在这里，写环境变量的名字。
# notify:
#   on: true
#   within: 7
#   mail: {{host: smtp.example.cn, port: 465, user: a@example.cn, password_env: KONGCHUO_MAIL, sender: a@example.cn, to: {{示例中学: b@example.cn}}}}
#   webhooks: [{{kind: 企业微信, url_env: KONGCHUO_WECOM}}, {{kind: 钉钉, url_env: KONGCHUO_DINGTALK, secret_env: KONGCHUO_DINGTALK_SECRET}}]
"""
POLICY = """\
# 本镇自己的参数，只写和程序自带的不一样的；没有写的用程序自带的（kongchuo rules 和数据字典里看得到现行的值）。
# 一条一行，写法如下（去掉行首的 # 号）。改了的数另起一条，写新的生效日期，旧的留着。
#   - {key: suspected_after, title: 疑似线, value: 3, unit: 上课日, source: document, citation: 某某文件, holds_from: 2024-09-01}
parameters:
"""
STARTS = places.TEMPLATES / "office"  # what an office begins its own from, and the package itself does not run
COPIED = Path(".kongchuo") / "copied.json"  # what was copied from the package, with the hash it had
# by what a name says
STAGES = (("教学点", "教学点"), ("九年", "九年一贯"), ("中学", "初中"), ("初中", "初中"), ("", "小学"))
CODE = "XX{:02d}"  # of a school whose list gives none, until the office gives it its own
KINDS = (("notebooks", ".ipynb"), ("parameters", ".yaml"), ("parameters/papers", ".docx"))  # what may be copied


def init(folder: Path, town: str, schools: Path | None, year: str) -> Iterator[Path]:
    """Make an office's folder, with a blank workbook of every kind for the centre and each school of a list; yields what was made.

    The list is any table with a column of 学校全称, the other columns of the sheet 学校 as far as it has them. Raises UserError
    before anything is made: for a folder that is an office already or holds such workbooks, a name or year that is none, a list
    that cannot be read.
    """
    if not folders.is_year(year):
        raise UsageError(f"学年“{year}”应写成 2024-2025 的样子")
    if not town.strip() or re.search(r'[\\/:*?"<>|]', town):
        raise UsageError(f'镇名“{town}”不能空着，也不能有 \\ / : * ? " < > | 这些字')
    if (folder / places.MARK).exists():
        raise UserError(f"“{folder}”已经是办公文件夹。新学年请在共享文件夹里另建学年，不用再 init。")
    schema, shared = default(), Path("workbooks") / town
    root = folder / shared / year
    if root.exists() and any(root.rglob("*.xlsx")):
        raise UserError(f"“{root}”里已经有工作簿，没有动。")
    rows = _schools(town, schools, schema)
    files = {
        places.MARK: SETTINGS.format(town=town, shared=shared.as_posix(), out="runs", version=version("kongchuo")),
        "parameters/policy.yaml": POLICY,
    }
    for book in schema.books:
        homes = [CENTRE] if book.owner == "centre" else [row["school_name"] for row in rows[1:]]
        for stem in book.stems:
            held = {"school": rows, **calendar.begun(year)} if book.name == "registry" else {}
            data = writing.workbook_bytes(stem, book, held, schema)
            files |= {(shared / year / str(home) / f"{stem}.xlsx").as_posix(): data for home in homes}
    for name in ("notebooks", "parameters/papers", "runs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        yield path


def _schools(town: str, path: Path | None, schema: Schema) -> list[dict[str, object]]:
    """The rows of 学校: the centre first, then those of the list, with a code and a stage where it gives none."""
    centre = {"school_code": "ZXXX", "school_name": f"{town}中心学校", "stage": CENTRE, "active": True}
    named = _named(path, schema) if path else []
    taken = {str(row.get("school_code", "")) for row in named}
    found = []
    for number, row in enumerate(named, 1):
        stage = next(stage for mark, stage in STAGES if mark in str(row["school_name"]))
        code = next(code for code in map(CODE.format, count(number)) if code not in taken)
        taken.add(code)
        found.append({"school_code": code, "stage": stage, "active": True} | row)
    own = [row for row in found if row["stage"] == CENTRE]
    return [*(own or [centre])[:1], *(row for row in found if row["stage"] != CENTRE)]


def _named(path: Path, schema: Schema) -> list[dict[str, object]]:
    """The schools of a list, without empty cells. Raises UserError for none, a name no folder can have, and one that stands twice."""
    rows = ({key: value for key, value in row.items() if value not in (None, "")}
            for row in foreign_lists.read_rows(path, schema.sheets["school"], schema))  # fmt: skip
    named = [row for row in rows if row.get("school_name")]
    if not named:
        raise UserError(f"“{path.name}”里没有一所学校。要有“学校全称”一列，一所学校一行。")
    names = Counter(str(row["school_name"]) for row in named)
    if odd := [name for name in names if re.search(r'[\\/:*?"<>|]', name)]:
        raise UserError(f'学校全称“{odd[0]}”不能有 \\ / : * ? " < > | 这些字：文件夹也用这个名字。请改正名单。')
    if twice := sorted(name for name, times in names.items() if times > 1):
        raise UserError(f"“{path.name}”里有重名的学校：{'、'.join(twice)}。请核对后再运行。")
    return named


def copy(name: str, home: Path) -> list[Path]:
    """Copy a notebook, parameter file or Word template of the package into an office, to be changed there; returns the copies.

    The hash of what was copied is noted, so that an upgrade can tell whether the office has changed it. Raises UserError for a
    name there is not, or where the office has its own already.
    """
    found = [path for path in packaged() if Path(path).stem == name]
    if not found:
        raise UsageError(f"没有“{name}”，可以复制：{'、'.join(dict.fromkeys(Path(path).stem for path in packaged()))}")
    for path in found:
        if (home / path).exists():
            raise UserError(f"“{home / path}”已经有了，没有动。")
    for path in found:
        data = source(path).read_bytes()
        put(home / path, data)
        note(home, copies(home) | {path: entry(data)})
    return [home / path for path in found]


def packaged() -> tuple[str, ...]:
    """What may be copied from the package, by its path in it and in an office: notebooks, parameter files, Word templates."""
    found = (
        path.relative_to(root).as_posix()
        for root in (places.PROJECT, STARTS)
        for kind, end in KINDS
        for path in sorted((root / kind).glob(f"*{end}"))
    )
    return tuple(path for path in found if path != f"parameters/{places.POLICY.name}")


def source(name: str) -> Path:
    """Where the package has what may be copied under this name."""
    return next((root / name for root in (STARTS, places.PROJECT) if (root / name).is_file()), places.PROJECT / name)


# --- A newer program in an office that is there --------------------------------------------------------------------------
# A copy nobody has changed is replaced; beside one that the office has changed the new one is laid, and nothing is merged.
NEWS = places.PACKAGE / "news.yaml"
NEW = ".新版"  # stands before the ending of what is laid beside a copy that the office has changed


def news(since: str, now: str) -> Iterator[str]:
    """What the versions after one bring, up to another, newest first."""
    held = declarations.load_yaml(NEWS)
    for number in sorted(held, key=settings.numbers, reverse=True):
        if settings.numbers(since) < settings.numbers(number) <= settings.numbers(now):
            yield f"{number} 版："
            yield from (f"  - {line}" for line in held[number])


def upgrade(home: Path) -> Iterator[str]:
    """Bring an office to this program's version; yields in words what is new and what became of each copy.

    Raises UserError, before anything is changed, where the program is older than the office.
    """
    held, now = settings.settings(home), version("kongchuo")
    if wrong := settings.too_old(held):
        raise UserError(wrong)
    since = str(held.get("made_by", ""))
    yield f"办公文件夹：{since or '没有写版本'} 版；程序：{now} 版。"
    yield from news(since, now)
    noted = copies(home)
    for name in packaged():
        if said := _one(home, name, noted):
            yield said
    for name in [name for name in noted if not source(name).is_file()]:
        yield f"{name}：程序不再自带，你们的这一份留着"
        del noted[name]
    note(home, noted)
    _stamp(home / places.MARK, now)
    yield f"{places.MARK} 已写明 {now} 版。"


def _one(home: Path, name: str, noted: dict[str, dict[str, str]]) -> str:
    """Look at the office's copy of a file of the package, and see to it; in words what was done, "" for nothing."""
    own, fresh = home / name, source(name).read_bytes()
    if not own.is_file():
        noted.pop(name, None)  # removed by the office: the package's holds again
        return ""
    before = noted.get(name, {}).get("sha256")
    mine, theirs = sha256(own.read_bytes()), sha256(fresh)
    if mine == theirs or before == theirs:
        noted.setdefault(name, entry(fresh))
        return ""
    if mine == before:
        put(own, fresh)
        said = f"{name}：没有改过，已换成新的"
    else:
        beside = own.with_name(f"{own.stem}{NEW}{own.suffix}")
        put(beside, fresh)
        said = f"{name}：你们改过，没有动；新的放在旁边：{beside.name}，请对照着改"
    noted[name] = entry(fresh)
    return said


def _stamp(path: Path, now: str) -> None:
    """Write this version into kongchuo.yaml, and leave every other line as it is."""
    text = path.read_text("utf-8-sig")
    line = f'made_by: "{now}"'
    made, found = re.subn(r"(?m)^made_by:[^\r\n]*", line, text)
    put(path, (made if found else f"{text.rstrip()}\n{line}\n").encode())


# --- What was copied, with the hash it had when the package brought it ------------------------------------------------------
def copies(home: Path) -> dict[str, dict[str, str]]:
    """By path in the office, what was copied: the hash of the package's file then, and its version. Raises UserError."""
    path = home / COPIED
    try:
        return json.loads(path.read_text("utf-8")) if path.is_file() else {}
    except ValueError as error:
        raise UserError(f"“{path}”坏了。请删掉它再运行；那些副本就当作你们改过的。") from error


def note(home: Path, held: dict[str, dict[str, str]]) -> None:
    """Write down what was copied."""
    if held or (home / COPIED).is_file():
        put(home / COPIED, json.dumps(held, ensure_ascii=False, indent=1).encode())


def entry(data: bytes) -> dict[str, str]:
    """What is noted of a file of the package."""
    return {"sha256": sha256(data), "version": version("kongchuo")}


def sha256(data: bytes) -> str:
    """The hash by which a file is known again."""
    return hashlib.sha256(data).hexdigest()


def put(path: Path, data: bytes) -> None:
    """Write a file of the office whole. Raises UserError where it is open or cannot be written."""
    try:
        saving.write_copy(path, data)
    except Refused as error:
        raise UserError(f"“{path}”写不进去：{error}。") from error
