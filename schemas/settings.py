"""The installation's environment; numbers of the notice belong to the policy."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict


class UnusableSettingsError(ValueError):
    """A `FILING_*` variable that cannot be used: one sentence naming it and how to mend it."""


#: Under this path of the Prefect server the home's public files are shown.
PAGES = "/filing"


class Settings(BaseSettings):
    """Read from `FILING_*` variables; a relative home is below the working directory."""

    model_config = SettingsConfigDict(env_prefix="FILING_", extra="ignore")

    home: Path = Path("var")
    #: Addresses may carry a password: they are not shown with the other settings.
    database_url: str = Field(default="", repr=False)
    inbox_folder: Path | None = None
    policies: Path | None = None

    #: Where submissions come from (docs/sources.md): a folder, or the address of an API, a database, a remote folder.
    #: It may carry a password, so it is as secret as one; without it, the inbox.
    source: SecretStr = SecretStr("")
    source_username: str = ""
    source_password: SecretStr = SecretStr("")
    source_token: SecretStr = SecretStr("")
    #: Fingerprint (`SHA256:…`) of an SFTP server's key; without it the server has to be in `known_hosts`.
    source_host_key: str = ""
    source_timeout_seconds: float = Field(default=30.0, gt=0)
    source_minutes: float = Field(default=60.0, gt=0)
    #: A waiting cycle asks a source far away so often.
    source_hours: float = Field(default=24.0, gt=0)
    #: A TOML file, or the name of a map that comes with the program.
    column_map: str = ""

    operator: str = Field(default_factory=lambda: os.environ.get("USER", "") or "operator")

    #: Text agreed on in public, such as a lottery's numbers: panels are drawn from it and the cycle.
    panel_seed: str = ""

    evaluation_channel: Literal["folder", "smtp", "http"] = "folder"
    evaluation_url: str = Field(default="", repr=False)
    evaluation_token: SecretStr = SecretStr("")
    #: Whether results are taken only with the token of their dispatch, and what tokens are signed with.
    result_tokens: Literal["off", "required"] = "off"
    result_key: SecretStr = SecretStr("")
    evaluation_timeout_seconds: float = Field(default=20.0, gt=0)
    #: Mail address of the office that gets the packages of panels without an address.
    evaluation_office: str = ""
    letter_channel: Literal["folder", "smtp"] = "folder"
    smtp_host: str = ""
    smtp_port: int = Field(default=587, gt=0, lt=65536)
    smtp_security: Literal["none", "starttls", "tls"] = "starttls"
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_sender: str = ""
    smtp_timeout_seconds: float = Field(default=30.0, gt=0)

    # what operators have to see to: mail addresses divided by commas, an address that takes JSON
    alert_mail: str = ""
    alert_webhook: str = Field(default="", repr=False)
    alert_days_before_deadline: int = Field(default=3, ge=0)

    @property
    def root(self) -> Path:
        return self.home.expanduser().resolve()

    @property
    def database(self) -> str:
        """The SQLAlchemy URL; without one, SQLite in the home. Plain `postgresql://` means psycopg 3."""
        if not self.database_url:
            return f"sqlite:///{self.root / 'filing.db'}"
        for plain in ("postgresql://", "postgres://"):
            if self.database_url.startswith(plain):
                return "postgresql+psycopg://" + self.database_url.removeprefix(plain)
        return self.database_url

    @property
    def inbox(self) -> Path:
        return self.inbox_folder.resolve() if self.inbox_folder else self.root / "inbox"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    @property
    def published(self) -> Path:
        return self.root / "published"


_stated: list[Settings] = []


def settings() -> Settings:
    """The settings of this process: read from the environment once, or those stated by `using`."""
    if not _stated:
        try:
            _stated.append(Settings())
        except ValidationError as wrong:
            # the error itself would repeat what was given, secrets too
            raise UnusableSettingsError("; ".join(map(_told, wrong.errors()))) from None
    return _stated[-1]


def _told(error: ErrorDetails) -> str:
    name = "_".join(map(str, error["loc"])).upper()
    return f"the environment variable FILING_{name} cannot be used: {error['msg']}"


@contextmanager
def using(other: Settings) -> Iterator[None]:
    """Other settings for the time being: a rehearsal's spare home, a test's own."""
    former = list(_stated)
    _stated.append(other)
    try:
        yield
    finally:
        _stated[:] = former
