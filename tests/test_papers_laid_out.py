"""Papers as Writer and Calc lay them out: pages, titles, places to sign, nothing raw, nothing cut, nobody named where nobody may be."""

import datetime as dt
import re
from dataclasses import replace

import docx
import pytest
from docx.oxml.ns import qn

import handmade
from kongchuo import papers
from kongchuo.core.places import POLICY
from kongchuo.core.policy import load
from kongchuo.pages.views import Month
from kongchuo.papers import base, word_templates
from kongchuo.rules.judging import Judgement
from laying_out import FOOTER, converted, pages

COPY, CASE, LIST, LONG, CIRCULAR = (
    (1, 1),
    (1, 4),
    (1, 3),
    (1, 14),
    (1, 8),
)  # pages of a copy, of the whole: at least, at most
LAID = {  # kind -> pages of a copy, what stands at its head, what else must be there
    "简报": (LIST, "控辍保学简报", ("本月数据一览", "编辑：", "签发：", "报：")),
    "典型案例集": (LONG, "控辍典型案例集", ("目 录", "学生代称", "反思")),
    "督查通报": (
        CIRCULAR,
        "控辍保学督查通报",
        ("各校各项得分", "整改要求", "组长签发：", "（盖章处）", "附件1 评分表", "附件2 点名核对表", "附件3 问题清单"),
    ),
    "督查通报公开版": (LIST, "控辍保学督查通报", ("等次", "存在问题", "（盖章）")),
    "公示稿": (
        LIST,
        "考核结果公示稿",
        ("说明：", "公示时间：", "受理地点：", "电话：", "邮箱：", "签发人：", "（盖章）", "年__月__日"),
    ),
    "告家长一封信": (COPY, "告家长一封信", ("（盖章）", "回 执", "家长签字：", "日期：", "请沿此线剪下")),
    "入学通知书": (COPY, "义务教育入学通知书", ("（盖章）", "送达回证", "受送达人签字：", "见证人签字：")),
    "劝学通知书": (COPY, "劝学通知书", ("（盖章）", "送达回证", "受送达人签字：", "见证人签字：")),
    "限期复学通知书": (COPY, "限期复学通知书", ("（盖章）", "送达回证", "受送达人签字：", "见证人签字：")),
    "劝返记录": (CASE, "劝返记录", ("审签", "学校校长", "乡镇长", "教体局包片领导", "填表人：", "（学校盖章处）")),
    "一生一案": (CASE, "学困厌学学生“一生一案”", ("帮扶教师：", "家长：", "审核人：", "（学校盖章处）")),
    "一家一案": (CASE, "家庭困难学生“一家一案”", ("帮扶责任人：", "户主签字：", "校长签字：", "（学校盖章处）")),
    "包保责任一览表": (LIST, "包保责任一览表", ("填表人：", "单位负责人：", "（盖章处）")),
    "责任书_学校": (COPY, "控辍保学责任书", ("甲方（签字）：", "乙方（签字）：", "（甲方盖章处）", "（乙方盖章处）")),
    "责任书_教师": (COPY, "控辍保学责任书", ("甲方（签字）：", "乙方（签字）：", "（甲方盖章处）")),
    "责任书_家长": (COPY, "控辍保学责任书", ("甲方（签字）：", "乙方（签字）：", "（甲方盖章处）")),
    "责任书_行政村": (COPY, "控辍保学联防联控责任书", ("甲方（签字）：", "乙方（签字）：", "（乙方盖章处）")),
    "档案目录": (LIST, "控辍保学档案目录", ("档案管理员：", "单位负责人：", "（盖章处）")),
    "日查表": (COPY, "流生情况日查表", ("填表人：", "校长（签章）：", "（盖章处）")),
    "周报表": (COPY, "流生情况周报表", ("填表人：", "学籍管理员：", "（盖章处）")),
    "月报表": (COPY, "流生情况月报表", ("填表人：", "学籍管理员：", "（盖章处）")),
}
PUBLIC = ("简报", "典型案例集", "督查通报公开版", "公示稿")


@pytest.fixture(scope="module")
def township():
    return handmade.township(4, 300, 1, dt.date(2024, 1, 31))[0]


@pytest.fixture(scope="module")
def months(township):
    """The town and a school of it, each seen on the last day of months in which every kind of paper has something to say."""
    middle = township["dropout"]["home"].iloc[0]
    wanted = ("", "2023-10", 31), (middle, "2023-10", 31), (middle, "2023-12", 31), (middle, "2023-09", 30), ("", "2024-08", 31)  # fmt: skip
    return [month_of(township, *month) for month in wanted]


def month_of(town, home, month, last):
    """A Month of the town, seen on the month's last day."""
    start, end = dt.date.fromisoformat(f"{month}-01"), dt.date.fromisoformat(f"{month}-{last}")
    town = replace(town, as_of=end)
    return Month(town, load(POLICY), Judgement((), (), frozenset()), home, month, start, end)


