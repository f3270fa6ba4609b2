"""An evaluation package to send and to fill in, and a mail server on loopback to send it to."""

from collections.abc import Callable, Iterator
from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from schemas.evaluation import CommitmentDue, EvaluatedInstitution, EvaluatedItem, EvaluationPackage, Panel, PanelMember
from schemas.letter_lines import FindingLine
from tasks.gateways.sources.formats import sandbox, sandbox_process
from tasks.gateways.wire.mail import SmtpSettings
from tests.ports import held_port

MakePackage = Callable[..., EvaluationPackage]


@pytest.fixture
def make_package() -> MakePackage:
    """A package of two occupations with a panel, a review finding and a commitment; any field can be given anew."""

    def make(**changed: Any) -> EvaluationPackage:
        values: dict[str, Any] = {
            "application_no": "HS-2026-09-0012",
            "cycle": "2026-09",
            "kind": "首次备案",
            "revision": 1,
            "institution": EvaluatedInstitution(
                name="湖北新冶钢职业培训学校", uscc="91420200MA4XXXXXXX", institution_type="社会培训评价组织"
            ),
            "items": (
                EvaluatedItem(occupation_code="6-18-02-04", occupation_name="焊工", level="4"),
                EvaluatedItem(occupation_code="6-18-02-04", occupation_name="焊工", level="3"),
                EvaluatedItem(occupation_code="4-03-02-01", occupation_name="中式烹调师", level="1"),
            ),
            "findings": (
                FindingLine(
                    rule="FORM-9", table="基本信息", row=1, field="统一社会信用代码", problem="请核对", basis="二（一）"
                ),
            ),
            "commitments": (CommitmentDue(material="expert_skill_proof"),),
            "panel": Panel(
                members=(PanelMember(expert_no="E1", name="王建国"), PanelMember(expert_no="E2", name="刘芳")),
                lead="E2",
                seed="种子",
            ),
            "panel_size": 3,
            "pass_mark": 60,
            "due_on": date(2026, 10, 25),
            "document": "黄人社函〔2021〕26号",
        }
        return EvaluationPackage(**{**values, **changed})

    return make


@pytest.fixture(scope="module")
def opened_here() -> Iterator[None]:
    """Workbooks and Parquet files are opened in the tests' process, where what opens them is measured; none is hostile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox.Sandbox, "ask", lambda opener, data: bytes(sandbox_process.READERS[opener._reader](data)))
        yield


class Postmaster:
    """Keeps what was accepted; answers in `replies` come first, one a message."""

    def __init__(self) -> None:
        self.accepted: list[EmailMessage] = []
        self.replies: list[str] = []
        self.recipient_reply = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.recipient_reply:
            return self.recipient_reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.replies:
            return self.replies.pop(0)
        self.accepted.append(message_from_bytes(envelope.content, policy=default))
        return "250 taken"


@pytest.fixture
def postmaster() -> Postmaster:
    return Postmaster()


@pytest.fixture
def port() -> int:
    """A port on loopback that nobody listens on."""
    return held_port()


@pytest.fixture
def smtp(postmaster: Postmaster, port: int) -> Iterator[SmtpSettings]:
    """A mail server that hands all it accepts to the postmaster."""
    controller = Controller(postmaster, hostname="127.0.0.1", port=port)
    controller.start()
    yield SmtpSettings("127.0.0.1", "center@hs.example", port, security="none", timeout_seconds=5)
    controller.stop()
