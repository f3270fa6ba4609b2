"""The panels: packages made for them, the ways packages reach them, and the scoring workbooks they send back."""

from tasks.gateways.evaluators.channels import Channel, FolderChannel, SmtpChannel, evaluation_channel, package_files
from tasks.gateways.evaluators.http_channel import HttpChannel, HttpSettings
from tasks.gateways.evaluators.scoring_reader import (
    Scored,
    UnreadableScoring,
    is_scoring_workbook,
    read_scoring,
    read_scoring_workbook,
)
from tasks.gateways.wire.retry import DeliveryFailed

__all__ = [
    "Channel",
    "DeliveryFailed",
    "FolderChannel",
    "HttpChannel",
    "HttpSettings",
    "Scored",
    "SmtpChannel",
    "UnreadableScoring",
    "evaluation_channel",
    "is_scoring_workbook",
    "package_files",
    "read_scoring",
    "read_scoring_workbook",
]
