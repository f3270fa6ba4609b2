"""An evaluation package: what a panel is given to evaluate one application.

Source: Notice, article 3(3). A package is JSON-serialisable and is kept as it was sent. It carries no staff and no
identity numbers.
"""

from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.letter_lines import FindingLine
from schemas.policy import Policy


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class EvaluatedInstitution(_Part):
    """What a panel needs to know of an institution, and whom of it to call."""

    name: str = Field(description="机构名称")
    uscc: str = Field(description="统一社会信用代码")
    institution_type: str = Field(description="机构类型（中文）")
    region: str = Field(default="", description="所属区划")
    registered_address: str = Field(default="", description="注册地址")
    contact: str = Field(default="", description="申报联系方式")


class EvaluatedItem(_Part):
    """One item to evaluate; `level` is 5 to 1."""

    occupation_code: str = Field(description="职业编码")
    occupation_name: str = Field(description="职业名称（未列入大典的附企业自定名称）")
    work_type: str = Field(default="", description="工种（空白为职业整体）")
    level: str = Field(description="等级")


class CommitmentDue(_Part):
    """A material that was committed to and must be produced at evaluation (Notice, article 3(2))."""

    material: str = Field(description="材料类别")
    occupation_code: str = Field(default="", description="职业编码（机构层面的材料为空）")
    work_type: str = Field(default="", description="工种（空白为职业整体）")

    def title(self, policy: Policy) -> str:
        """The material's Chinese name."""
        name = policy.materials.get(self.material, self.material)
        of = " ".join(filter(None, (self.occupation_code, self.work_type)))
        return f"{name}（{of}）" if of else name


class PanelMember(_Part):
    """One expert of a panel."""

    expert_no: str = Field(description="专家编号")
    name: str = Field(description="姓名")


class Panel(_Part):
    """Who evaluates; `lead` is the expert number of one member. Nobody drawn is the whole of an empty panel."""

    members: tuple[PanelMember, ...] = Field(default=(), description="专家组成员")
    lead: str = Field(default="", description="组长的专家编号")
    seed: str = Field(default="", description="抽取种子")

    @model_validator(mode="after")
    def _led_by_a_member(self) -> Self:
        if self.members and self.lead not in {member.expert_no for member in self.members}:
            raise ValueError("the panel's lead is none of its members")
        return self

    @property
    def leader(self) -> PanelMember | None:
        """The member who leads, if a panel was drawn."""
        return next((member for member in self.members if member.expert_no == self.lead), None)


class Candidate(_Part):
    """An expert who may be drawn: the requested occupations they know, and how many panels of the cycle they sit on."""

    expert_no: str
    name: str
    knows: tuple[str, ...]
    load: int


class PanelDraw(_Part):
    """One draw with all that went into it; `panel.repeat` of the record gives the same panel."""

    application_no: str
    seed: str
    size: int
    occupation_codes: tuple[str, ...]
    barred_employers: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    panel: Panel
    uncovered: tuple[str, ...] = Field(description="occupations that nobody on the panel knows")

    @property
    def missing(self) -> int:
        """How many seats the pool could not fill; the centre fills them in."""
        return self.size - len(self.panel.members)


class EvaluationPackage(_Part):
    """All that goes to the panel of one application; a later package of it has a higher `revision`."""

    application_no: str = Field(min_length=1, description="申报编号")
    cycle: str = Field(description="申报批次")
    kind: str = Field(default="", description="申报类型（中文）")
    revision: int = Field(ge=1, description="送评次数")
    institution: EvaluatedInstitution = Field(description="申报机构")
    items: tuple[EvaluatedItem, ...] = Field(min_length=1, description="送评职业等级")
    findings: tuple[FindingLine, ...] = Field(default=(), description="初审意见")
    commitments: tuple[CommitmentDue, ...] = Field(default=(), description="评估时须提供的承诺材料")
    panel: Panel = Field(default=Panel(), description="评估专家组")
    draw: PanelDraw | None = Field(default=None, description="抽取记录（据此可复核）")
    panel_size: int = Field(gt=0, description="专家组人数下限")
    pass_mark: float = Field(ge=0, le=100, description="合格分")
    due_on: date = Field(description="评估结果报送期限")
    document: str = Field(default="", description="依据文件文号")

    @model_validator(mode="after")
    def _items_once(self) -> Self:
        keys = [(item.occupation_code, item.work_type, item.level) for item in self.items]
        if len(set(keys)) < len(keys):
            raise ValueError("an item stands in the package twice")
        return self
