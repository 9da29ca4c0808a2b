"""What is wrong in the data, as values: Kind (the message for a code), Finding (one place where it is so), UserError; a fault of ours.

Three channels, never mixed: findings for data, UserError for "cannot go on; do this", a traceback only for our own bugs: it goes to
the logger FAULTS. Whoever runs a command gives that a private file (console); without one it goes nowhere.
Knows no files. The kinds of whole rules stand with the rules; here stand those that reading and the schema itself give.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable
from dataclasses import asdict, astuple, dataclass, replace
from itertools import groupby
from pathlib import PurePath

from .places import PACKAGE

ERROR, WARNING, INFO = "error", "warning", "info"
SEVERITIES = {ERROR: "错误", WARNING: "警告", INFO: "提示"}


class UserError(Exception):
    """The job cannot go on. `str()` is one Chinese sentence for the user: what, where, and what to do."""


class UsageError(UserError):
    """The command itself was mistyped: a parameter, a month or a school that there is not."""


FAULTS = logging.getLogger("kongchuo.faults")
FAULTS.propagate = False  # a server would print it in the office's window
FAULTS.addHandler(logging.NullHandler())


def fault(what: str, error: BaseException) -> str:
    """What is said of a fault of ours: one Chinese line with `what` (规则 X12 没有运行成功), its type and the last place of ours on its
    way. Never its own text, which may hold a pupil's data.
    """
    FAULTS.error(what, exc_info=error)
    frames = traceback.extract_tb(error.__traceback__)
    places = [frame for frame in frames if frame.filename.startswith(str(PACKAGE))] or frames
    where = f"，{PurePath(places[-1].filename).name} 第{places[-1].lineno}行" if places else ""
    return f"{what}（程序问题，请报告）：{type(error).__name__}{where}"


@dataclass(frozen=True)
class Kind:
    """A code with its severity, its message and remedy as templates, where it comes from, and why it matters.

    The docstring of a rule says why; the kinds without a function say it here.
    """

    code: str
    severity: str
    says: str
    fix: str
    source: str = "domain.md 3.1"
    why: str = ""

    def at(self, place: Place, **facts: object) -> Finding:
        """The finding of this kind at `place`; `facts` fill the templates (an unknown one stays visible, never fails)."""
        known = _Facts(sheet=place.sheet, row=place.row, column=place.column, **facts)
        said = (text.format_map(known) for text in (self.says, self.fix))
        return Finding(*astuple(place), self.code, self.severity, *said)


class _Facts(dict):
    def __missing__(self, key: str) -> str:
        return f"〈{key}〉"


@dataclass(frozen=True)
class Place:
    """Where: path of the workbook inside the shared folder, worksheet, Excel row, column header, address such as D8.

    Empty or 0 where it does not apply (a whole sheet has no row).
    """

    workbook: str
    sheet: str = ""
    row: int = 0
    column: str = ""
    cell: str = ""


@dataclass(frozen=True, order=True)
class Finding:
    """One problem at one place, with the remedy. Sortable; equal when everything is equal.

    `caused_by`: the anchor of the finding whose mistake this one only follows from; () where it stands by itself.
    """

    workbook: str
    sheet: str
    row: int
    column: str
    cell: str
    rule: str
    severity: str
    message: str
    fix: str
    caused_by: Anchor | tuple[()] = ()

    @property
    def anchor(self) -> Anchor:
        """Where it is and of which code: by this other findings name it as their cause."""
        return self.workbook, self.sheet, self.row, self.column, self.cell, self.rule

    def as_json(self) -> dict[str, object]:
        """Plain values for JSON; place parts that do not apply are null, the cause is the place and code of another finding."""

        def plain(values: dict[str, object]) -> dict[str, object]:
            return values | {key: values[key] or None for key in ("sheet", "row", "column", "cell")}

        cause = dict(zip(ANCHOR, self.caused_by, strict=True)) if self.caused_by else None
        return plain(asdict(self)) | {"caused_by": cause and plain(cause)}


ANCHOR = ("workbook", "sheet", "row", "column", "cell", "rule")
Anchor = tuple[str, str, int, str, str, str]


def caused(finding: Finding, cause: Finding) -> Finding:
    """The finding as one that only follows from the mistake another names (and from what that one follows from)."""
    return replace(finding, caused_by=cause.caused_by or cause.anchor)


@dataclass(frozen=True)
class Group:
    """Findings of one code in one column of one worksheet: how many, the first and the last.

    `follows`: what follows from them, anywhere, in groups likewise.
    """

    first: Finding
    last: Finding
    count: int
    follows: tuple[Group, ...] = ()

    @property
    def cells(self) -> str:
        """The first and the last cell: C2 … C596; a row where there is no cell; "" for the whole worksheet."""
        places = (one.cell or (f"第{one.row}行" if one.row else "") for one in (self.first, self.last))
        return " … ".join(dict.fromkeys(filter(None, places)))

    @property
    def also(self) -> str:
        """因此另有 100 处：…; "" where nothing follows."""
        return also(self.follows, self.first.workbook)


def grouped(findings: Iterable[Finding]) -> list[Group]:
    """One Group for each distinct problem, errors first, in the order of workbook and sheet.

    What follows from a mistake is with the group of its cause; where the cause is not among the findings, it is a group of its own.
    """
    findings = tuple(findings)
    causes = {finding.anchor for finding in findings if not finding.caused_by}
    follows = following(findings)
    rank = {severity: place for place, severity in enumerate(SEVERITIES)}

    def key(one: Finding) -> tuple:
        return rank[one.severity], one.workbook, one.sheet, one.rule, one.column, one.caused_by

    def groups(members: Iterable[Finding], above: frozenset[Anchor] = frozenset()) -> list[Group]:
        found = []
        for _, same in groupby(sorted(members, key=lambda f: (*key(f), f.row)), key):
            same = list(same)
            own = dict.fromkeys(f.anchor for f in same if f.anchor not in above)  # two findings of one place: a circle
            after = {one: None for anchor in own for one in follows.get(anchor, ())}
            if same[0].caused_by in causes:
                after = {}
            after = [one for one in after if one not in set(same)] if after else []
            found.append(Group(same[0], same[-1], len(same), tuple(groups(after, above | own.keys()))))
        return found

    return groups(finding for finding in findings if finding.caused_by not in causes)


def following(findings: Iterable[Finding]) -> dict[Anchor, list[Finding]]:
    """What follows from each cause, by the anchor of the cause."""
    found: dict[Anchor, list[Finding]] = {}
    for finding in findings:
        if finding.caused_by:
            found.setdefault(finding.caused_by, []).append(finding)
    return found


def count(findings: Iterable[Finding]) -> dict[str, int]:
    """How many mistakes of each severity; all three severities always present. What follows from another is not counted."""
    found = [finding.severity for finding in findings if not finding.caused_by]
    return {severity: found.count(severity) for severity in SEVERITIES}


SHOWN = 6  # places of consequences that are spelt out


def also(groups: Iterable[Group], workbook: str = "") -> str:
    """因此另有 100 处：… with code, worksheet, first and last cell, and the workbook's name where it is another; "" for nothing."""
    groups = sorted(groups, key=lambda group: -group.count)
    said = []
    for group in groups[:SHOWN]:
        first = group.first
        where = "" if first.workbook == workbook else first.workbook.partition("/")[2]
        sheet = f"「{first.sheet}」" if first.sheet else ""
        times = f"（{group.count}处）" if group.count > 1 else ""
        said.append(f"{where}{sheet}{group.cells} {first.rule}{times}")
    number, more = sum(group.count for group in groups), "等" if len(groups) > SHOWN else ""
    return f"因此另有 {number} 处：{'；'.join(said)}{more}" if groups else ""


