"""The secrets that lie in the home for its owner alone: the machine's, and the key of the sessions."""

import os
import secrets
from contextlib import ExitStack
from pathlib import Path

from schemas.errors import RefusedError
from tasks.gateways.disk import files

MACHINE_FILE = "machine.secret"
SESSION_FILE = "session.key"
_BYTES = 32
_SHORTEST = 32  # characters

_for_this_process = ExitStack()


class SecretFileError(RefusedError):
    """A file of a secret that cannot be used: one sentence with the remedy."""


def machine_secret(home: Path) -> str:
    """What workers and scripts send as `Authorization: Bearer`; made where there is none yet. Raises SecretFileError."""
    return _secret(home, MACHINE_FILE)


def session_key(home: Path) -> str:
    """What sessions are signed with; made where there is none yet. Raises SecretFileError."""
    return _secret(home, SESSION_FILE)


def _secret(home: Path, name: str) -> str:
    place = home / name
    if not place.exists():
        home.mkdir(parents=True, exist_ok=True)
        files.put_once(home, name, f"{secrets.token_urlsafe(_BYTES)}\n".encode(), private=True)
    if place.stat().st_mode & 0o077:
        raise SecretFileError(f"others can read {place}: run `chmod 600 {place}`, and delete it first if they may have")
    text = place.read_bytes().decode("ascii", "replace").strip()
    if len(text) < _SHORTEST or not text.isascii():
        raise SecretFileError(f"{place} is damaged: delete it, a new one is made at the next start")
    return text


def headers(home: Path) -> dict[str, str]:
    """What a client of the server sends so that the gate knows it for the machine."""
    return {"Authorization": f"Bearer {machine_secret(home)}"}


def present(home: Path) -> None:
    """Have this process's Prefect client, and the processes it starts, send the machine's secret from now on."""
    from prefect.settings import PREFECT_CLIENT_CUSTOM_HEADERS, temporary_settings  # noqa: PLC0415  slow to import

    os.environ.pop("PREFECT_API_AUTH_STRING", None)  # a password of former releases would stand in its place
    _for_this_process.enter_context(temporary_settings({PREFECT_CLIENT_CUSTOM_HEADERS: headers(home)}))
