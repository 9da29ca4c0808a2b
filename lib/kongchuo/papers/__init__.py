"""The papers an office prints: PAPERS lists them, `make` puts those of a month into a folder as .docx or .xlsx, and each as a page.

What a paper holds is pure (cases, duty, filings …); templates, workbooks and pages are made here from that.
"""

import io
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.oxml.ns import qn
from markupsafe import Markup, escape

from ..core import editions
from ..core.findings import UsageError, UserError, fault
from ..core.names import telling_names
from ..core.places import ALL, PAPERS as PAPERS_AT, TOWN
from ..excel import saving
from ..excel.tables import Grid, printed_bytes
from ..facts.references import class_label
from ..pages import display
from ..pages.views import Month, open_month
from . import cases, duty, filings, inspection, selfcheck, word_templates
from .base import CASE, DOCX, FAMILY, INTERNAL, PUBLIC, SCHOOL, XLSX, Copy, Paper

# --- A finished paper as a page: what stands in the .docx, and the tables of the .xlsx, in the style of the reports ---
# style of a paragraph in the template -> how it stands on the page; every other one is plain text
KINDS = {"公文标题": "title", "公文报头": "masthead", "公文小标题": "heading", "公文靠右": "right", "公文居中": "centre",
         "公文小字": "small", "公文副题": "subtitle", "公文期号": "issue", "公文版记": "imprint", "公文顶格": "flush",
         "公文落款": "closing", "公文裁切线": "cut", "公文填写": "write"}  # fmt: skip
WRITE = "公文填写"  # a line to write on stands on the page though it says nothing


def of_document(data: bytes, title: str, audience: str) -> str:
    """The page of a filled Word template, whatever the office has made of it."""
    document = docx.Document(io.BytesIO(data))
    section = document.sections[0]
    wide = section.page_width > section.page_height
    return _page(title, audience, list(_blocks(document)), wide)


def of_grids(grids: Sequence[Grid], title: str, audience: str) -> str:
    """The page of printed tables."""
    return _page(title, audience, [("grid", grid) for grid in grids], wide=True)


def _page(title: str, audience: str, blocks: list[tuple[str, object]], wide: bool) -> str:
    css = Markup(display.style())
    return display.render("paper.html", title=title, audience=audience, blocks=blocks, css=css, wide=wide)


def _blocks(document: Document) -> Iterator[tuple[str, object]]:
    """(kind, content) of each paragraph and table in the order of the document; empty paragraphs are left out."""
    names = {style.style_id: style.name for style in document.styles}
    links = {key: one.target_ref for key, one in document.part.rels.items() if one.reltype == RT.HYPERLINK}
    for item in document.element.body.iterchildren(qn("w:p"), qn("w:tbl")):
        if item.tag == qn("w:tbl"):
            yield _table(item, names, links)
        elif (text := _text(item, links)).strip() or names.get(item.style, "") == WRITE:
            yield KINDS.get(names.get(item.style, ""), "plain"), text


def _text(element: object, links: Mapping[str, str]) -> Markup:
    """What is written inside an element: its text, line breaks, tabs, and what leads to a file beside it."""
    found = []
    for part in element.iter(*TEXTS):
        text = escape(SIGNS.get(part.tag, part.text or ""))
        link = next(part.iterancestors(HYPERLINK), None) if links else None
        address = links.get(link.get(qn("r:id")), "") if link is not None else ""
        found.append(Markup('<a href="{}">{}</a>').format(address, text) if address else text)
    return Markup("".join(found))


SIGNS = {qn("w:br"): "\n", qn("w:tab"): "\t"}
TEXTS, HYPERLINK = (qn("w:t"), *SIGNS), qn("w:hyperlink")
ROW, CELL, PARAGRAPH = qn("w:tr"), qn("w:tc"), qn("w:p")


def _table(table: object, names: dict[str, str], links: Mapping[str, str]) -> tuple[str, object]:
    """A table as rows of (text, columns it spans): with a header where Word repeats its first row, to sign on where it has no lines."""
    rows = [
        [
            (Markup("\n".join(_text(one, links) for one in cell.iterchildren(PARAGRAPH))), cell.grid_span)
            for cell in row.iterchildren(CELL)
        ]
        for row in table.iterchildren(ROW)
    ]
    headed = bool(rows and table.find(ROW).xpath("./w:trPr/w:tblHeader"))
    lined = names.get(table.tblStyle_val) == "Table Grid"
    return ("table" if headed else "form" if lined else "signatures"), rows