def cause_of(finding: Finding) -> str:
    """Where the cause of a finding stands: 中心学校/基础信息.xlsx「学年学期」E2（X71）."""
    workbook, sheet, row, _, cell, rule = finding.caused_by
    return f"{workbook.partition('/')[2]}「{sheet}」{cell or (f'第{row}行' if row else '')}（{rule}）"


RETYPE = "请把整列改为文本格式，再按户口簿或原始材料重新录入。"

# Codes given by reading (R: a whole workbook or sheet; F: a cell or column). F01-F22 are those of domain.md 3.1;
# F23-F30 and R01-R17 are ours, for what that list has no code for.
KINDS = {
    kind.code: kind
    for kind in (
        Kind("R01", ERROR, "缺少工作簿：{name}", "请把该工作簿放进“{folder}”文件夹；没有的话从模板复制一份填写。{near}", "architecture.md",
             why="少一本工作簿，这个单位的这一块就没法查、没法算，报告里只能写“尚未判定”。"),
        Kind("R02", ERROR, "打不开工作簿：{reason}", "请用 Excel 或 WPS 打开原文件，另存为 .xlsx 后放回原处。", "reliability.md 1",
             why="文件坏了，或不是真正的 Excel 工作簿，里面的内容一行也没有读到。"),
        Kind("R03", ERROR, "工作簿设有打开密码，无法读取", "请取消打开密码后重新保存；不要把密码发给任何人。", "excel.md 4.3",
             why="程序没有密码，里面的内容一行也没有读到。"),
        Kind("R04", ERROR, "工作簿用的是第{found}版模板，现行为第{current}版，缺列或缺表", "请中心学校运行 kongchuo migrate，把填好的内容搬进新模板；列不要删，也不用手工改。", "issue 2",
             why="新版模板的列和下拉选项有变动，旧模板填的表会缺列、对不上选项。"),
        Kind("R05", ERROR, "缺少工作表“{name}”", "请不要删除或改名工作表；从模板把“{name}”复制回来。{near}", "issue 2",
             why="程序按名字找工作表。少了或改了名，这张表的内容就没有读到，也没有人核对。"),
        Kind("R06", ERROR, "工作表“{sheet}”{why}", "请从模板把表头复制回第1行，再填写数据。", "issue 2",
             why="程序按表头认列。认不出表头，整张表的内容就没有读到。"),
        Kind("R07", WARNING, "有人正在编辑这个工作簿，读到的是上次保存的内容", "请编辑的人保存并关闭后再运行一次。", "excel.md 4.1",
             why="打开着的文件，别人看到的是上次保存的样子，刚填的还没有算进去。"),
        Kind("R08", WARNING, "有同一工作簿的另一份：{name}，没有读取", "请人工核对两份内容，只留一份，用标准文件名。", "excel.md 4.1",
             why="两个人各改各的一份，哪一份是准的没有人知道，改过的内容会丢。"),
        Kind("R09", INFO, "不认识的文件，没有读取", "如需读取，请用标准文件名（见模板）。{near}", "architecture.md",
             why="名字不标准的文件程序不读。如果它本来是一本台账，里面的人就没有算进去。"),
        Kind("R10", ERROR, "工作簿内容异常，为安全起见没有读取：{reason}", "请新建一份模板，把数据用“选择性粘贴—数值”粘贴过去。", "reliability.md 1.6",
             why="正常填写的工作簿不会这样。为了不让电脑卡死或被做了手脚的文件伤到，程序不打开它。"),
        Kind("R11", ERROR, "是旧格式文件（{found}），不能读取", "请用 Excel 或 WPS 另存为 .xlsx。", "excel.md 4.3",
             why="旧格式会丢掉文本格式和下拉选项，程序只读 .xlsx。"),
        Kind("R12", ERROR, "工作表“{sheet}”没有一行数据", "请填写数据；学校确无数据的，请与中心学校联系。", "reliability.md 1.4",
             why="这张表空着，后面的核对和比率就都没有根据。"),
        Kind("R13", WARNING, "“学校”表里没有名为“{name}”的在用学校，这个文件夹里的数据对不上任何学校", "请让文件夹名与“学校”表的学校全称一字不差；已停用的学校请把文件夹移走。{near}", "architecture.md",
             why="文件夹名字和登记的学校对不上，这所学校的学生就不会算进全镇。"),
        Kind("R14", ERROR, "多出的工作表“{sheet}”没有读取：表头和“{like}”一样，有{rows}行数据", "请把这些行剪切到“{like}”已有数据的下面，再删除这张工作表；只是备份的，请移出台账。", "issue 12",
             why="程序只读模板里的工作表。写在自己加的工作表里的人和事，哪里都没有算进去。"),
        Kind("R15", INFO, "多出的工作表“{sheet}”没有读取", "里面如有要报的数据，请移到模板的工作表里；草稿和附注可以不管。", "issue 12",
             why="程序只读模板里的工作表。别的工作表里写了什么，不进入任何检查和统计。"),
        Kind("R16", ERROR, "打不开工作簿：像是被加密软件（亿赛通、绿盾等）加了密", "请在装有这种加密软件的电脑上解密，再另存为 .xlsx 放回原处；不会解密的请信息管理员或发来文件的单位办理。只改扩展名、再存一次都没有用。", "issue 12",
             why="加了密的文件离开装有加密软件的电脑，谁也读不出，里面的内容一行也没有算进去。"),
        Kind("R17", ERROR, "工作簿用的是第{found}版模板，这台电脑上的程序只认到第{current}版，没有读取", "请先升级程序，再检查；工作簿没有错，什么也不要改。", "issue 16",
             why="新模板里有这一版程序不认识的列，照旧的读会说它多余、让人删掉，所以一格也不读。"),
        Kind("F01", ERROR, "“{column}”按数值保存，末几位可能已丢失", RETYPE,
             why="号码一旦变成数值，后几位就已经丢了，拿它和谁也对不上。"),
        Kind("F02", ERROR, "证件号码应为18位（末位可为X），现为{found}", "请对照户口簿重新录入18位号码。",
             why="号码位数不对，和学籍、户籍、资助名单都比对不上，这个孩子容易被当成查无此人。"),
        Kind("F03", ERROR, "证件号码校验位不符，有数字录错", "请对照户口簿逐位核对。",
             why="错一位号码，就成了另一个人。疑似辍学名单里有很多其实是号码录错。"),
        Kind("F04", WARNING, "证件号码末三位为000，疑似被Excel截断", RETYPE,
             why="被截断的号码看上去完整，其实后三位是假的。"),
        Kind("F05", ERROR, "{name}的出生日期与证件号码第7—14位不一致", "证件号码第7—14位就是出生年月日，请对照户口簿，改正写错的一处。",
             why="两处不一致，必有一处错。年龄错了，适龄儿童就会算多或算少。"),
        Kind("F06", ERROR, "{name}的性别与证件号码第17位不一致", "证件号码第17位单数是男、双数是女，请对照户口簿，改正写错的一处。",
             why="两处不一致，必有一处错，按性别的统计会不准，也说明这一行可能抄错了人。"),
        Kind("F07", WARNING, "姓名含空格、换行或不可见字符，已按“{value}”处理", "请在原表删除多余字符。",
             why="看不见的字符会让同一个人在两张表里成为两个人。"),
        Kind("F08", INFO, "姓名“{value}”含数字、字母或特殊符号{odd}", "请与户口簿核对，写错的改正；少数民族姓名中间的点用“·”，别的符号删去。",
             why="姓名和户口簿、学籍不一样，比对时就找不到这个孩子。"),
        Kind("F09", ERROR, "“{column}”的日期“{value}”无法识别", "请按 2023-09-01 的样子填写完整的年月日，范围2005—2040年。",
             why="日期读不出，年龄、连续缺勤、各种时限都没法算。"),
        Kind("F10", ERROR, "“{column}”的值“{value}”不在可选项内", "请点单元格右侧箭头选择。{near}",
             why="写法不统一就没法统计；指向的学校、村、台账找不到，这一行就没有着落。"),
        Kind("F11", ERROR, "含合并单元格或多行表头（{value}）", "请取消合并，每一格各填各的；表头只留第1行一行，上面不加标题。",
             why="合并的格子和多行表头，程序分不清哪一格属于哪一行、哪一列。"),
        Kind("F12", ERROR, "缺少列“{column}”", "请按模板补上这一列。{near}",
             why="少一列，用到这一列的检查全都做不了。"),
        Kind("F13", WARNING, "这一行像是合计行、说明行或空行，没有读取", "请删除该行；数据中间不留空行，合计由程序计算。",
             why="合计行混在名单里，人数会多算；中间的空行容易让后面的人漏掉。"),
        Kind("F14", WARNING, "联系电话“{value}”不规范{odd}", "请填11位手机号，或带区号的固定电话。",
             why="孩子没来的那天，打得通的电话是第一道联系。"),
        Kind("F15", ERROR, "学籍号应为一个字母（G、J或L）加18位，共19位，这里不是", "请从学籍系统复制学籍号，按文本粘贴。",
             why="学籍号错了，转学、休学、辍学标注都办不到正确的人身上。"),
        Kind("F16", ERROR, "残疾证号与证件号码或残疾类别、等级不符", "请对照残疾人证核对：残疾证号20位，前18位是证件号码，第19位是残疾类别，第20位是等级。",
             why="残疾证号关系到安置和送教的认定，三处要互相对得上。"),
        Kind("F17", ERROR, "“{column}”为必填项，现在空着", "请补填。{why}",
             why="必填的空着，这个人或这件事就没有说清，后面的核对也做不了。"),
        Kind("F18", ERROR, "“{column}”与第{other}行重复，同一个只能有一行", "请核对这两行：重复录入的删去一行，编号写错的改正。",
             why="同一编号有两行，人数就会多算，程序也不知道以哪一行为准。"),
        Kind("F19", ERROR, "“{column}”是公式错误值{value}", "请改正公式，或用“选择性粘贴—数值”填入正确的值。",
             why="错误值不是数据，这一格等于没有填。"),
        Kind("F20", INFO, "存在隐藏行或筛选（{value}），隐藏的行也读取了", "请取消筛选、显示全部行，确认没有漏填或多填。",
             why="看不见的行容易漏填、错填；筛选状态下粘贴，还会贴错行。"),
        Kind("F21", WARNING, "“{column}”的数字按文本保存，已按{value}读取", "请把单元格改为数字格式后重新录入。",
             why="文本的数字在 Excel 里不参加求和，各人算出来的合计会不一样。"),
        Kind("F22", WARNING, "班级“{value}”在班级表中找不到", "请填班级编号，或与班级表一致的班级名称，如“七(1)班”。{near}",
             why="班级对不上，这个学生就不在任何一个班里，日查、点名、包保都会漏掉他。"),
        Kind("F23", ERROR, "“{column}”的公式没有计算结果", "请用 Excel 或 WPS 打开，保存一次再交；最好直接填值。", "excel.md 6",
             why="程序只读格子里存着的结果，没有结果等于没有填。"),
        Kind("F24", INFO, "“{column}”不是真正的日期，已按{value}理解", "请改为日期格式，按 2023-09-01 录入。", "excel.md 6",
             why="看上去是日期，其实是文字，排序、筛选和计算都会错。"),
        Kind("F25", INFO, "“{column}”含全角字符或多余空格，已自动规范", "请在原表改正，以免查找和比对出错。", "excel.md 6",
             why="全角字符和空格看不出来，却会让查找和比对失败。"),
        Kind("F26", INFO, "多出一列“{column}”，没有读取", "如不需要请删除；如是改了名，请改回模板的列名。{near}", "excel.md 6",
             why="多出的列程序不读，写在那里的内容不会进入任何统计。"),
        Kind("F32", ERROR, "“{column}”里放的是图片，没有文字，没有读到内容", "请把图片存进影像档案，这一格写文字：编号照原件写，档号照档案目录写，佐证写材料名称和档号。", "issue 12",
             why="图片里的字程序看不见。这一格等于没有填，档号和佐证也就无从查找。"),
        Kind("F33", WARNING, "“{column}”{what}，按没有号码核对", "请向发来名单的单位要完整的号码；现在只按姓名、出生日期和看得见的末四位比对。", "issue 12",
             why="隐去几位或不完整的号码和谁都对不上。把它当号码比，在读的孩子也会被当成查无此人。"),
        Kind("F34", WARNING, "“{column}”显示的是“{shown}”，格子里存的却是“{value}”，按存的读取", "数字格式只改变样子，不改变内容。请把这一列设为文本（数字列设为常规），再照看到的重新录入。", "issue 12",
             why="用数字格式补字头、换字，只有看表的人看得见。程序、查找、复制读到的都是格子里存的。"),
        Kind("F35", ERROR, "“{column}”变成了日期{value}，原来录入的可能是“{typed}”", "请把这一列设为文本格式，再照原件重新录入；复制粘贴时用“选择性粘贴—数值”。", "issue 12",
             why="班级、门牌、编号里的“7-1”会被 Excel 当成7月1日，存成了日期，原来的样子已经没有了。"),
        Kind("F27", ERROR, "“{column}”的值“{value}”不符合要求：{why}", "请按模板的提示填写。", "books/*.yaml",
             why="超出允许范围的值多半是录错了，照着算会出错。"),
        Kind("F28", ERROR, "日期{value}不在{term}内：“学年学期”写{term}从{start}到{end}", "请核对：日期写错的改日期；开学、放假日期写错的，请中心学校改“学年学期”；整个文件是从上学期复制来的，请从模板新建。", "books/attendance.yaml",
             why="不是这个学期的日期，会和另一本出勤工作簿重复计算，或谁也不算。"),
        Kind("F30", ERROR, "“{column}”写的是{value}，晚于数据截止日{counted}（日查填到的最后一天）；多半是年份写错，这一格没有采用", "请对照原始材料改正日期；日期没有错的，先把日查填到那一天。", "domain.md 2.6",
             why="已经发生的事不会在将来。照这个日期算，这个孩子、这件事就从报告里消失了，谁也看不出。"),
        Kind("F36", ERROR, "“{column}”写的是{value}，不在{year}学年{rows}", "请核对：沿用了上学年的表，就从模板新建本学年的再填；只是这一格写错的，照本学年改正。", "domain.md 2.0 学年、月份",
             why="学年写错的行，本学年的人数、期数一处也不算它，看上去却样样都填了。"),
        Kind("F37", ERROR, "“{column}”{value}{than}“{other}”{limit}，先后不可能", "请照原件核对这两个日期，改正写错的一个。", "domain.md 2.2至2.10 各日期列的校验",
             why="后一步不会在前一步以前。日期倒过来，不是写错就是后补的，照着算的天数和时限都不对。"),
        Kind("F38", ERROR, "“{column}”和“{other}”是同一个人（{value}），应为两个人", "请由另一人审核、审批；确是两个同名的人，请写教职工编号。", "domain.md 2.4、2.7、2.9、2.10 两人各司其职的列",
             why="自己办的事自己审，等于没有人审，出了错也没有第二双眼睛看见。"),
        Kind("F39", WARNING, "“{column}”只写了{found}人（{value}），至少要{least}人", "请写全实际到场的人，用顿号隔开；确实只去了一人的，下次按规定两人同去。", "domain.md 2.7 送教人员",
             why="一个人上门，做没做、怎么做的没有旁证，也不安全。"),
        Kind("F40", ERROR, "“{column}”这一列填的像是“{other}”（{near}）的内容，两列的列名可能对调了", "请对照内容核对这两个列名，对调的换回来；每一行不用改。", "issue 12",
             why="程序按列名认内容。两个列名对调，每一行的这两格就都成了错的，改对列名就都好了。"),
        Kind("F42", WARNING, "除编号外，这一行和第{other}行样样相同", "请核对：重复录入的，删去一行；确是两件事的，把不同的地方（日期、对象、内容）写出来。", "domain.md 2 各表一事一行",
             why="同一件事录了两遍，次数、人数、金额都会多算一份。"),
    )
}  # fmt: skip

