"""The first wording of every letter, as paragraphs and tables of template text; their layout is `templates_source`.

A paragraph that begins with `{%p` steers the template and prints nothing.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column of a table: header, template text of its cells, width in millimetres."""

    title: str
    cell: str
    width: int
    centred: bool = True


@dataclass(frozen=True)
class Table:
    """A table with one row for each element of a list field; `each` is the loop, such as `item in items`."""

    each: str
    columns: tuple[Column, ...]


Letter = tuple[str | Table, ...]

_NUMBER = Column("序号", "{{ loop.index }}", 12)
_ITEM = (
    _NUMBER,
    Column("职业编码", "{{ item.occupation_code }}", 26),
    Column("职业名称", "{{ item.occupation_name }}", 42),
    Column("等级", "{{ item.levels }}", 76, centred=False),
)
_REASONED = (
    _NUMBER,
    Column("职业编码", "{{ item.occupation_code }}", 26),
    Column("职业名称", "{{ item.occupation_name }}", 30),
    Column("等级", "{{ item.levels }}", 34, centred=False),
    Column("原因", "{{ item.reason }}", 54, centred=False),
)
_FINDING = (
    _NUMBER,
    Column("表", "{{ finding.table }}", 20),
    Column("行", "{{ finding.row or '—' }}", 10),
    Column("字段", "{{ finding.field }}", 34),
    Column(
        "问题",
        "{{ finding.problem }}{% if finding.value and finding.value not in finding.problem %}"
        "（所填内容：{{ finding.value }}）{% endif %}",
        60,
        centred=False,
    ),
    Column("依据", "{{ finding.basis }}", 20),
)
_DORMANT = (
    _NUMBER,
    Column("职业编码", "{{ occupation.occupation_code }}", 30),
    Column("职业名称", "{{ occupation.occupation_name }}", 46),
    Column("备案日期", "{{ occupation.filed_on }}", 34),
    Column("最近一次认定", "{{ occupation.last_held_on or '无记录' }}", 34),
)

_RETURNED = (
    _NUMBER,
    Column("职业", "{{ result.occupation_name }}（{{ result.occupation_code }}）", 38, centred=False),
    Column("等级", "{{ result.level }}", 22),
    Column(
        "字段", "{{ result.field }}{% if result.value %}（所填内容：{{ result.value }}）{% endif %}", 32, centred=False
    ),
    Column("问题及更正办法", "{{ result.problem }}", 34, centred=False),
    Column("依据", "{{ result.basis }}", 18),
)

_RECEIVED = (
    "你单位于{{ submitted_on }}提交的职业技能等级认定评价机构备案申报（申报编号：{{ application_no }}，"
    "申报批次：{{ cycle }}{% if kind %}，申报类型：{{ kind }}{% endif %}）收悉。"
)
_OBJECTION = "对本通知有异议的，可自收到之日起向我中心书面提出。"
_BY_DOCUMENT = "根据{{ document }}文件规定"
_END = "特此通知。"


def _when(condition: str, *blocks: str | Table) -> Letter:
    return (f"{{%p if {condition} %}}", *blocks, "{%p endif %}")


def _adjustment(ground: str, move: str, consequence: str) -> Letter:
    return (
        ground + "，我中心于{{ decided_on }}决定{% if decision_no %}（{{ decision_no }}）{% endif %}，"
        "自{{ effective_on }}起" + move + "你单位{% if items %}下列{% else %}全部{% endif %}职业等级的备案资质。",
        *_when("items", Table("item in items", _ITEM)),
        "事由：{{ ground }}",
        consequence,
        _END,
    )


