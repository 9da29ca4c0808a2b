"""Rules on 督查奖惩: rounds that were not held, scores above an item's points, a scheme nobody was shown."""

from collections.abc import Iterator

import pandas as pd

from ..core.findings import ERROR, WARNING
from ..core.policy import Policy
from ..core.tables import Town, complete, each, no, of_year, row_of, yes
from ..due import inspection
from ..due.base import overdue, state
from ..facts import calendar
from ..facts.references import look_up
from .base import Spot, at, readable, rule, spots
from .selfcheck import gaps

TERMS = ("term.start", "term.end")


@rule(
    "T02",
    WARNING,
    needs=("score.school_code", "score.term", "score.round", "score.date", *TERMS),
    says="{school}{term}督查{held}轮，到现在应有{due}轮",
    fix="请中心学校补做这一轮督查，填“督查评分”和“督查点名”；第一轮{first}周前、第二轮{second}周前。",
    source="domain.md 3.3 T02; 方案六-9",
)
def too_few_inspections(town: Town, policy: Policy) -> Iterator[Spot]:
    """中心学校每学期对每所学校督查两轮，各有截止的教学周。少一轮，这所学校的问题就晚半个学期才有人看见。"""
    found = state(town, policy, inspection.ROUND)
    late = found[found["late"] & found["done"].isna() & readable(town, found["home"], *TERMS, "score.round")]
    rows = inspection.inspected(town)
    unclear = rows[rows["home"] == ""].drop_duplicates(["school_code", "term", "round"])
    if len(late) <= len(unclear):  # each may be one that seems to be missing
        return
    held = found.assign(term=found["period"].str[:-1]).groupby(["home", "term"])["done"].count()
    weeks = {"first": policy[inspection.ROUNDS[1]], "second": policy[inspection.ROUNDS[2]]}
    for place, school, periods in gaps(late, rows, "item_no"):
        for term in dict.fromkeys(period[:-1] for period in periods):
            number = int(held[school, term])
            due = number + sum(period[:-1] == term for period in periods)
            yield at("score", place, "round", school=school, term=term, held=number, due=due, **weeks)


@rule(
    "V02",
    ERROR,
    needs=("score.item_no", "score.score"),
    says="{school}督查第{item}项得{score}分，超过这一项的分值{points}分",
    fix="请核对评分表，改正得分；各项分值见参数“督查各项分值”。",
    source="domain.md 3.3 V02, 5.4",
)
def score_above_points(town: Town, policy: Policy) -> Iterator[Spot]:
    """督查每一项的得分不能超过这一项的分值，否则总分和等次都不对。"""
    points = dict(enumerate(policy["inspection_item_points"], start=1))
    rows = complete(inspection.inspected(town), "item_no", "score")
    rows = rows.assign(points=rows["item_no"].map(points))
    rows = rows[rows["score"] > rows["points"]]
    for index, school, item, score, most in each(rows, "home", "item_no", "score", "points"):
        facts = {"item": item, "score": f"{score:g}", "points": f"{most:g}"}
        yield at("score", index, "score", school=school or "该校", **facts)


NOT_IN_SCHEME = "{school}绩效方案没有写入控辍转化考核，班级积分只作试算"


@rule(
    "V03",
    WARNING,
    needs=("publicity.school_code", "publicity.pub_date", "publicity.in_scheme", "baseline.student_key", *TERMS),
    says="{school}绩效方案没有公示，班级积分只作试算",
    fix="请学校把转化考核写进绩效方案，向教师公示，再填“方案公示”。",
    source="domain.md 3.3 V03; 方案六-8",
)
def scheme_not_shown(town: Town, policy: Policy) -> Iterator[Spot]:
    """班级积分以学年初人数为基准，基准锁定以后就能测算；但积分办法要事先写进绩效方案、向教师公示，否则积分不能用来奖惩。"""
    late = overdue(town, policy, inspection.SCHEME)
    late = late[late["home"].isin(town["baseline"]["home"])]
    late = late[readable(town, late["home"], "publicity.pub_date", "publicity.school_code", *TERMS)]
    rows = inspection.shown(town)
    absent = row_of(late.index) == 0
    unclear = int((rows["home"] == "").sum())
    denied = set(rows.index[no(rows["in_scheme"])])
    for index, school in late.loc[~absent, "home"].items():
        if index in denied:
            yield at("publicity", index, "in_scheme", says=NOT_IN_SCHEME, school=school)
        else:
            yield at("publicity", index, "pub_date", school=school)
    for index, school in late.loc[absent, "home"].items() if absent.sum() > unclear else ():
        yield at("publicity", index, "school_code", school=school)


