"""MEASURES: every measure in a visible table: code, title, formula in words, source, the function that counts it.

The data dictionary prints it, the tests count every line of it. Knows no files.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ..core.policy import Policy
from . import attendance, duty, enrolment, plan, selfcheck, support
from .base import Ratio, beside, by_school
from .flows import dropouts, returned, suspected
from .scopes import Scope

Count = Callable[[Scope], Ratio | list[Ratio]]


@dataclass(frozen=True)
class Definition:
    """One measure. `beside`: policy keys of targets and benchmarks to print beside it; `exceeds`: may be above 100 %."""

    code: str
    title: str
    formula: str
    source: str
    function: Count
    beside: tuple[str, ...] = ()
    exceeds: bool = False

    def count(self, scope: Scope) -> list[Ratio]:
        """The measure over a scope; some have several lines (小学, 初中)."""
        made = self.function(scope)
        return made if isinstance(made, list) else [made]

    def targets(self, policy: Policy) -> str:
        """Targets and benchmarks in words, with their numbers from the policy; "" where there are none."""
        return beside(policy, *self.beside)


@by_school
def suspected_returned(scope: Scope) -> Ratio:
    """D11 of the suspected cases."""
    return returned(scope, suspected(scope), "疑似劝返率", "suspected")


@by_school
def dropouts_returned(scope: Scope) -> Ratio:
    """D11 of the dropout cases."""
    return returned(scope, dropouts(scope), "辍学劝返率", "dropout")


def visited(scope: Scope) -> Ratio:
    """D13: open suspected cases with a first visit."""
    return support.suspected_step(scope, "first_visit", "在册疑似已家访")


def reported(scope: Scope) -> Ratio:
    """D13: open suspected cases reported to the 中心学校."""
    return support.suspected_step(scope, "rep_center", "在册疑似已报中心校")


LISTS = (("in_rollbook", "点名册"), ("in_seating", "座次表"), ("in_homework", "作业"))


def four_lists(scope: Scope) -> list[Ratio]:
    """D12 list by list."""
    return [enrolment.listed(scope, column, f"{title}有此人") for column, title in LISTS]


S47, S46, S48 = "domain 4.1（文 S47）", "domain 4.1（文 S46）", "domain 4.1（文 S48）"
DEFAULT, PLAN = "domain 4.1（默认）", "domain 4.1（方案）"
_D13 = "已落实 ÷ 应落实："

MEASURES = (
    Definition("D01", "期末在校生", "期末在校＝学年初基准＋转入＋复学＋其他增加＋新生入学－转出－休学－死亡－毕业－辍学标注－其他减少±班级调整；"
               "分子是花名册推算的在校人数，分母是应有人数，两者应相等", "domain 4.1（文 S47 S50）", enrolment.balance, exceeds=True),
    Definition("D02", "学年辍学率", "学年内认定辍学的学生数（其后返校的也算，按数据问题等销号的不算）÷ 学年初在校生数", S47, enrolment.dropped,
               ("target_dropouts", "benchmark_dropout_primary", "benchmark_dropout_junior"), exceeds=True),
    Definition("D03", "学年巩固率", "（学年初在校生数－流失）÷ 学年初在校生数；流失＝基准名单中认定辍学、期末仍未返校也未销号的；转出、休学、死亡、毕业是正常流动",
               DEFAULT, enrolment.kept, ("target_dropouts",)),
    Definition("D04", "学段巩固率", "当年毕业生数 ÷（小学6年前、初中3年前招生数＋转入－转出），按名单逐人计算，不超过100%", S46, enrolment.stages_kept,
               ("benchmark_stage_primary", "benchmark_stage_junior")),
    Definition("D05", "九年义务教育巩固率", "九年级毕业人数 ÷ 九年前一年级入学人数（含正常流动生）", S46, enrolment.nine_years_kept,
               ("benchmark_nine_years",)),
    Definition("D06", "适龄人口入学率（净）", "适龄人口中在校（含更高学段）人数 ÷ 适龄人口；休学的复学前不算在校，已完成九年的算", S48, enrolment.net),
    Definition("D07", "毛入学率", "该学段全部在校生 ÷ 该学段适龄人口，可以超过100%", "domain 4.1（通行定义，未核原文）", enrolment.gross, exceeds=True),
    Definition("D08", "完成率", "15周岁人口中小学毕业人数 ÷ 15周岁人口；17周岁人口中初中毕业人数 ÷ 17周岁人口", S48, enrolment.completed),
    Definition("D09", "适龄残疾儿童入学率", "（随班就读＋特殊教育学校＋特教班＋有学籍的送教上门）÷ 适龄残疾儿童数；第二行从分母中去掉已批准延缓入学的",
               "domain 4.1（文 S48 S57）", enrolment.disabled),
    Definition("D10", "出勤率", "实到人次 ÷ 应到人次", DEFAULT, attendance.rate),
    Definition("D11", "疑似劝返率", "本期返校 ÷（上期末在册疑似＋本期新增）", "domain 4.1（文 S5b）", suspected_returned),
    Definition("D11", "辍学劝返率", "本期返校 ÷（上期末在册辍学＋本期新认定）", "domain 4.1（文 S5b）", dropouts_returned),
    Definition("D12", "人籍一致率", "学籍表、点名册、座次表、作业都有，姓名一致，且在位或请假的人数 ÷ 学籍数（人籍核查）", DEFAULT, enrolment.reconciled),
    Definition("D12", "四表分项", "该表有此人 ÷ 学籍数", DEFAULT, four_lists),
    Definition("D13", "包学校", f"{_D13}有中心学校人员包保的学校 ÷ 学校数", PLAN, duty.schools_bonded),
    Definition("D13", "包年级", f"{_D13}有班子成员包保的年级 ÷ 有班级的年级数", PLAN, duty.grades_bonded),
    Definition("D13", "包学生", f"{_D13}有教师包保的学生 ÷ 在校生（没有另外指定的由班主任包保）", PLAN, duty.pupils_bonded),
    Definition("D13", "包家长", f"{_D13}有人包家长的校—村 ÷ 学校与服务行政村的对数", PLAN, duty.villages_bonded),
    Definition("D13", "责任书", f"{_D13}已签 ÷ 应签：学校、班主任、包保教师、学生家长、校—村", PLAN, duty.pledges),
    Definition("D13", "一家一案", f"{_D13}有一家一案的 ÷ 脱贫户、监测户、低保、特困供养、孤儿学生", PLAN, support.family_plans),
    Definition("D13", "资助", f"{_D13}本学期已发放的 ÷ 有一家一案的学生", PLAN, support.aid_paid),
    Definition("D13", "一生一案（学困厌学）", f"{_D13}有一生一案的 ÷ 学困、厌学学生", PLAN, support.pupil_plans),
    Definition("D13", "学困厌学月帮扶", f"{_D13}本月帮扶次数够的 ÷ 未转化的一生一案", PLAN, support.plans_logged, ("support_logs_per_month",)),
    Definition("D13", "残疾儿童安置", f"{_D13}已安置的 ÷ 残疾儿童", PLAN, support.disabled_placed),
    Definition("D13", "送教上门", f"{_D13}本月送教次数够的 ÷ 应送教的儿童", PLAN, support.home_taught, ("home_teaching_per_month",)),
    Definition("D13", "留守联系", f"{_D13}本月联系过父母的 ÷ 留守学生", PLAN, support.leftbehind_contacted),
    Definition("D13", "缺勤联系家长", f"{_D13}已联系家长的 ÷ 无故缺勤人次", PLAN, attendance.contacted),
    Definition("D13", "疑似已家访", f"{_D13}有首次家访日期的 ÷ 在册疑似", PLAN, visited),
    Definition("D13", "疑似已报中心校", f"{_D13}有报中心校日期的 ÷ 在册疑似", PLAN, reported),
    Definition("D13", "辍学一生一案", f"{_D13}有一生一案编号的 ÷ 在册辍学", PLAN, support.dropouts_planned),
    Definition("D13", "家长知晓率", f"{_D13}回执数 ÷ 应发份数（告家长一封信，学年初至期末）", "domain 4.1（文 S30）", selfcheck.parents_aware,
               ("parents_aware_target",)),
    Definition("D14", "学困厌学转化率", "学年内认定转化人数 ÷ 学年初学困厌学名单人数（名单截止日以前认定的）", "domain 4.1（方案，默认）", support.converted,
               ("weak_list_day",)),
    Definition("D15", "日查填报率", "已填日查的班·日 ÷ 应填班·日", DEFAULT, attendance.filed),
    Definition("D15", "周报按时报送率", "按期份数 ÷ 应报份数（本期到期的周报）", DEFAULT, selfcheck.weekly),
    Definition("D15", "月报按时报送率", "按期份数 ÷ 应报份数（本期到期的月报，即上月的）", DEFAULT, selfcheck.monthly),
    Definition("D15", "月自查按时完成率", "按期完成数 ÷ 应完成数（本期到期的月自查，即上月的）", DEFAULT, selfcheck.self_checks),
    Definition("D16", "档案完备率", "有材料或写明原因的项数 ÷ 18项", PLAN, selfcheck.archived),
    Definition("D17", "其他学段因贫辍学", "因家庭经济困难辍学的 ÷ 登记的其他学段困难家庭学生（学前、高中阶段、高等教育）；目标为0", "方案一、方案六-5",
               plan.poor_beyond),
)  # fmt: skip
