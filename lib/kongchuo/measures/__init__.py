"""Figures with numerator and denominator, counted by class and summed from there; rates are never averaged.

Formulas are those of reference/domain.md, section 4.1; each function names its own. Knows no files and no notebooks.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ..schema import CENTRE
from .flows import baseline, dropouts, open_at, unexcused
from .scopes import KEYS, Scope


@dataclass(frozen=True)
class Measure:
    """One rate as it is printed. `missing` are the folders that could not be read and so are not in it.

    `left_out` counts rows that hold an error and were not counted. A denominator below `small` prints counts only.
    """

    code: str
    title: str
    numerator: int
    denominator: int
    small: int = 10
    missing: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def unknown(self) -> bool:
        """Whether nothing could be counted because something could not be read."""
        return not self.denominator and bool(self.missing or self.left_out)

    @property
    def full(self) -> bool:
        """Whether the rate is known, has a base, and nothing is left to do."""
        return not self.missing and 0 < self.denominator == self.numerator

    @property
    def short(self) -> int:
        """How many are still missing to the full count."""
        return max(self.denominator - self.numerator, 0)

    @property
    def percent(self) -> str:
        """The rate in per cent with one decimal, "" where there is none to print; only a full count prints 100.0."""
        if self.denominator < max(self.small, 1):
            return ""
        tenths = (2000 * self.numerator + self.denominator) // (2 * self.denominator)  # half up, in whole numbers
        if self.numerator < self.denominator:
            tenths = min(tenths, 999)
        if self.numerator:
            tenths = max(tenths, 1)
        return f"{tenths // 10}.{tenths % 10} %"

    @property
    def text(self) -> str:
        """ "98.7 %（1234/1250）"; "7/9" for a small base; 无 for no base; 尚未判定 for what could not be read."""
        if self.unknown:
            return "尚未判定"
        if not self.denominator:
            return "无"
        counts = f"{self.numerator}/{self.denominator}"
        return f"{self.percent}（{counts}）" if self.percent else counts

    @property
    def caveat(self) -> str:
        """What is not in the figure because it could not be read or holds an error."""
        said = []
        if self.missing:
            more = f"等{len(self.missing)}处" if len(self.missing) > 3 else ""
            said.append(f"读不到：{'、'.join(self.missing[:3])}{more}")
        if self.left_out:
            said.append(f"{self.left_out}行有错误，未计入")
        return "；".join(said)

    @property
    def note(self) -> str:
        """What the reader must know beside the figure: the caveat, or why there is no per cent."""
        if not self.denominator:
            return self.caveat or "台账里没有应计的人或事"
        return "；".join(filter(None, (self.caveat, "" if self.percent else "基数小，只列人数")))


@dataclass(frozen=True)
class Ratio:
    """A measure before it is summed: `parts` is indexed by (home, grade, class_id) with numerator and denominator."""

    code: str
    title: str
    parts: pd.DataFrame
    small: int = 10
    missing: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def total(self) -> Measure:
        """The measure of everything in the scope."""
        sums = self.parts.sum()
        return Measure(
            self.code,
            self.title,
            int(sums["numerator"]),
            int(sums["denominator"]),
            self.small,
            self.missing,
            self.left_out,
        )

    def by(self, level: str) -> dict[object, Measure]:
        """The measure of each home, grade or class_id that occurs; together they give `total`."""
        found = {}
        for key, row in self.parts.groupby(level=level).sum().iterrows():
            missing = tuple(home for home in self.missing if home == key)
            found[key] = Measure(
                self.code, self.title, int(row["numerator"]), int(row["denominator"]), self.small, missing
            )
        if level == "home":
            for home in self.missing:
                found.setdefault(home, Measure(self.code, self.title, 0, 0, self.small, (home,)))
        return found


def true(column: pd.Series) -> pd.Series:
    """A column of 是/否 as plain True/False; an empty cell is not 是."""
    return column.fillna(False).astype(bool)


def ratio(
    scope: Scope,
    code: str,
    title: str,
    frame: pd.DataFrame,
    hit: pd.Series,
    *,
    needs: tuple[str, ...] = (),
    left_out: int = 0,
) -> Ratio:
    """A Ratio with one unit a row of `frame` (which has KEYS): in the denominator always, in the numerator where `hit`."""
    return summed(scope, code, title, frame, hit.astype(int), pd.Series(1, frame.index), needs=needs, left_out=left_out)


def summed(
    scope: Scope,
    code: str,
    title: str,
    frame: pd.DataFrame,
    numerator: pd.Series,
    denominator: pd.Series,
    *,
    needs: tuple[str, ...] = (),
    left_out: int = 0,
) -> Ratio:
    """A Ratio from columns of counts. Schools of which a needed sheet could not be read are left out, base and all."""
    missing = scope.missing(*needs)
    parts = pd.DataFrame(
        {**{key: frame[key] for key in KEYS}, "numerator": numerator, "denominator": denominator}, index=frame.index
    )
    known = parts if CENTRE not in missing else parts.iloc[:0]
    counted = known[~known["home"].isin(missing)].groupby(KEYS).sum().astype("int64")
    return Ratio(code, title, counted, scope.policy["small_denominator"], missing, left_out)


def attendance(scope: Scope) -> Ratio:
    """D10 出勤率 = 实到人次 ÷ 应到人次, over the 日查 rows of the days; rows that hold an error are left out and counted."""
    everything = scope.rows("daily")
    everything = everything[scope.in_month(everything["date"])]
    rows = scope.sound("daily")
    rows = rows[scope.in_month(rows["date"])].dropna(subset=["due", "present"])
    left_out = len(everything) - len(rows)
    needs = ("daily.due", "daily.present")
    return summed(scope, "D10", "出勤率", rows, rows["present"], rows["due"], needs=needs, left_out=left_out)


def filed(scope: Scope, days: list[pd.Timestamp]) -> Ratio:
    """D15 日查填报率 = 已填日查的班·日 ÷ 应填班·日 (every class on every school day of `days`)."""
    classes = scope.classes
    rows = scope.rows("daily")
    done = set(zip(rows["class_id"], rows["date"], strict=True))
    due = classes.merge(pd.DataFrame({"date": pd.Series(days, dtype="datetime64[us]")}), how="cross")
    hit = pd.Series([pair in done for pair in zip(due["class_id"], due["date"], strict=True)], due.index, dtype=bool)
    return ratio(scope, "D15", "日查填报率", due, hit, needs=("daily", "class"))


def contacted(scope: Scope) -> Ratio:
    """D13 联系率 = 已联系家长的无故缺勤人次 ÷ 无故缺勤人次 (缺勤明细 of the days)."""
    rows = unexcused(scope)
    return ratio(scope, "D13", "无故缺勤已联系家长", rows, true(rows["called"]), needs=("absence",))


FOUR_LISTS = ("in_register", "in_rollbook", "in_seating", "in_homework")


def reconciled(scope: Scope) -> Ratio:
    """D12 人籍一致率 = 四表一致且在位或请假的人数 ÷ 学籍数, over the 人籍核查 rows of the days."""
    rows = scope.sound("reconcile")
    rows = rows[scope.in_month(rows["date"]) & true(rows["in_register"])]
    everything = scope.rows("reconcile")
    left_out = int((scope.in_month(everything["date"]) & true(everything["in_register"])).sum()) - len(rows)
    hit = rows["present"].isin(("在位", "请假")) & true(rows["name_ok"])
    for column in FOUR_LISTS:
        hit &= true(rows[column])
    return ratio(scope, "D12", "人籍一致率", rows, hit, needs=("reconcile",), left_out=left_out)


def listed(scope: Scope, column: str, title: str) -> Ratio:
    """D12, one list of the four: 该表有 ÷ 学籍数, over the 人籍核查 rows of the days."""
    rows = scope.rows("reconcile")
    rows = rows[scope.in_month(rows["date"]) & true(rows["in_register"])]
    return ratio(scope, "D12", title, rows, true(rows[column]), needs=(f"reconcile.{column}",))


def kept(scope: Scope) -> Ratio:
    """D03 学年巩固率（截至期末） = (N0 − LS) ÷ N0; LS: baseline pupils confirmed 辍学, not back and not closed by the end."""
    rows = baseline(scope)
    cases = dropouts(scope.whole)  # a case may name another class than the baseline does
    lost = set(cases.loc[open_at(cases, scope.end), "student_key"])
    return ratio(scope, "D03", "学年巩固率", rows, ~rows["student_key"].isin(lost), needs=("baseline", "dropout"))


def returned(scope: Scope, flow: pd.DataFrame, title: str, needs: str) -> Ratio:
    """D11 劝返率 = 本期返校 ÷ 应劝返（上月末在册 + 本期新增）, from a case_flow."""
    frame = flow.reset_index()
    opening, new = flow.columns[:2]
    return summed(scope, "D11", title, frame, frame["返校"], frame[opening] + frame[new], needs=(needs,))


def archived(scope: Scope) -> Ratio:
    """D16 档案完备率 = 有材料或写明原因的项数 ÷ 18, for each school (items that have no row count as missing)."""
    rows = scope.rows("archive")
    done = rows[(rows["copies"].fillna(0) > 0) | rows["missing"].notna()].drop_duplicates(["home", "archive_no"])
    counts = done.groupby("home").size()
    homes = [home for home in scope.homes if home not in scope.missing("archive")]
    frame = pd.DataFrame({"home": homes, "grade": 0, "class_id": ""})
    total = pd.Series(scope.policy["archive_items"], frame.index)
    found = pd.Series([int(counts.get(home, 0)) for home in homes], frame.index, dtype="int64")
    return summed(scope, "D16", "档案完备率", frame, found, total, needs=("archive",))
