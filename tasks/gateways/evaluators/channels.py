"""How a package reaches its panel: a folder for the centre, mail to the lead, or an evaluation system over HTTP."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import orjson

from schemas.evaluation import EvaluationPackage
from schemas.policy import Policy
from schemas.settings import Settings
from tasks.gateways.disk import files as files_on_disk
from tasks.gateways.disk.files import put, safe_name
from tasks.gateways.evaluators.http_channel import HttpChannel, HttpSettings
from tasks.gateways.evaluators.scoring_layout import WORKBOOK
from tasks.gateways.evaluators.scoring_workbook import scoring_workbook
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.wire.mail import Mail, Mailer, mailer, office_address, unset
from tasks.gateways.wire.retry import DeliveryFailed

PACKAGE = "package.json"
_BY_NAME: Final = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def package_files(package: EvaluationPackage, policy: Policy, token: str = "") -> dict[str, bytes]:
    """File name to bytes: `package.json` and `评分表.xlsx`; the same package, policy and token give the same bytes.

    A `token` is what results of this dispatch are to bring back; it stands in both. Raises ValueError for text that is
    no Unicode.
    """
    content = package.model_dump(mode="json") | ({"token": token} if token else {})
    try:
        text = orjson.dumps(content, option=_BY_NAME)
    except orjson.JSONEncodeError as refused:
        raise ValueError(str(refused)) from refused
    return {WORKBOOK: scoring_workbook(package, policy, token), PACKAGE: text}


class Channel(Protocol):
    """A way out; delivering again with the same key has no further effect."""

    def deliver(self, package: EvaluationPackage, files: Mapping[str, bytes], idempotency_key: str) -> str:
        """Hand a package over and return the receipt; raises `tasks.gateways.wire.retry.DeliveryFailed`."""

    def settle(self) -> None:
        """Wait until what was handed over is kept for good; receipts are noted after this."""


@dataclass(frozen=True)
class FolderChannel:
    """Packages as folders `<cycle>/<application_no>/` below `folder`, for the centre to hand out.

    The files bear the token of their dispatch: they are their owner's alone to read.
    """

    folder: Path
    _unsettled: set[str] = field(default_factory=set)

    def settle(self) -> None:
        files_on_disk.settle(self._unsettled)

    def deliver(self, package: EvaluationPackage, files: Mapping[str, bytes], idempotency_key: str) -> str:
        """Put the files; `package.json` last, so that a folder that has it is complete.

        A package that is there stays untouched: its workbook may be half filled in. A higher revision replaces it and
        keeps the former workbook as `评分表-第n次.xlsx`.
        """
        place = f"{safe_name(package.cycle)}/{safe_name(package.application_no)}"
        try:
            self._put(place, files)
        except OSError as refused:
            reason = f"the package {place} cannot be written: {refused.strerror or refused}"
            raise DeliveryFailed(reason, retryable=True) from refused
        return f"folder:{place}#{package.revision}"

    def _put(self, place: str, files: Mapping[str, bytes]) -> None:
        record, workbook = self.folder / place / PACKAGE, self.folder / place / WORKBOOK
        recorded = record.read_bytes() if record.is_file() else b""
        if recorded == files[PACKAGE] and workbook.is_file():
            return
        if recorded and recorded != files[PACKAGE] and workbook.is_file():
            former = f"{place}/评分表-第{json.loads(recorded)['revision']}次.xlsx"
            # killed between workbook and package.json, the workbook here is already the new one
            if not (self.folder / former).exists():
                put(self.folder, former, workbook.read_bytes(), private=True, unsettled=self._unsettled)
        for name in sorted(files, key=lambda name: name == PACKAGE):
            put(self.folder, f"{place}/{name}", files[name], private=True, unsettled=self._unsettled)


@dataclass(frozen=True)
class SmtpChannel:
    """Packages mailed to the panel's lead.

    `address_of` is expert number to mail address, blank where there is none; `office` gets what has no lead with an
    address, to be filled in and passed on.
    """

    mailer: Mailer
    address_of: Callable[[str], str]
    office: str

    def settle(self) -> None:
        """Nothing: the mail server has it."""

    def deliver(self, package: EvaluationPackage, files: Mapping[str, bytes], idempotency_key: str) -> str:
        leader = package.panel.leader
        address = self.address_of(leader.expert_no) if leader else ""
        name = visible(package.institution.name)
        subject = f"评估送评：{name}（{package.application_no}，{package.cycle}批次）"
        greeting = f"{visible(leader.name)}组长：" if leader and address else "鉴定中心评估经办人："
        body = (
            f"{greeting}\n\n"
            f"　　现送上{name}（申报编号{visible(package.application_no)}）的评估材料，"
            f"共{len(package.items)}个职业等级，请组织评估，填写附件“{WORKBOOK}”，"
            f"并于{package.due_on:%Y-%m-%d}前报回。初审意见和须当场提供的承诺材料见评分表封面。\n"
        )
        return self.mailer.send(Mail(idempotency_key, address or self.office, subject, body, files))


def evaluation_channel(installation: Settings, address_of: Callable[[str], str]) -> Channel:
    """The channel `FILING_EVALUATION_CHANNEL` names; `address_of` is expert number to mail address, blank for none.

    Raises UnusableSettingsError where something the channel needs is not set.
    """
    match installation.evaluation_channel:
        case "folder":
            return FolderChannel(installation.outbox / "evaluation")
        case "smtp":
            office = office_address("evaluation_office", installation.evaluation_office)
            return SmtpChannel(mailer(installation), address_of, office)
        case "http":
            if not installation.evaluation_url.startswith(("http://", "https://")):
                raise unset("evaluation_url", "the address packages are posted to")
            return HttpChannel(
                HttpSettings(
                    installation.evaluation_url,
                    installation.evaluation_token.get_secret_value(),
                    installation.evaluation_timeout_seconds,
                )
            )