# What a workbook of an older template lacks is no fault of anybody's: the same codes as a hint.
ADDED = {
    code: replace(
        KINDS[code], severity=INFO, says=says, fix="不补也能用，只是与它有关的数判不了；要补，请从新模板复制过来。"
    )
    for code, says in (
        ("R05", "工作簿用的是较早的模板，没有后来新增的工作表“{name}”"),
        ("F12", "工作簿用的是较早的模板，没有后来新增的列“{column}”"),
    )
}

# An older template that has every column: nothing is lost, so it is said and stops nothing.
OLDER = replace(
    KINDS["R04"],
    severity=INFO,
    says="工作簿用的是第{found}版模板，现行为第{current}版；列都在，照常读取",
    fix="不改也能用；要换成新模板，请中心学校运行 kongchuo migrate。",
)

# What figures on pages keep to: no cell is at fault, so no rule yields them. figures.base.Measure holds them by what it is.
FIGURE_KINDS = {
    kind.code: kind
    for kind in (
        Kind("N02", ERROR, "{title}缺少分子或分母", "请补上分子和分母再打印。", "domain.md 3.3 N02",
             why="只写百分比，别人没法复核。报告里的比率一律同时印出分子和分母，缺一个就不出这个数。"),
        Kind("N04", WARNING, "基数小，只列人数", "不用改；需要百分比时，请看全校或全镇的数。", "domain.md 3.3 N04",
             why="分母太小，多一个少一个人百分比就差很多，所以只印人数，不印百分比。"),
    )
}  # fmt: skip

