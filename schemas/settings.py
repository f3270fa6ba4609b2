"""The installation's environment; numbers of the notice belong to the policy."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from `FILING_*` variables; a relative home is below the working directory."""

    model_config = SettingsConfigDict(env_prefix="FILING_", extra="ignore")

    home: Path = Path("var")
    database_url: str = ""
    inbox_folder: Path | None = None
    policies: Path | None = None
    operator: str = Field(default_factory=lambda: os.environ.get("USER", "") or "operator")

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
        _stated.append(Settings())
    return _stated[-1]


@contextmanager
def using(other: Settings) -> Iterator[None]:
    """Other settings for the time being: a rehearsal's spare home, a test's own."""
    former = list(_stated)
    _stated.append(other)
    try:
        yield
    finally:
        _stated[:] = former
