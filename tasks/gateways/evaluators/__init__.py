"""The panels: packages made for them, and the ways packages reach them."""

from tasks.gateways.evaluators.channels import Channel, FolderChannel, SmtpChannel, evaluation_channel, package_files
from tasks.gateways.evaluators.http_channel import HttpChannel, HttpSettings
from tasks.gateways.wire.retry import DeliveryFailed

__all__ = [
    "Channel",
    "DeliveryFailed",
    "FolderChannel",
    "HttpChannel",
    "HttpSettings",
    "SmtpChannel",
    "evaluation_channel",
    "package_files",
]
