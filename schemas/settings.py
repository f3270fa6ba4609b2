"""The settings of an installation, read from `FILING_*` variables; `docs/settings.md` is generated from them."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsConfigDict

from schemas.errors import WrongUseError
from schemas.server_settings import ServerSettings


class UnusableSettingsError(WrongUseError, ValueError):
    """A `FILING_*` variable that cannot be used: one sentence naming it and how to mend it."""


#: Under this path of the Prefect server the home's public files are shown.
PAGES = "/filing"
#: The files by which homes of `filing demo` and `filing simulate` are known.
DEMO_MARK, SIMULATION_MARK = ".demo", ".simulation"


def _account() -> str:
    """The user name of the account; an account without one, such as a container's, is called operator."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"


class Settings(ServerSettings):
    """Read from `FILING_*` variables; a relative home is below the working directory."""

    model_config = SettingsConfigDict(env_prefix="FILING_", extra="ignore")

    home: Path = Field(
        default=Path("var"), title="Home", description="Folder of the inbox, the outbox, the editions and the database."
    )
    database_url: str = Field(
        default="",
        repr=False,  # an address may carry a password
        title="Database",
        description="SQLAlchemy URL; without one, SQLite in the home. `postgresql://…` in production.",
    )
    owner_url: str = Field(
        default="",
        repr=False,
        title="Database: owner",
        description="SQLAlchemy URL of the role that owns the tables: `filing migrate` works as it, and leaves the role of "
        "the database's URL no right to change history or to alter tables. Without one, one role does both.",
    )
    inbox_folder: Path | None = Field(
        default=None, title="Inbox", description="Folder for what is handed in, where it is not `inbox/` in the home."
    )
    desk_folder: Path | None = Field(
        default=None,
        title="Desk",
        description="Folder for what the centre brings, where it is not `desk/` in the home.",
    )
    quiet_seconds: float = Field(
        default=2.0,
        title="Inbox: quiet time",
        description="Seconds a file must have lain unchanged before it moves on to `taken/`: it may still be being written.",
    )
    task_runner: str = Field(
        default="",
        title="Where letters and packages are made",
        description="Blank: in the run's own process. `threads`, `processes`, or the address of a Dask scheduler such as "
        "`tls://host:8786` (extra `dask`; every worker has the same home and settings): above some hundreds at once they "
        "are made in portions there. Mails are sent by the run itself.",
    )
    policies: Path | None = Field(
        default=None, title="Policies", description="Folder of policy files that take the place of those shipped."
    )
    reference: Path | None = Field(
        default=None,
        title="Reference lists",
        description="Folder of later lists of occupations and access-type qualifications, beside those shipped.",
    )

    source: SecretStr = Field(
        default=SecretStr(""),
        title="Source",
        description="Where submissions come from: a folder, or the address of an API, a database or a remote folder; "
        "without one, the inbox.",
    )
    source_username: str = Field(default="", title="Source: user name", description="User name at the source.")
    source_password: SecretStr = Field(
        default=SecretStr(""), title="Source: password", description="Password at the source."
    )
    source_token: SecretStr = Field(
        default=SecretStr(""), title="Source: token", description="Bearer token of an HTTP source."
    )
    source_host_key: str = Field(
        default="",
        title="Source: host key",
        description="Fingerprint (`SHA256:…`) of an SFTP server's key; without it `known_hosts` must know the server.",
    )
    source_timeout_seconds: float = Field(
        default=30.0, gt=0, title="Source: time-out", description="Seconds one request to the source may take."
    )
    source_minutes: float = Field(
        default=60.0, gt=0, title="Source: whole time", description="Minutes a whole reading of the source may take."
    )
    source_hours: float = Field(
        default=24.0, gt=0, title="Source: interval", description="Hours between two readings while a cycle waits."
    )
    source_tables: Literal["", "activities"] = Field(
        default="",
        title="Source: other tables",
        description="A table that applicants may bring besides the form's: `activities`.",
    )
    column_map: str = Field(
        default="", title="Column map", description="A TOML file, or the name of a column map that is shipped."
    )

    backup_recipient: str = Field(
        default="",
        title="Backup: public key",
        description="Public key (`age1…`) that backups are sealed to; the private key stays elsewhere.",
    )

    practice: bool = Field(
        default=False,
        title="Practice",
        description="Whether this is a home for practice, where runs may be for days to come; in any other a mistyped year "
        "would let terms lapse. Homes of `demo` and `simulate` are for practice.",
    )
    operator: str = Field(
        default_factory=_account,
        title="Operator",
        description="Name entered for a decision without `--by`; without one, the user name of the account.",
    )
    panel_seed: str = Field(
        default="",
        title="Seed of panels",
        description="Text agreed on in public, such as the numbers of a lottery; panels are drawn from it and the cycle.",
    )

    evaluation_channel: Literal["folder", "smtp", "http"] = Field(
        default="folder",
        title="Evaluation packages",
        description="How packages reach the panels: left in `outbox/evaluation/`, by mail, or posted over HTTP.",
    )
    evaluation_url: str = Field(
        default="", repr=False, title="Evaluation: address", description="Address that packages are posted to (`http`)."
    )
    evaluation_token: SecretStr = Field(
        default=SecretStr(""), title="Evaluation: token", description="Bearer token for that address."
    )
    result_tokens: Literal["off", "required"] = Field(
        default="required",
        title="Tokens of results",
        description="Whether results at the panels' door are taken only with the token of their dispatch; those that the "
        "centre brings itself, on its desk or by `filing import`, stand on a person's word. `off` is told by `filing doctor`.",
    )
    result_key: SecretStr = Field(
        default=SecretStr(""), title="Key of results", description="Secret that these tokens are signed with."
    )
    evaluation_timeout_seconds: float = Field(
        default=20.0, gt=0, title="Evaluation: time-out", description="Seconds one post of a package may take."
    )
    evaluation_office: str = Field(
        default="",
        title="Evaluation: office",
        description="Mail address of the office that gets the packages of panels without an address (`smtp`).",
    )
    letter_channel: Literal["folder", "smtp"] = Field(
        default="folder",
        title="Letters",
        description="How letters reach applicants: left in `outbox/letters/`, or by mail to their contact.",
    )
    letter_pdf: bool = Field(
        default=False,
        title="Letters as PDF",
        description="Whether each letter is set as a PDF file beside its Word file; needs LibreOffice.",
    )
    smtp_host: str = Field(default="", title="Mail server", description="Host name of the mail server.")
    smtp_port: int = Field(
        default=587, gt=0, lt=65536, title="Mail: port", description="587 for `starttls`, 465 for `tls`, 25 for `none`."
    )
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        default="starttls", title="Mail: encryption", description="How the connection to the mail server is protected."
    )
    smtp_username: str = Field(
        default="", title="Mail: user name", description="User name at the mail server; without one, no log-in."
    )
    smtp_password: SecretStr = Field(
        default=SecretStr(""), title="Mail: password", description="Password or authorisation code of that user."
    )
    smtp_sender: str = Field(
        default="", title="Mail: sender", description="From address of letters, packages and alerts."
    )
    smtp_timeout_seconds: float = Field(
        default=30.0, gt=0, title="Mail: time-out", description="Seconds one exchange with the mail server may take."
    )

    alert_mail: str = Field(
        default="",
        title="Alerts by mail",
        description="Addresses of operators, divided by commas; needs the mail server.",
    )
    alert_webhook: str = Field(
        default="", repr=False, title="Alerts to a webhook", description="Address that alerts are posted to as JSON."
    )
    alert_days_before_deadline: int = Field(
        default=3,
        ge=0,
        title="Alert before the deadline",
        description="Days before the deadline an alert reminds of it.",
    )

    @property
    def root(self) -> Path:
        return self.home.expanduser().resolve()

    @property
    def database(self) -> str:
        """The SQLAlchemy URL; without one, SQLite in the home. Plain `postgresql://` means psycopg 3."""
        return _address(self.database_url) if self.database_url else f"sqlite:///{self.root / 'filing.db'}"

    @property
    def owner(self) -> str:
        """The SQLAlchemy URL under which tables are made and altered."""
        return _address(self.owner_url) if self.owner_url else self.database

    @property
    def is_for_practice(self) -> bool:
        return self.practice or any((self.root / mark).is_file() for mark in (DEMO_MARK, SIMULATION_MARK))

    @property
    def inbox(self) -> Path:
        return self.inbox_folder.resolve() if self.inbox_folder else self.root / "inbox"

    @property
    def desk(self) -> Path:
        return self.desk_folder.resolve() if self.desk_folder else self.root / "desk"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    @property
    def published(self) -> Path:
        return self.root / "published"


def _address(url: str) -> str:
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url


_stated: list[Settings] = []


def settings() -> Settings:
    """The settings of this process: read from the environment once, or those stated by `using`."""
    if not _stated:
        try:
            _stated.append(Settings())
        except ValidationError as wrong:
            # the error itself would repeat what was given, secrets too
            raise UnusableSettingsError("; ".join(map(_describe, wrong.errors()))) from None
    return _stated[-1]


def _describe(error: ErrorDetails) -> str:
    name = "_".join(map(str, error["loc"])).upper()
    return f"the environment variable FILING_{name} cannot be used: {error['msg']}"


def keep_to(other: Settings) -> None:
    """Other settings for all the life of this process: of one that works for another with these."""
    _stated.append(other)


@contextmanager
def using(other: Settings) -> Iterator[None]:
    """Other settings for the time being: a rehearsal's spare home, a test's own."""
    former = list(_stated)
    _stated.append(other)
    try:
        yield
    finally:
        _stated[:] = former
