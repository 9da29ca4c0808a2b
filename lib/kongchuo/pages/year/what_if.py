"""What if: the two open questions and the weights, the township's points and grades side by side before anything is saved.

In an archived page the alternatives to the two open questions stand as tables. On a live page every number can be tried; what is
saved is a new dated entry of policy.yaml, never a workbook.
"""

import datetime as dt
from collections.abc import Callable, Mapping

from ...core import policy
from ...core.declarations import SchemaError
from ...core.numbers import fixed, rounded
from ...figures.scopes import Scope
from ...figures.unit_grades import Moved, Standings, UnitGrade, compare, standings
from ..display import Badge, Blocks, Note, Section, Table, card, titled
from .points import state
from .years import Year

# What can be tried, in groups that must add up together: policy key -> step of the control
TRIED = (
    ("两个待定问题", ("return_lifts_veto", "return_grace_days")),
    ("班级积分（合计100）", ("points_keep", "points_convert", "points_process")),
    ("转化内部权重（合计1）", ("convert_weight_progress", "convert_weight_goal", "convert_weight_stay")),
    ("单位考核权重（合计1）", ("unit_weight_inspection", "unit_weight_selfcheck", "unit_weight_class_points")),
)
Values = Mapping[str, object]


def alternatives(held: Standings) -> dict[str, Values]:
    """The other answers to the two open questions: what it is called -> the values."""
    policy = held.policy
    lifts, days = policy["return_lifts_veto"], policy["return_grace_days"]
    other = policy["return_grace_tried"]
    return {
        f"返校后{'不' if lifts else ''}免否决": {"return_lifts_veto": not lifts},
        f"回校宽限日改为{other if days != other else 0}日": {"return_grace_days": other if days != other else 0},
    }


def _tried(scope: Scope) -> dict[str, Standings]:
    held = standings(scope)
    return {title: held.tried(values) for title, values in alternatives(held).items()}


@titled("如果换一种算法", 0, "what_if")
def static(view: Year) -> Blocks:
    """The alternatives to the two open questions beside the policy in force, in tables."""
    policy = view.policy
    now = f"现行：返校后{'免' if policy['return_lifts_veto'] else '不免'}否决，统计回校宽限{policy['return_grace_days']}日。"
    blocks: list = [
        Note(f"{now}两项都待中心学校确定。按另一口径试算，名次、等次变化如下（只是试算，没有保存任何改动）：")
    ]
    if not view.classes:
        blocks = [Note(f"{now}没有班级可以计分，按另一口径也无从比较。", "unknown")]
        return blocks
    for title, after in view.scope.everybody.once(_tried).items():
        blocks += side_by_side(view, after, title)
    return blocks


def side_by_side(view: Year, after: Standings, title: str) -> list:
    """Who moves, among the classes and schools the page is about."""
    if not view.classes:
        return [Note(f"{title}：没有班级可以计分，无从比较。", "unknown")]
    classes, units = compare(view.standings, after)
    shown = {one.class_id for one in view.classes}
    moved = [one for one in classes if one.before.class_id in shown and one.changed]
    graded = [one for one in units if one.before.home in view.homes and one.changed]
    if not moved and not graded:
        return [Note(f"{title}：没有一个班的积分、名次和学校的等次会变。", "good")]
    rows = []
    for one in moved:
        names = one.before.home, one.before.name, one.before.base
        rows.append((*names, state(one.before), state(one.after), _place(one), _step(one)))
    schools = tuple((one.before.home, _unit(one.before), _unit(one.after), _place(one), _step(one)) for one in graded)
    columns = ("学校", "班级", "学年初人数", "现在的积分", "改后的积分", "名次", "变化")
    of_schools = ("学校", "现在的总分和等次", "改后的总分和等次", "名次", "变化")
    captions = f"{title}：{len(rows)}个班有变化", f"{title}：{len(schools)}所学校有变化"
    return [
        Table(columns, tuple(rows), caption=captions[0], empty="班级没有变化"),
        Table(of_schools, schools, caption=captions[1], empty="学校没有变化"),
    ]


def _unit(one: UnitGrade) -> str:
    score = "尚未判定" if one.so_far is None else f"{'' if one.total is not None else '暂 '}{fixed(one.so_far, 2)}"
    return f"{score} {one.grade}{'' if one.final else '（暂）'}"


def _place(one: Moved) -> str:
    return " → ".join("—" if rank is None else str(rank) for rank in (one.before.rank, one.after.rank))


def _step(one: Moved) -> object:
    if one.before.rank is None or one.after.rank is None or one.before.rank == one.after.rank:
        return "名次不变"
    up = one.before.rank - one.after.rank
    return Badge("good", f"升{up}位") if up > 0 else Badge("warn", f"降{-up}位")


