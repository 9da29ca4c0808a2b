"""The findings that name a cause where no rule and no cell of its own does. They are given only where others follow from them."""

from __future__ import annotations

from ...core.findings import ERROR, Kind

KINDS = {
    kind.code: kind
    for kind in (
        Kind("F41", ERROR, "“{column}”从这一格起整列错开了一格，和同一行的其他格对不上",
             "请看这一格附近是不是多插、多删了一个单元格：{mend}，再核对后面几行。", "issue 12",
             why="插入或删除单元格只动了一列，下面每一行就都成了别人的。只改错开的那一处，其余的会一起改好。"),
        Kind("X70", ERROR, "“{column}”写的是“{value}”，没有一处用到；别处写“{used}”{count}处，这里却没有",
             "请核对哪边写错：这里写错的改这里（是不是“{used}”？）；确实改了名或编号的，各表要一起改。", "issue 12",
             why="编号和名称是各表互相认的依据。只改了一边，用到它的每一行就都找不到了。改对这一处，其余的会一起消失。"),
        Kind("X71", ERROR, "{term}的{column}写{value}，但{seen}",
             "请核对学期起止日期，改正这一格；日查和缺勤明细不用改。确实提前放假、推迟开学的，请先改教学日历。", "issue 12",
             why="学期的起止日期管着一学期的日查、缺勤明细和各项时限。这里写错一天，别处就成百上千处对不上。"),
        Kind("X72", ERROR, "教学日历{value}写的是上课，但{count}所学校各班都没有这一天的日查",
             "请核对这一天（{days}天）上不上课：放假、停课的把“上课”改为“否”；确实上了课的，请各校补填日查。", "issue 12",
             why="放假的一天写成上课，每个班就都少一行日查。改教学日历一处就好，不要补填没有上课的日查。"),
        Kind("X73", ERROR, "{name}在花名册上{what}，{class_name}的日查从{since}起{count}天都和花名册差这{number}人",
             "请核对这名学生，{mend}；日查的应到不用改。", "issue 12",
             why="日查每天的应到都和花名册差同样的人数，错的多半是花名册这一行，不是那么多天的日查。"),
    )
}  # fmt: skip
