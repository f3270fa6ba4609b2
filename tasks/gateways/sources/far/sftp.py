"""A folder on an SFTP server; needs the extra `sftp`."""

import base64
import logging
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG
from typing import Any
from urllib.parse import unquote

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

from tasks.gateways.sources.far.addresses import Address, Allowance, SourceError
from tasks.gateways.sources.far.remote_folder import Remote, Verdict, usual_verdict

_PORT = 22


class _StrangerError(Exception):
    """A server that is not known to be the one that is meant."""


def remote(where: Address, allowance: Allowance) -> Remote:
    """The way to an SFTP server, which must prove to be the one meant before a password is sent.

    Without a password, keys of the agent or of ~/.ssh are tried.
    """
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # it prints a traceback for every lost connection
    errors = (paramiko.SSHException, _StrangerError, OSError, EOFError)
    return Remote(
        where.public_name, lambda: _open(where, allowance), _close, unquote(where.path) or "/", errors, _verdict
    )


def _open(where: Address, allowance: Allowance) -> "_Files":
    seconds = allowance.bounds.answer_seconds
    system = _Files(
        where.host,
        port=where.port or _PORT,
        username=where.username or None,
        password=where.password or None,
        timeout=seconds,
        banner_timeout=seconds,
        auth_timeout=seconds,
        host_key_policy=_KnownServer(where),
        skip_instance_cache=True,
    )
    system.where, system.allowance = where, allowance
    system.ftp.get_channel().settimeout(seconds)
    return system


def _close(system: "_Files") -> None:
    system.client.close()


def _verdict(error: Exception) -> Verdict:
    is_wrong = isinstance(error, (paramiko.AuthenticationException, _StrangerError))
    return "refused" if is_wrong else usual_verdict(error)


class _KnownServer(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # the library has no types
    """Checks the key of every server, because the client itself is given no known keys."""

    def __init__(self, where: Address) -> None:
        self._known = where.host_key

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        fingerprint = "SHA256:" + base64.b64encode(sha256(key.asbytes()).digest()).decode().rstrip("=")
        if fingerprint != self._known and (self._known or not _is_in_known_hosts(hostname, key)):
            raise _StrangerError(
                f"the server shows the key {fingerprint}, which is not the one known of it: "
                "ask its operator, then set FILING_SOURCE_HOST_KEY or known_hosts"
            )


def _is_in_known_hosts(hostname: str, key: paramiko.PKey) -> bool:
    file = Path("~/.ssh/known_hosts").expanduser()
    return file.is_file() and paramiko.HostKeys(str(file)).check(hostname, key)


class _Files(SFTPFileSystem):  # type: ignore[misc]  # the library has no types
    """The library's file system, but listings are bounded, and a pipe or a device, which never ends, is no file."""

    where: Address
    allowance: Allowance

    @staticmethod
    def _decode_stat(stat: Any, parent_path: str | None = None) -> dict[str, Any]:
        info: dict[str, Any] = SFTPFileSystem._decode_stat(stat, parent_path)
        is_ordinary = info["type"] != "file" or S_ISREG(stat.st_mode)
        return info if is_ordinary else {**info, "type": "other"}

    def ls(self, path: str, detail: bool = False, **_: Any) -> list[Any]:
        """As the library's; raises SourceError for a listing of more files than the bounds allow."""
        most, entries = self.allowance.bounds.files, []
        for stat in self.ftp.listdir_iter(path):
            self.allowance.check()
            entries.append(self._decode_stat(stat, path))
            if len(entries) > most:
                raise SourceError(f"{self.where.public_name} holds more than {most} files: remove some")
        return entries if detail else [entry["name"] for entry in entries]