def made(months, folder, templates=word_templates.FOLDER):
    """One file of each kind (of one class where there is one for each), of the first month that has it: kind -> path."""
    found = {}
    for month in months:
        for name in [name for name in LAID if name not in found]:
            files = papers.make(month, [name], folder, templates=templates)
            found |= dict(zip([name], files, strict=False))
    return found


@pytest.fixture(scope="module")
def laid(months, tmp_path_factory):
    """kind -> (file, its pages)."""
    folder = tmp_path_factory.mktemp("laid")
    found = made(months, folder / "made")
    pdfs = converted(list(found.values()), "pdf", folder / "pdf")
    return {name: (path, pages(pdf)) for (name, path), pdf in zip(found.items(), pdfs, strict=True)}


def test_every_kind_of_paper_is_laid_out(laid):
    assert set(laid) == set(papers.BY_NAME) == set(LAID)


@pytest.mark.parametrize("name", LAID)
def test_a_paper_has_its_title_its_places_to_sign_and_as_many_pages_as_it_should(laid, name):
    (least, most), title, signs = LAID[name]
    path, sides = laid[name]
    text = "\n".join(side for side, _ in sides)
    heads = [place for place, (side, _) in enumerate(sides) if title in re.sub(r"\s", "", side[:600])]

    assert heads[:1] == [0]
    if (least, most) in (LIST, LONG, CIRCULAR):
        assert len(sides) <= most
    else:
        ends = [*heads[1:], len(sides)]
        assert all(least <= end - head <= most for head, end in zip(heads, ends, strict=True)), path.name
    flat = re.sub(r"\s+", " ", text)
    assert not [word for word in signs if word not in flat and word.replace(" ", "") not in flat.replace(" ", "")]


@pytest.mark.parametrize("name", LAID)
def test_nothing_raw_nothing_empty_nothing_outside_the_paper(laid, name):
    for number, (side, inside) in enumerate(laid[name][1], 1):
        where = f"{name}, page {number}"
        assert not re.search(r"\{\{|\}\}|\{%|%\}|\bnan\b|\bNone\b|NaT|#REF|###", side), where
        assert FOOTER.search(side), where
        body = FOOTER.sub("", side).split()
        assert len("".join(body)) > 20, f"{where} is empty"
        assert not body[0].startswith(("填表人", "甲方（签字", "帮扶", "受送达人", "家长签字", "档案管理员")), where
        assert inside, where


def test_a_long_table_has_its_header_on_every_page(laid):
    assert "包保类型" in laid["包保责任一览表"][1][0][0]
    for name, header in (("包保责任一览表", "包保类型"), ("档案目录", "档案名称")):
        for side, _ in laid[name][1]:
            if re.search(r"^ +\d+ ", side, re.M):
                assert header in side, name


def test_no_printed_paper_holds_a_number_of_identity_and_public_ones_nobody(laid, township):
    town = township
    roster, staff = town["roster"], {*town["staff"]["name"], *town["village"]["contact"]}
    numbers = {*roster["id_no"].dropna(), *roster["status_no"].dropna()}
    people = {*roster["name"], *roster["guardian"].dropna()} - staff
    assert numbers
    assert people
    for name, (_, sides) in laid.items():
        text = re.sub(r"\s", "", "".join(side for side, _ in sides))
        assert not [number for number in numbers if number in text], name
        assert not [side for side, _ in sides if re.search(r"\d{15,}", side)], name
        if name in PUBLIC:
            assert not [word for word in (*people, *town["village"]["village_name"]) if word in text], name


def test_templates_saved_again_by_writer_make_the_same_papers(months, laid, tmp_path):
    """An office has opened each template and saved it: the papers say the same, word for word."""
    templates = sorted(word_templates.FOLDER.glob("*.docx"))
    converted(templates, "docx:MS Word 2007 XML", tmp_path / "saved")
    ours = {name: path for name, (path, _) in laid.items()}
    theirs = made(months, tmp_path / "theirs", tmp_path / "saved")  # all kinds: the 档案目录 names what lies beside it

    assert set(ours) == set(theirs) == set(LAID)
    for name in [name for name in LAID if papers.BY_NAME[name].format == base.DOCX]:
        assert said(ours[name]) == said(theirs[name]), name
        kinds = [set(re.findall(r'class="(kp-[a-z]+)', one.with_suffix(".html").read_text("utf-8"))) for one in (ours[name], theirs[name])]  # fmt: skip
        assert kinds[0] == kinds[1], name


def said(path):
    """Every word of a document, in its order."""
    document = docx.Document(path)
    return re.sub(r"\s", "", "".join(part.text or "" for part in document.element.body.iter(qn("w:t"))))