# --- the live page ------------------------------------------------------------------------------------------------------
class Trial:
    """On a live page: a control for each value, what it would do, and a place to save it from a day on."""

    def __init__(self, view: Callable[[], Year]) -> None:
        import ipywidgets

        self._view, self._tried = view, {}
        held, wide = view().policy, {"description_width": "200px"}
        layout = ipywidgets.Layout(width="420px")
        self.boxes = {key: _control(ipywidgets, held.parameter(key), layout, wide) for _, keys in TRIED for key in keys}
        groups = [
            ipywidgets.VBox([ipywidgets.HTML(f"<b>{title}</b>"), *(self.boxes[key] for key in keys)])
            for title, keys in TRIED
        ]
        self.try_ = ipywidgets.Button(description="试算", tooltip="只算给你看，不保存")
        self.save = ipywidgets.Button(
            description="保存为参数", tooltip="在参数文件里加一条，从生效日期起用", disabled=True
        )
        year = int(view().town.year[5:9])
        self.since = ipywidgets.Text(f"{year}-09-01", description="生效日期", style=wide, layout=layout)
        self.cited = ipywidgets.Text("", description="出处（哪次会议、文号）", style=wide, layout=layout)
        self.result = ipywidgets.HTML(layout=ipywidgets.Layout(width="100%"))
        self.try_.on_click(lambda _: self.show())
        self.save.on_click(lambda _: self.keep())
        for box in self.boxes.values():
            box.observe(self._touched, names="value")
        row = ipywidgets.Layout(flex_flow="row wrap")
        self.widget = ipywidgets.VBox(
            [
                ipywidgets.HBox(groups, layout=row),
                self.try_,
                self.result,
                ipywidgets.HBox([self.since, self.cited, self.save], layout=row),
            ]
        )
        self.widget.add_class("kc-controls")

    @property
    def values(self) -> dict[str, object]:
        """What differs from the policy in force."""
        held = self._view().policy
        given = {key: _clean(box.value) for key, box in self.boxes.items()}
        return {key: value for key, value in given.items() if value != held[key]}

    def _touched(self, _: object) -> None:
        self.save.disabled = True  # what has not been looked at is not saved

    def show(self) -> None:
        """Work out the year with the values on the controls, and show who moves."""
        self.save.disabled = True
        self._say("正在试算，请稍候……", "warn")
        view, values = self._view(), self.values
        if not values:
            return self._say("和现行参数一样，没有改动。", "good")
        try:
            after = view.standings.tried(values)
        except SchemaError as error:
            return self._say(str(error), "bad")
        changed = map(after.policy.parameter, values)
        title = "、".join(f"{one.title}改为{one.shown}" for one in changed)
        self.result.value = str(card(Section("试算结果（没有保存）", tuple(side_by_side(view, after, title)))))
        self._tried, self.save.disabled = values, False
        return None

    def keep(self) -> None:
        """Save what was tried as entries of policy.yaml from the day given."""
        try:
            since = dt.date.fromisoformat(self.since.value.strip())
        except ValueError:
            return self._say("生效日期请写成 2024-09-01 的样子。", "bad")
        if not self.cited.value.strip():
            return self._say("请写明出处：哪次会议或哪个文件决定的。", "bad")
        try:
            made = policy.append(policy.mine(), self._tried, since, "default", self.cited.value)
        except (SchemaError, OSError) as error:
            return self._say(f"没有保存。{error}", "bad")
        self.save.disabled = True
        said = "、".join(f"{one.title} {one.shown}" for one in made)
        view = self._view()
        now = "本页要重新打开（按 F5）、生成过的报告要重新生成，才按新的算。"
        later = now if since <= view.end else "本报告仍按原来的参数。"
        return self._say(
            f"已写入参数文件：{said}，自 {since} 起生效。{later}台账没有改动；新办法要写进绩效方案并事先公示。", "good"
        )

    def _say(self, text: str, tone: str) -> None:
        self.result.value = str(card(Section("试算结果", (Note(text, tone),))))


def _clean(value: object) -> object:
    """A control's number as policy writes it: 40.0 is 40."""
    if not isinstance(value, float):
        return value
    return int(value) if value == int(value) else rounded(value, 4)


def _control(widgets: object, held: object, layout: object, style: Mapping[str, str]) -> object:
    """The control for one parameter: a tick for 是否, a slider for days, points and shares."""
    more = {"description": held.title, "layout": layout, "style": style}
    if isinstance(held.value, bool):
        return widgets.Checkbox(value=held.value, indent=True, **more)
    if held.unit == "自然日":
        return widgets.IntSlider(value=held.value, min=0, max=max(30, held.value), **more)
    most, step = (1.0, 0.05) if held.unit == "比例" else (100.0, 1.0)
    return widgets.FloatSlider(
        value=held.value, min=0.0, max=most, step=step, readout_format=".2f" if most == 1 else ".0f", **more
    )
