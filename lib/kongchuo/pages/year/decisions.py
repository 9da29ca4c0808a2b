"""Sections on what follows: 一票否决, 拟奖励, 拟问责, narratives, 公示稿, the register of what was paid and signatures."""

import pandas as pd

from ...core.tables import of_year
from ...figures.unit_grades import model_persons, model_units
from ..display import Badge, Blanks, Blocks, Lines, Note, Table, titled
from ..units import ledger
from .points import score
from .years import Year

NARRATIVES = ("融合控辍（部门协同、校村联合）", "均衡控辍（条件改善、资助到位）", "质量控辍（课堂与转化）")


@titled("一票否决清单", 6, "vetoes")
def vetoes(view: Year) -> Blocks:
    """六: each class with a case: day, why it counts or not, liable or not, what the office decided, the appeal's result."""
    decisions = of_year(view.town, view.town["veto"])
    by_case = decisions.dropna(subset=["case_id"]).drop_duplicates("case_id", keep="last").set_index("case_id")
    rows = []
    for one in view.classes:
        for case in one.lost.itertuples():
            state = Badge("bad", "否决") if one.vetoed and case.lost else Badge("plain", "不否决")
            state = Badge("unknown", "尚未判定") if one.vetoed is None else state
            # liable, what the office decided, the appeal, whether both agree
            decided = None, "没有认定记录", None, "—"
            if case.case_id in by_case.index:
                made = by_case.loc[case.case_id]
                liable = None if pd.isna(made["liable"]) else bool(made["liable"])
                agree = "—" if bool(made["effective"]) == bool(case.lost) else "与认定不一致，请核对"
                decided = liable, "生效" if made["effective"] else "不生效", made["appeal"], agree
            names = one.home, one.name, one.teacher or None
            rows.append((*names, case.case_id, case.entered, case.says, state, *decided))
    table = Table(
        ("学校", "班级", "班主任", "个案编号", "触发日期", "情况", "按参数", "责任性", "中心学校认定", "申诉结果", "核对"),
        tuple(rows), empty="没有触发一票否决的个案",
    )  # fmt: skip
    return (*_open(view), table, Note("对否决有异议的，班主任可在“班级积分申诉”登记，由中心学校审定；不写学生姓名。"))


def _open(view: Year) -> list[Note]:
    """Of which classes nobody can tell whether they have lost a pupil: without these words an empty list would say that none has."""
    if not view.classes:
        return [Note("没有班级可以判定，是否流失学生尚未判定。", "unknown")]
    unknown = [one for one in view.classes if one.vetoed is None]
    names = "、".join(f"{one.home}{one.name}（{one.why}）" for one in unknown[:8])
    return [Note(f"{len(unknown)} 个班是否流失学生尚未判定：{names}", "unknown")] if unknown else []


@titled("拟奖励单位与个人", 7, "rewards")
def rewards(view: Year) -> Blocks:
    """七: proposed 先进单位 and 先进个人, within the limits of policy; for the township as a whole."""
    return _proposed(view)


def _proposed(view: Year) -> list:
    held = view.standings
    units, places = model_units(view.policy, held.units)
    persons, seats = model_persons(held.scope, held.classes)
    blocks: list = []
    if view.missing:
        blocks.append(Note("学年的数据还不全，以下只是按现有情况试排，不是奖励名单。", "warn"))
    if len(units) > places:
        blocks.append(Note(f"最后一个名额有并列，{len(units)} 所学校争 {places} 个名额，由中心学校决定。", "warn"))
    units = tuple(one for one in units if one.home in view.homes)
    persons = tuple(one for one in persons if one.home in view.homes)
    share = f"{view.policy['model_units_max']:g}%", f"{view.policy['model_persons_max']:g}%"
    blocks += [
        Table(
            ("学校", "总分", "等次"), tuple((one.home, score(one.total, one.so_far), one.grade) for one in units),
            caption=f"先进单位（不超过学校数的 {share[0]}，全镇 {places} 个名额）", empty="没有可以推荐的学校",
        ),
        Table(
            ("姓名", "学校", "班级", "总积分", "名次"),
            tuple((one.teacher, one.home, one.name, score(one.total, one.so_far), one.rank) for one in persons),
            caption=f"先进个人（同年级第一的班主任，没有否决和试算；不超过在岗教职工的 {share[1]}，全镇 {seats} 个名额）",
            empty="没有可以推荐的班主任",
        ),
    ]  # fmt: skip
    return blocks