@rule(
    "V04",
    WARNING,
    needs=("score.item_no", "score.score", "score.reason"),
    says="{school}督查第{item}项扣了{lost}分，没有写扣分理由",
    fix="请督查组补写扣分理由，写清哪一件事、依据什么材料。",
    source="domain.md 2.9 扣分理由",
)
def lost_points_unexplained(town: Town, policy: Policy) -> Iterator[Spot]:
    """没有得满分的项目要写扣分理由。不写理由，学校不知道改什么，下一轮也没法对照。"""
    points = dict(enumerate(policy["inspection_item_points"], start=1))
    rows = complete(inspection.inspected(town), "item_no", "score")
    rows = rows.assign(lost=rows["item_no"].map(points) - rows["score"])
    rows = rows[(rows["lost"] > 0) & rows["reason"].isna() & town.known("score", "reason").reindex(rows.index)]
    for index, school, item, lost in each(rows, "home", "item_no", "lost"):
        yield at("score", index, "reason", school=school or "该校", item=item, lost=f"{lost:g}")


APART = "{school}{term}第{round}轮督查，这一项的日期写{day}，其他项写{other}"
OUTSIDE = "{school}{term}第{round}轮督查的日期{day}不在本学年任何一个学期内"


@rule(
    "V05",
    WARNING,
    needs=("score.school_code", "score.term", "score.round", "score.date", *TERMS),
    says=APART,
    fix="请照当天的督查记录核对日期：一所学校一轮督查的各项是同一天，都在开学以后、放假以前。",
    source="domain.md 2.9 督查日期, 3.3 T02",
)
def round_on_two_days(town: Town, policy: Policy) -> Iterator[Spot]:
    """一所学校一轮督查的十项写同一个日期，而且在学期以内。日期不一样，这一轮是哪天做的、算不算按时，就说不清；核对台账也不知道看哪一天。"""
    rows = complete(inspection.inspected(town), "school_code", "term", "round", "date")
    rows, unit = rows.assign(home=rows["home"].replace("", "该校")), ["school_code", "term", "round"]
    usual = rows.groupby(unit)["date"].agg(lambda days: days.value_counts().index[0])
    rows = rows.join(usual.rename("other"), on=unit)
    facts = {"school": "home", "term": "term", "round": "round", "day": "date"}
    yield from spots(rows[rows["date"] != rows["other"]], "score", "date", other="other", **facts)
    terms = calendar.terms(town)
    if terms.empty or not readable(town, rows["home"], *TERMS).all():
        return
    inside = pd.concat(
        [rows["date"].between(start, end) for start, end in terms[["start", "end"]].itertuples(index=False)], axis=1
    ).any(axis=1)
    out = rows[~inside & (rows["date"] == rows["other"])].drop_duplicates(unit)
    yield from spots(out, "score", "date", says=OUTSIDE, **facts)


@rule(
    "V06",
    ERROR,
    needs=("reward.target_id", "reward.kind", "veto.target_id", "veto.effective"),
    says="{target}本学年被一票否决（第{other}行），这里却记了奖励“{item}”",
    fix="请核对：否决撤销了的，在“一票否决”写明申诉结果；没有撤销的，取消这项奖励。",
    source="domain.md 5.4（否决的不评先进）; 方案六-8、六-10",
)
def rewarded_in_spite(town: Town, policy: Policy) -> Iterator[Spot]:
    """一票否决生效的班级、学校和个人，这一学年不评先进、不发奖。奖励照发，否决就成了一句空话，别的学校也不会服气。"""
    vetoed = of_year(town, town["veto"])
    vetoed = complete(vetoed[yes(vetoed["effective"])], "target_id")
    rows = {key: row_of(index) for index, key in reversed(list(_targets(town, vetoed["target_id"])))}
    rewards = of_year(town, town["reward"])
    rewards = complete(rewards[rewards["kind"] == "奖"], "target_id")
    for index, key in _targets(town, rewards["target_id"]):
        if key in rows:
            facts = {"target": rewards.at[index, "target_id"], "item": rewards.at[index, "item"], "other": rows[key]}
            yield at("reward", index, "target_id", **facts)


def _targets(town: Town, cells: pd.Series) -> Iterator[tuple[int, tuple[str, str]]]:
    """(row, what each cell stands for): a school, a class or a member of staff, by number or by name."""
    for kind in ("school", "class", "staff"):
        found = look_up(town, cells, kind)["key"]
        yield from ((index, (kind, key)) for index, key in found[found != ""].items())


RULES = (
    too_few_inspections,
    score_above_points,
    scheme_not_shown,
    lost_points_unexplained,
    round_on_two_days,
    rewarded_in_spite,
)