# What may not leave: publishing.gate reads the finished page, paper and file, not the data, so no rule yields them.
GATE_KINDS = {
    kind.code: kind
    for kind in (
        Kind("P01", ERROR, "报告中出现疑似证件号码，已阻止导出", "请找到这一处的来源列，改正后重新运行", "domain.md 3.3 P01",
             why="证件号、学籍号、残疾证号一个数字也不出报告，内部版也一样。加空格、横杠、全角，拆在两格里，藏在批注、属性、文件名里的都查；人数、比率、日期不连起来读。"),
        Kind("P02", ERROR, "不该有姓名的页（公开版、姓名已隐去的全镇页）上有学生或家长的姓名，已阻止导出", "请删去姓名，或改出学校的内部版", "domain.md 3.3 P02",
             why="公开版、简报、告家长一封信谁都看得到，不能有任何一个孩子或家长的姓名，往年花名册上的也算；全镇页写明姓名已隐去，就不能漏。与教职工同名的不算。"),
        Kind("P03", ERROR, "姓名与敏感标签同时出现，已阻止导出", "请删去姓名或标签；只有个案版可以同时写", "domain.md 3.3 P03",
             why="姓名和贫困、残疾、学困、成绩、涉案写在一起，传出去会伤到孩子。只有这个孩子自己的个案表可以。"),
        Kind("P04", WARNING, "公示已过期", "请撤下；不要再张贴", "domain.md 3.3 P04",
             why="公示有期限，过了期还挂着，就是没有必要的公开。"),
        Kind("P05", ERROR, "公开版出现很小的人数，已阻止导出", "请合并显示，或写成“不足”几人", "domain.md 3.3 P05",
             why="只有一两个人的数，熟人一看就知道是谁。公开版里小于最小人数的都合并或隐去。"),
    )
}  # fmt: skip


def report(findings: Iterable[Finding], title: str) -> str:
    """The findings as text for a terminal: one line a distinct problem, with count, first and last place."""
    findings = tuple(findings)
    lines, workbook = [title], ""
    for group in sorted(grouped(findings), key=lambda g: (g.first.workbook, list(SEVERITIES).index(g.first.severity))):
        first = group.first
        if first.workbook != workbook:
            workbook = first.workbook
            lines += ["", workbook]
        where = f"「{first.sheet}」" if first.sheet else ""
        times = f" 共{group.count}处" if group.count > 1 else ""
        if first.caused_by:
            said = f"{first.message}。原因在{cause_of(first)}，先改那里，这里不用逐处改。"
        else:
            said = f"{first.message}。{first.fix}"
        lines.append(f"  {SEVERITIES[first.severity]} {first.rule} {where}{group.cells}{times}  {said}")
        lines += [f"      {group.also}"] if group.follows else []
    totals = count(findings)
    more = sum(1 for finding in findings if finding.caused_by)
    lines += ["", "，".join(f"{SEVERITIES[severity]} {number} 条" for severity, number in totals.items())]
    lines[-1] += f"；因此另有 {more} 处，改好原因后会消失" if more else ""
    return "\n".join(lines)