# --- PAPERS, and what makes them --------------------------------------------------------------------------------------
INDEX = "档案目录"  # made last, since it names the others
BY_CLASS = ("告家长一封信", "责任书_家长")  # a file for each class, called by its name (Copy.part)
BOTH = (TOWN, SCHOOL)
# months in which a paper of a term or a school year is due
BEGINS, ENDS, OPENS = ("09", "02"), ("01", "06"), ("09",)


def _index(month: Month) -> Iterable[Copy]:
    return selfcheck.index(month, _filed(month), ())  # `make` gives it the files


PAPERS = (
    Paper("日查表", "流生情况日查表", "班、上课日", (SCHOOL,), INTERNAL, filings.daily, XLSX, needs=("daily",), archive=(6,)),
    Paper("周报表", "流生情况周报表", "班或学校、周", BOTH, INTERNAL, filings.weekly, XLSX, archive=(6,)),
    Paper("月报表", "流生情况月报表", "学校、年级", BOTH, INTERNAL, filings.monthly, XLSX, archive=(5, 6)),
    Paper("简报", "控辍保学简报", "全镇或学校", BOTH, PUBLIC, selfcheck.bulletin, DOCX, "控辍保学简报", archive=(18,)),
    Paper("典型案例集", "控辍典型案例集", "案例", (TOWN,), PUBLIC, cases.stories, DOCX, "控辍典型案例集", ("bulletin",), (18,), "学期", ENDS),
    Paper("督查通报", "控辍保学督查通报", "轮次", (TOWN,), INTERNAL, inspection.inspection, DOCX, "督查通报", ("score",), (8,), "轮次", inspection.ROUND_MONTHS),
    Paper("督查通报公开版", "控辍保学督查通报（公开版）", "轮次", (TOWN,), PUBLIC, inspection.inspection_public, DOCX, "督查通报公开版", ("score",), (8,),
          "轮次", inspection.ROUND_MONTHS),
    Paper("公示稿", "控辍保学考核结果公示稿", "学年", (TOWN,), PUBLIC, inspection.rewards, DOCX, "考核结果公示稿", ("score",), (17,), "学年", inspection.YEAR_MONTHS),
    Paper("告家长一封信", "告家长一封信", "学生", (SCHOOL,), FAMILY, cases.parents, DOCX, "告家长一封信", ("roster",), (2,), "学期", BEGINS),
    Paper("入学通知书", "义务教育入学通知书", "儿童", (SCHOOL,), FAMILY, cases.admission, DOCX, "入学通知书", ("notice",), (4,), "学年", ("08", *OPENS)),
    Paper("劝学通知书", "劝学通知书", "疑似个案", (SCHOOL,), FAMILY, cases.urging, DOCX, "劝学通知书", ("suspected",), (14,)),
    Paper("限期复学通知书", "限期复学通知书", "辍学个案", (SCHOOL,), FAMILY, cases.timed, DOCX, "限期复学通知书", ("dropout",), (14,)),
    Paper("劝返记录", "劝返记录（一生一案）", "个案", (SCHOOL,), CASE, cases.visits, DOCX, "劝返记录",
          ("suspected", "dropout", "visit"), (14,)),
    Paper("一生一案", "学困厌学学生“一生一案”", "学生", (SCHOOL,), CASE, cases.plans, DOCX, "学困厌学一生一案", ("pupil_plan",), (10,)),
    Paper("一家一案", "家庭困难学生“一家一案”", "家庭", (SCHOOL,), CASE, cases.families, DOCX, "一家一案", ("family_plan",), (9,)),
    Paper("包保责任一览表", "包保责任一览表", "包保对象", BOTH, INTERNAL, duty.overview, DOCX, "包保责任一览表", ("bond",), (3,), "学年", OPENS),
    Paper("责任书_学校", "控辍保学责任书（与学校）", "学校", (TOWN,), INTERNAL, duty.schools, DOCX, "责任书_学校", ("school",), (3,), "学年", OPENS),
    Paper("责任书_教师", "控辍保学责任书（与班主任、包保教师）", "教师", (SCHOOL,), INTERNAL, duty.teachers, DOCX, "责任书_教师", ("class",), (3,), "学年", OPENS),
    Paper("责任书_家长", "控辍保学责任书（与家长）", "学生", (SCHOOL,), FAMILY, duty.parents, DOCX, "责任书_家长", ("roster",), (3,), "学年", OPENS),
    Paper("责任书_行政村", "控辍保学联防联控责任书（与行政村）", "行政村", (SCHOOL,), INTERNAL, duty.villages, DOCX, "责任书_行政村",
          ("village",), (3, 14), "学年", OPENS),
    Paper(INDEX, "控辍保学档案目录", "十八项", (SCHOOL,), INTERNAL, _index, DOCX, "档案目录", ("archive",), (), "学年", ENDS),
)  # fmt: skip
AUDIENCES = {  # audience -> what the page says at its head, and the edition by which the gate reads it
    INTERNAL: ("内部资料，不得外传", editions.INTERNAL),
    CASE: ("个案材料，只给经办的人看，存档", editions.CASE),
    FAMILY: ("个别送达，只交本人家庭", editions.CASE),
    PUBLIC: ("公开版", editions.PUBLIC),
}
BY_NAME = {paper.name: paper for paper in PAPERS}