LETTERS: dict[str, Letter] = {
    "correction": (
        _RECEIVED + "经初审，有下列{{ findings | length }}处不符合{{ document }}文件要求，现退回补正：",
        Table("finding in findings", _FINDING),
        "表中“行”为你单位在该表内所填内容的行次（不含表头），“—”指整份申报。",
        "请于本通知发出之日起{{ workdays }}个工作日内{% if due_on %}（{{ due_on }}前，含当日）{% endif %}"
        "一次补正全部问题，并以原申报编号{{ application_no }}重新提交完整的申报表格和材料，请勿另编新号。"
        "重新提交的版本替代原版本，重新初审。",
        _END,
    ),
    "acceptance": (
        _RECEIVED + "经初审，符合{{ document }}文件规定的申报条件，现予受理。"
        "{% if items %}下列职业等级转入专家评估：{% endif %}",
        *_when("items", Table("item in items", _ITEM)),
        *_when(
            "held",
            "下列职业等级涉及文件的原则性规定，须经例外审批后办理{% if items %}，不影响上列职业等级的评估{% endif %}：",
            Table("item in held", _REASONED),
        ),
        *_when(
            "commitments",
            "你单位以告知承诺方式提交的下列材料，须在评估时当场提供，未提供的不得评为合格："
            "{{ commitments | join('、') }}。",
        ),
        "请做好场地、设备、人员和资料准备，配合专家组评估，具体安排另行通知。",
        _END,
    ),
    "refusal": (
        _RECEIVED + "经审核，根据{{ document }}文件规定，下列职业等级不予备案：",
        Table("item in items", _REASONED),
        _OBJECTION + "具备条件后，可在以后的申报批次重新申报。",
        _END,
    ),
    "filing": (
        _RECEIVED + "经初审、专家评估和审核，根据{{ document }}文件规定，准予你单位下列职业等级备案：",
        Table("item in items", _ITEM),
        "备案日期为{{ filed_on }}，有效期至{{ valid_until }}。"
        "{% if institution_code %}机构编码为{{ institution_code }}。"
        "{% else %}机构编码由省级鉴定中心赋码后另行告知。{% endif %}",
        "请在备案的职业等级范围内规范开展认定，自觉接受监督管理。"
        "有效期届满后仍需开展认定的，应在届满前的申报批次办理换证。",
        _END,
    ),
    "result_return": (
        _BY_DOCUMENT + "和评估要求审核，贵组报送的{% if applicant %}{{ applicant }}{% endif %}"
        "（申报编号：{{ application_no }}，申报批次：{{ cycle }}）评估结果中，"
        "下列{{ results | length }}处不符合要求，未予采纳，现退回：",
        Table("result in results", _RETURNED),
        "请按表中所列更正后，重新报送评分表或结果文件。只须报送更正的职业等级，未列出的结果不受影响；"
        "收到更正结果前，所列职业等级仍按已送评办理。",
        _END,
    ),
    "expiry_reminder": (
        "根据{{ document }}文件规定，你单位下列职业等级的备案有效期至{{ valid_until }}，"
        "自本提醒发出之日起还有{{ days_left }}天：",
        Table("item in items", _ITEM),
        "{% if renewal_deadline %}需要继续开展认定的，请在{{ renewal_cycle }}批次申报期内"
        "（{{ renewal_deadline }}截止）办理换证申报。"
        "{% else %}到期前已无申报批次，需要继续开展认定的，请在下一申报批次办理。{% endif %}"
        "到期未换证的，相应备案自到期次日起失效，不再列入备案机构目录。",
        "特此提醒。",
    ),
    "dormancy": (
        "截至{{ as_of }}，我中心没有你单位下列已备案职业在规定时间内开展认定的记录：",
        Table("occupation in occupations", _DORMANT),
        "根据{{ document }}文件三（一）规定，已备案职业未开展认定工作的，原则上不得申报新的职业（工种）和等级。"
        "本提示不影响已有备案；开展认定并报送活动数据后，本提示即行解除。记录有误的，请补报认定活动数据。",
        "特此提示。",
    ),
    "suspension": _adjustment(
        _BY_DOCUMENT,
        "暂停",
        "暂停期间不得开展相应的职业技能等级认定。整改完成后，可书面申请恢复。" + _OBJECTION,
    ),
    "reinstatement": _adjustment(
        _BY_DOCUMENT, "恢复", "有效期不变。请在备案的职业等级范围内规范开展认定，自觉接受监督管理。"
    ),
    "withdrawal": _adjustment(
        "根据你单位的申请和{{ document }}文件规定",
        "注销",
        "自注销之日起，不得再开展相应的职业技能等级认定，并请妥善保管认定档案。",
    ),
    "revocation": _adjustment(_BY_DOCUMENT, "撤销", "自撤销之日起，不得再开展相应的职业技能等级认定。" + _OBJECTION),
}
