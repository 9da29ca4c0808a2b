"""Why two lists differ about a child: the short list of reasons, what each means, and the 销号类型 it suggests.

A reason is its Chinese name, as codes are everywhere in the workbooks. REASONS is in the order in which they are looked for: of
several that hold for one child the first is the reason, the others stand in 差异说明.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from . import names


@dataclass(frozen=True)
class Reason:
    """A reason; `close_type` is what it suggests once it is confirmed on paper ("": a person must find out).

    `settled`: the township's own lists say where the child is, so that nobody has to go and look.
    """

    name: str
    means: str
    close_type: str = ""
    settled: bool = False


MISTYPED, TWICE = "信息错误(证件或姓名)", "重复学籍或重复户籍"
AGREED, ONE_SIDE, CLEARED = "相符", "仅一方有", "已销号"
REASONS = {
    reason.name: reason
    for reason in (
        # two entries that may be one child
        Reason("重复", "同一份名单里同一个孩子出现两次，或另一行只差一两处", TWICE),
        Reason("姓名不同", "证件号码、学籍号或学生编号相同，姓名完全不同", MISTYPED),
        Reason("证件号码末位不同", "只有第18位（校验位）不同", MISTYPED),
        Reason("证件号码两位对调", "相邻两位写颠倒了", MISTYPED),
        Reason("证件号码差一位", "错一位、多一位或少一位", MISTYPED),
        Reason("证件号码不同", "姓名和出生日期（或学生编号、学籍号）对得上，号码不同", MISTYPED),
        Reason("证件号码缺失", "一方或两方没有证件号码，要凭户口簿确认是同一人", MISTYPED),
        Reason("姓名异体字", "繁简、异体字不同", MISTYPED),
        Reason("姓名同音", "读音相同或相近的字", MISTYPED),
        Reason("姓名相近", "差一个字", MISTYPED),
        Reason("出生日期不同", "别的都对得上", MISTYPED),
        Reason("性别不同", "别的都对得上", MISTYPED),
        Reason("学籍号不同", "别的都对得上", MISTYPED),
        Reason("学生编号不同", "别的都对得上", MISTYPED),
        Reason("仅姓名相同", "只有姓名可以比，可能是同名的另一个孩子"),
        Reason("重复学籍", "同时在两所学校的花名册上在读或休学", TWICE),
        # where a child is, as the township's own lists say
        Reason("在读", "在本镇学校的花名册上在读", settled=True),
        Reason("送教上门", "在册，送教上门", "送教上门", settled=True),
        Reason("休学", "在册，休学中", "休学(批准)", settled=True),
        Reason("镇外在读有证明", "摸底登记写镇外在读，有就读证明", "外地就读有学籍", settled=True),
        Reason("镇外在读无证明", "摸底登记写镇外在读，没有就读证明，要补"),
        Reason("已转出", "花名册状态为已转出", "外地就读有学籍", settled=True),
        Reason("转入", "本学年从镇外转入，上学年不在本镇", settled=True),
        Reason("延缓入学", "经批准延缓入学", "延缓入学(批准)", settled=True),
        Reason("未到龄", "还没有到入学年龄", "其他", settled=True),
        Reason("已完成九年", "已经毕业", "已完成九年", settled=True),
        Reason("死亡", "花名册状态为死亡", "死亡", settled=True),
        Reason("辍学在册", "摸底登记或花名册写辍学：是真辍学，按台账劝返"),
        Reason("未入学", "到了年龄没有入学，要劝学"),
        Reason("待核实", "摸底登记写待核实"),
        # nothing of our own explains it
        Reason("户籍不在本镇", "花名册上有，户籍村空着，摸底不含外来户籍", settled=True),
        Reason("超龄", "按出生日期已过义务教育年龄，核实是否完成九年", "超龄离校"),
        Reason("证件号码有误", "只在一方，号码位数或校验位不对，可能是录错的人", MISTYPED),
        Reason("证件缺失", "只在一方，没有证件号码，无从核对", MISTYPED),
        Reason(ONE_SIDE, "另一方完全找不到，要逐户核实"),
        Reason(AGREED, "两边一致", settled=True),
        Reason(CLEARED, "比对结果里已经销号", settled=True),
    )
}
ALIKE = {names.OTHER: "姓名不同", names.VARIANT: "姓名异体字", names.SOUND: "姓名同音", names.CLOSE: "姓名相近"}
FIELDS = {"birth_date": "出生日期不同", "sex": "性别不同", "status_no": "学籍号不同", "student_key": "学生编号不同"}
ONE_DIGIT = ("证件号码末位不同", "证件号码两位对调", "证件号码差一位")


def of_pairs(left: pd.DataFrame, right: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Which reasons hold for pairs of entries (all three numbered from 0): a column a reason, in the order of REASONS.

    None holds where number and name agree and nothing else differs. Two entries that no number ties together never agree.
    """
    found = {reason: facts["name"] == kind for kind, reason in ALIKE.items()}
    found |= {reason: facts[f"differ_{name}"] for name, reason in FIELDS.items()}
    near = facts["differ_id_no"] & (facts["gap"] == 1)
    kinds = pd.Series("", facts.index)
    for at in facts.index[near]:
        kinds[at] = _one_digit(left.at[at, "id_no"], right.at[at, "id_no"])
    found |= {reason: kinds == reason for reason in ONE_DIGIT}
    found["证件号码不同"] = facts["differ_id_no"] & ~near
    tied = facts[["same_id_no", "same_status_no", "same_student_key", "same_tail"]].any(axis=1)
    missing = left["id_no"].isna() | right["id_no"].isna()
    found["仅姓名相同"] = ~tied & ~facts["same_birth_date"] & missing
    one_missing = left["id_no"].isna() != right["id_no"].isna()
    # a number of which name and last four digits agree is known to be the same, though nobody can read all of it
    found["证件号码缺失"] = (one_missing | (~tied & missing)) & ~found["仅姓名相同"] & ~facts["same_tail"]
    found["重复学籍"] = right["twice"] != ""
    return pd.DataFrame({reason: found[reason] for reason in REASONS if reason in found}).astype(bool)


def _one_digit(one: str, other: str) -> str:
    if len(one) != len(other):
        return "证件号码差一位"
    places = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return "证件号码两位对调" if len(places) == 2 else "证件号码末位不同" if places == [17] else "证件号码差一位"


def digits(one: str, other: str) -> str:
    """Which digits of two numbers differ, without the numbers."""
    if len(one) != len(other):
        return f"{len(one)}位／{len(other)}位"
    places = [str(at) for at, (a, b) in enumerate(zip(one, other, strict=True), start=1) if a != b]
    return f"第{'、'.join(places)}位不同" if len(places) <= 4 else f"有{len(places)}位不同"