def edition(month: Month) -> str:
    """Which edition of the papers a month is opened for."""
    return SCHOOL if month.home else TOWN


def _filed(month: Month) -> list[tuple[str, tuple[int, ...]]]:
    return [(paper.name, paper.archive) for paper in PAPERS if paper.archive and edition(month) in paper.editions]


def chosen(names: Iterable[str]) -> tuple[Paper, ...]:
    """The papers of these names in the order of PAPERS, all for no name; raises UsageError for one there is not."""
    names = list(names)
    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        raise UsageError(f"没有“{'、'.join(unknown)}”这种材料，可选：{'、'.join(BY_NAME)}")
    return tuple(paper for paper in PAPERS if paper.name in names or not names)


def listed() -> str:
    """Which papers there are, a line each."""
    return "\n".join(
        f"{paper.name}　{paper.title}｜每{paper.per}｜{'、'.join(paper.editions)}｜{paper.audience}｜{paper.format}｜按{paper.period}"
        + (f"｜档案第{'、'.join(map(str, paper.archive))}项" if paper.archive else "")
        for paper in PAPERS
    )


class Unmade(UserError):
    """Some papers could not be made, and why; `made`: the files of the others, which are there."""

    def __init__(self, says: str, made: Iterable[Path]) -> None:
        super().__init__(says)
        self.made = [*made]


def make(
    month: Month,
    names: Sequence[str],
    folder: Path,
    *,
    gate: Callable[[Path, str], object] = lambda path, edition: None,
    say: Callable[[str], None] = lambda line: None,
    templates: Path = word_templates.FOLDER,
    earlier: Iterable[str] = (),
    warn: Callable[[str], None] | None = None,
    publish: Callable[..., list[Path]] | None = None,
    room: str = "",
) -> list[Path]:
    """Make the papers of a month (of one school, or of the town) in a folder; returns the files, each .docx or .xlsx with its page.

    `names` empty: all of this edition. `room`: of the papers that are made class by class those of this class, and no others. Every file passes `gate` (path, edition), which raises UserError for what must not
    leave, before it comes into the folder; without one whoever keeps the files asks (publishing.press). `say` is told what there was nothing to make of.
    `earlier`: what stands under `out`, three folders up, of this year (places.MADE); the 档案目录 names and links what is the school's.
    Raises Unmade, after all else is made, for a template that is missing or asks for something unknown, for what could not be
    read, and for each copy that the gate refused. `warn` gets a line for each paper that failed by a fault of ours (without it
    the fault is raised). `publish` makes the files of one copy in the place of `published`.
    """
    made: list[Path] = []
    refused: list[str] = []
    for paper in chosen(names):
        if edition(month) not in paper.editions:
            continue
        if room and paper.name not in BY_CLASS:
            if names:
                say(f"{month.title} {paper.name}：不是一班一份的材料，没有生成；要它的，不要写班级")
            continue
        if lacking := _lacking(month, paper):
            refused.append(f"{month.title} {paper.name}：没有生成，{lacking}")
            continue
        try:
            index = paper.name == INDEX
            copies = selfcheck.index(month, _filed(month), _addresses(folder, earlier)) if index else paper.make(month)
            copies = (one for one in copies if not room or class_label(one.part) == class_label(room))
            how = partial(publish or published, folder=folder, gate=gate, templates=templates)
            own, stopped, failed = _copies(month, paper, copies, how, fails=warn is not None)
        except Exception as error:
            if warn is None:
                raise
            own, stopped, failed = [], {}, [fault(f"{month.title} {paper.name}：没有生成", error)]
        made += own
        for line in failed:
            warn(line)
        refused += (f"{month.title} {paper.name}{_of(parts)}：{why}" for why, parts in stopped.items())
        if not (own or stopped or failed):
            say(f"{month.title} {paper.name}：本期没有应当打印的")
    with suppress(OSError):  # one in which nothing lies
        folder.rmdir()
    if refused:
        raise Unmade("；".join(refused), made)
    return made


