"""包保责任一览表 and the 责任书 between the office, the schools, their teachers, the villages and the parents."""

from collections.abc import Iterator

import pandas as pd

from ..core.numbers import in_order
from ..core.tables import complete
from ..facts import duty
from ..facts.references import keyed
from ..pages.views import Month
from .base import BLANK, Copy, by_class, by_name, paged, said, shared, short

ORDER = (duty.SCHOOLS, duty.GRADES, duty.PUPILS, duty.VILLAGES)


def overview(month: Month) -> Iterator[Copy]:
    """包保责任一览表: the bonds that hold on the month's last day; the town's own shows 包学校 and 包家长, which name no pupil."""
    held = duty.held_on(month.town, month.end)
    if month.home:
        own = set(duty.served(month.town)[["home", "village"]].itertuples(index=False, name=None))
        villages = pd.Series([(month.home, target) in own for target in held["target"]], held.index, dtype=bool)
        held = held[(held["home"] == month.home) | ((held["kind"] == duty.VILLAGES) & villages)]
    else:
        held = held[held["kind"].isin((duty.SCHOOLS, duty.VILLAGES))]
    grades = complete(month.town["class"], "class_id").drop_duplicates("class_id").set_index("class_id")["grade"]
    order = held["kind"].map({kind: place for place, kind in enumerate(ORDER)})
    held = held.assign(order=order, grade=held["target"].map(grades))
    held = held.sort_values(["order", "grade", "target", "holder"], key=in_order, na_position="last")
    rows = [
        {
            "no": number,
            "kind": said(row["kind"]),
            "target_type": said(row["target_type"]),
            "target": said(row["target_name"]),
            "holder": said(row["name"]),
            "title": said(row["title"]),
            "since": short(row["from"]),
        }
        for number, row in enumerate(held.to_dict("records"), 1)
    ]
    if rows:
        note = "包学生没有另外指定的，由班主任包保。" if month.home else "包年级、包学生的见各校一览表。"
        secret = "　内部资料（含学生姓名）" if (held["target_type"] == duty.PUPIL).any() else ""
        yield Copy(shared(month, rows=rows, note=note, secret=secret))


def schools(month: Month) -> Iterator[Copy]:
    """责任书（中心学校—学校）: a page a school."""
    named, town, policy = by_name(month), month.town, month.policy
    copies = [
        {
            "party_a": month.office,
            "party_b": said(row["school_name"]),
            "person": named(row["principal"]),
            "selfchecks": policy["selfchecks_per_month"],
            "inspections": policy["inspections_per_term"],
        }
        for row in town.schools[town.schools["active"].fillna(True).astype(bool)].to_dict("records")
    ]
    yield from paged(month, copies)


def teachers(month: Month) -> Iterator[Copy]:
    """责任书（学校—班主任、包保教师）: a page a class, then one a teacher who answers for pupils by a bond or the roster."""
    scope, named = month.scope, by_name(month)
    heads = keyed(month.town, "class", "head_teacher")
    classes = scope.classes.sort_values(["grade", "class_id"], key=in_order)
    copies = [
        _page(month, "班主任", named(heads.get(place)), f"{said(row['class_name'])}班主任")
        for place, row in zip(classes.index, classes.to_dict("records"), strict=True)
    ]
    rows = duty.answering(month.town, month.end)
    rows = rows[(rows["kind"] == duty.PUPILS) & (rows["via"] != duty.BY_CLASS) & (rows["home"] == month.home)]
    rows = rows[rows["holder"].notna() & ~rows["holder"].isin(heads.reindex(classes.index).dropna())]
    for holder, own in rows.groupby("holder"):
        copies.append(_page(month, "包保教师", named(holder), f"包保学生{own['unit'].nunique()}人"))
    yield from paged(month, copies)


def _page(month: Month, role: str, name: str, duty: str) -> dict[str, str]:
    return {"party_a": month.home, "party_b": name, "role": role, "duty": duty}


def parents(month: Month) -> Iterator[Copy]:
    """责任书（学校—家长）: a file a class, a page a pupil."""
    for one, rows in by_class(month):
        name = said(one.class_name)
        copies = [_page(month, "家长", said(row.guardian), f"{name}学生{said(row.name)}的家长") for row in rows]
        yield from paged(month, copies, name)


def villages(month: Month) -> Iterator[Copy]:
    """责任书（学校—行政村）: a page for each village the school serves."""
    known = complete(month.town["village"], "village_code").drop_duplicates("village_code")
    known = known.set_index("village_code")
    pairs = duty.served(month.town)
    copies = []
    for key in pairs.loc[pairs["home"] == month.home, "village"]:
        row = known.loc[key] if key in known.index else {}
        name = row.get("village_name")
        party_b = f"{name}村民委员会" if isinstance(name, str) else BLANK
        more = {"person": said(row.get("contact")), "hours": month.policy["village_report_within"]}
        copies.append({"party_a": month.home, "party_b": party_b, **more})
    yield from paged(month, copies)