@titled("拟问责与整改（内部）", 8, "accountability")
def accountability(view: Year) -> Blocks:
    """八: internal only: schools and classes with a veto, with what is to be mended."""
    rows = [(one.home, "学校", "；".join(one.vetoes), "约谈、限期整改，不评先进") for one in view.units if one.vetoes]
    for one in view.classes:
        if one.vetoed:
            lost = f"流失 {int(one.lost['lost'].sum())} 人"
            rows.append((f"{one.home}{one.name}", one.teacher or "班主任", lost, "不评先进；责任性的按方案问责"))
    table = Table(("对象", "责任人", "事由", "拟办"), tuple(rows), empty="没有拟问责的单位和个人")
    note = Note("是否问责由中心学校按事实决定；因学生外出、疾病等没有责任的不问责。")
    return (*_open(view), table, note)


@titled("融合、均衡、质量控辍", 9, "narratives")
def narratives(view: Year) -> Blocks:
    """九: three slots for people to write in."""
    blocks = tuple(Note(f"{title}：________________________________") for title in NARRATIVES)
    return blocks


@titled("公示稿", 10, "notice")
def notice(view: Year) -> Blocks:
    """十: the text to be shown: names of staff and classes only, the time, whom to tell."""
    blocks: list = []
    if view.missing:
        blocks.append(Note("本学年的考核还没有完成，现在没有可以公示的结果。等各项判定以后再生成公示稿。", "warn"))
    else:
        shown = [one for one in view.classes if one.vetoed is False and not one.trial]
        shown.sort(key=lambda one: (one.grade, one.rank))
        blocks += [
            Note(f"根据控辍保学方案和各校绩效方案，{view.town.year}学年控辍保学考核结果拟定如下，现予公示。"),
            *[block for block in _proposed(view) if isinstance(block, Table)],
            Table(
                ("名次", "学校", "班级", "班主任", "总积分"),
                tuple((one.rank, one.home, one.name, one.teacher or None, one.total) for one in shown),
                caption="班级积分（名次在同年级各班之间排）",
            ),
        ]  # fmt: skip
    blocks += [
        Lines((
            "说明：学校总分由各轮督查、月自查和班级积分按方案的比例合成；班级名次在同年级各班之间排，一票否决的班、绩效方案没有"
            "事先公示的班不列。只公示单位、班级和教职工，不公示学生。",
            "公示时间：____年__月__日至____年__月__日（到期撤下）。",
            f"如有异议，请在公示时间内向{view.office}实名反映，写明事实和联系方式。",
            "受理地点：________________　联系人：________　电话：____________　邮箱：________________",
        )),
        Blanks(("拟稿人", "审核人", "签发人", "公示日期"), f"{view.office}（盖章）"),
    ]  # fmt: skip
    return blocks


@titled("附件：兑现登记与签字", 11, "register")
def register(view: Year) -> Blocks:
    """十一: what has been paid or done (奖惩兑现) of this year, and places to sign."""
    rows = of_year(view.town, view.town["reward"])
    rows = rows.assign(home="")
    if view.home:
        own = {view.home, view.scope.key("school", view.home), *(one.class_id for one in view.classes)}
        rows = rows[rows["target_id"].isin(own)]
    names = ("target_id", "kind", "item", "basis", "amount", "doc_no", "done", "pub_from", "pub_to")
    form = view.town.schema.sheets["reward"]
    table = Table(
        tuple(form.by_name[name].title for name in names),
        tuple(tuple(None if pd.isna(value) else value for value in row) for row in rows[list(names)].itertuples(index=False)),
        caption="奖惩兑现登记", empty="本学年还没有兑现登记",
    )  # fmt: skip
    appeals = view.scope.rows("appeal")
    columns = ("appealed_on", "final", "decided_on")
    heard = [ledger(view, appeals, "appeal", columns, caption="班级积分申诉与审定")] if len(appeals) else []
    signed = Blanks(("填表人", "复核人", "单位负责人"), "（盖章）")
    return (table, *heard, signed)