def _lacking(month: Month, paper: Paper) -> str:
    """What could not be read without which a paper cannot be made, in words; "" where it can."""
    unread = month.scope.missing(*paper.needs)
    if not set(unread) >= set(month.homes) and not (unread and paper.name == INDEX):
        return ""
    lacking = [need.split(".")[0] for need in paper.needs if month.scope.missing(need)]
    sheets = "、".join(dict.fromkeys(month.town.schema.sheets[name].title for name in lacking))
    return f"读不到{sheets}（{'、'.join(unread)}）"


def _copies(
    month: Month, paper: Paper, copies: Iterable[Copy], publish: Callable[..., list[Path]], *, fails: bool
) -> tuple[list[Path], dict[str, list[str]], list[str]]:
    """The files of the copies that are made; by reason, of which copies those are that may not be; a line for each fault of ours,
    which without `fails` is raised.
    """
    made: list[Path] = []
    stopped: dict[str, list[str]] = {}
    failed: dict[str, None] = {}
    for copy in copies:
        try:
            made += publish(month, paper, copy)
        except UserError as error:
            stopped.setdefault(str(error), []).append(copy.part)
        except Exception as error:  # of this copy only; which one is not said, as it may be a pupil's
            if not fails:
                raise
            failed[fault(f"{month.title} {paper.name}：有的没有生成", error)] = None
    return made, stopped, [*failed]


def _of(parts: Sequence[str]) -> str:
    """Which copies of a paper: （七(1)班、七(2)班）; "" where there is only one."""
    return f"（{'、'.join(parts)}）" if any(parts) else ""


def _addresses(folder: Path, earlier: Iterable[str]) -> list[str]:
    """What there is of a school, as addresses from its folder out/<period>/<notebook>/<school>/: the folder's own files, and of
    `earlier` (paths under out) the pages and files of that school.
    """
    here = [path.name for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    others = [path for path in earlier if path.split("/")[2].removesuffix(".html") == folder.name]
    others = [f"../../../{path}" for path in others if path.split("/")[-1] not in here]
    return list(map(quote, (*here, *others)))


def print_out(
    school: str,
    month: str,
    workbooks: Path,
    names: Sequence[str],
    out: Path,
    *,
    gate: Callable[[Path, str, frozenset[str], int], Iterable[str]],
    say: Callable[[str], None] = print,
    earlier: Callable[[str], Iterable[str]] = lambda year: (),
    warn: Callable[[str], None] | None = None,
    room: str = "",
) -> list[Path]:
    """`make` for a school, with 全镇 for the town's own, with "all" for the town and each of its schools:
    out/papers/<month>/<school or 全镇>/.

    `gate` (publishing.gate.gate) is asked of each file with its edition, the names of children and parents and
    公开版最小人数; what it only warns of is told to `say`. `earlier`: what has been made in a school year (`make`). Raises UserError as `open_month` does, and Unmade as `make` does, once all schools are done.
    """
    if room and not {paper.name for paper in chosen(names)} & {*BY_CLASS}:
        raise UsageError(f"“{'、'.join(names)}”不是一班一份的材料，不要写班级；一班一份的有：{'、'.join(BY_CLASS)}")
    asked = chosen(names)
    opened = open_month(school, month, workbooks)
    homes = ("", *opened.homes) if school == ALL else (opened.home,)
    _can_be(opened, asked, {TOWN, SCHOOL} if school == ALL else {edition(opened)}, room)
    known, least = telling_names(opened.town), opened.policy["public_minimum"]

    def passes(path: Path, edition_of: str) -> None:
        for warning in gate(path, edition_of, known, least):
            say(f"{path.name}：{warning}")

    made: list[Path] = []
    refused: list[str] = []
    before = list(earlier(opened.town.year))
    for number, home in enumerate(homes, 1):
        folder = out / PAPERS_AT / month / (home or TOWN)
        try:
            own = make(
                replace(opened, home=home), names, folder, gate=passes, say=say, earlier=before, warn=warn, room=room
            )
        except Unmade as error:
            refused.append(str(error))
            own = error.made
        made += own
        say(f"[{number}/{len(homes)}] {home or TOWN}：{len(own)} 个文件")
    with suppress(OSError):
        (out / PAPERS_AT / month).rmdir()
    if refused:
        raise Unmade("；".join(refused), made)
    return made


def _can_be(month: Month, papers: Sequence[Paper], kinds: Collection[str], room: str) -> None:
    """Raises UsageError, which says why, where none of the papers can be made: of another edition than `kinds`, or of no class there."""
    if not any({*kinds} & {*paper.editions} for paper in papers):
        whose, choose = ("各校", "学校") if SCHOOL in papers[0].editions else ("全镇", "全镇")
        names = "、".join(paper.name for paper in papers)
        raise UsageError(f"“{names}”是{whose}的材料，没有{month.home or TOWN}的，请改选{choose}")
    if room and SCHOOL not in kinds:
        raise UsageError("一班一份的材料是各校的，没有全镇的，请改选学校")
    there = dict.fromkeys(map(class_label, month.scope.classes["class_name"].dropna()))
    if room and there and class_label(room) not in there:
        raise UsageError(f"{month.home or TOWN}没有“{room}”，有的班是：{'、'.join(there)}")


def names_of(month: Month, paper: Paper, copy: Copy) -> list[str]:
    """What the files of a copy are called, the one to print first, then its page."""
    parts = (paper.name, month.home or "全镇", month.month, copy.part)
    stem = "_".join(part.translate(UNFIT) for part in parts if part)
    return [f"{stem}.{paper.format}", f"{stem}.html"]


def published(
    month: Month, paper: Paper, copy: Copy, folder: Path, gate: Callable[[Path, str], object], templates: Path
) -> list[Path]:
    """The files of one copy: written where nobody looks, read by the gate, then moved to their names together."""
    audience, edition_of = AUDIENCES[paper.audience]
    title = f"{paper.title} {month.title} {month.label}"
    if paper.format == XLSX:
        data, page = printed_bytes(copy.content, title), of_grids(copy.content, title, audience)
    else:
        data = word_templates.filled(paper.template, copy.content, templates)
        page = of_document(data, title, audience)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = tempfile.TemporaryDirectory(dir=folder, prefix=".part-")
    except OSError as error:
        raise UserError(f"写不进“{folder}”（{saving.why(error)}），请换一个 --out 文件夹") from error
    with made as scratch:
        files = dict(zip(names_of(month, paper, copy), (data, page.encode()), strict=True))
        for name, content in files.items():
            (Path(scratch) / name).write_bytes(content)
            gate(Path(scratch) / name, edition_of)
        for name in files:
            try:
                (Path(scratch) / name).replace(folder / name)
            except OSError as error:
                raise UserError(f"“{name}”写不进去（{saving.why(error)}），可能有人正开着它，请关闭后再运行") from error
    return [folder / name for name in files]


UNFIT = str.maketrans(dict.fromkeys('\\/:*?"<>|', "-"))  # characters a file name may not hold on Windows
