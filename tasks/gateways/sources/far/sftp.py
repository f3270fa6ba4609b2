"""A folder on an SFTP server; which server it is has been proved before a password is sent to it."""

import base64
import logging
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG
from typing import Any
from urllib.parse import unquote

from tasks.gateways.sources.far.addresses import Address
from tasks.gateways.sources.far.bounds import Allowance, SourceError
from tasks.gateways.sources.far.remote_folder import Remote, Verdict, usual_verdict

_PORT = 22


class _StrangerError(Exception):
    """A server that is not known to be the one that is meant."""


def remote(where: Address, allowance: Allowance) -> Remote:
    """The way there; without a password, keys of the agent or of ~/.ssh serve."""
    try:
        import paramiko  # noqa: PLC0415  an extra
        from fsspec.implementations.sftp import SFTPFileSystem  # noqa: PLC0415
    except ImportError as absent:
        raise SourceError("sftp needs its extra: pip install 'filing-cycles[sftp]'") from absent
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # it prints a traceback for every lost connection

    bounds = allowance.bounds

    class Known(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # the library has no types
        """Asked about every server, for the client itself is given none."""

        def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
            fingerprint = "SHA256:" + base64.b64encode(sha256(key.asbytes()).digest()).decode().rstrip("=")
            if fingerprint != where.host_key and (where.host_key or not _in_known_hosts(hostname, key)):
                raise _StrangerError(
                    f"the server shows the key {fingerprint}, which is not the one known of it: "
                    "ask its operator, then set FILING_SOURCE_HOST_KEY or known_hosts"
                )

    class Files(SFTPFileSystem):  # type: ignore[misc]
        """Tells a pipe or a device from a file, which the library does not: opening one would never end."""

        @staticmethod
        def _decode_stat(stat: Any, parent_path: str | None = None) -> dict[str, Any]:
            info: dict[str, Any] = SFTPFileSystem._decode_stat(stat, parent_path)
            ordinary = info["type"] != "file" or S_ISREG(stat.st_mode)
            return info if ordinary else {**info, "type": "other"}

        def ls(self, path: str, detail: bool = False, **_: Any) -> list[Any]:
            """As the library's, but of a listing that has an end."""
            entries: list[dict[str, Any]] = []
            for stat in self.ftp.listdir_iter(path):
                allowance.check()
                entries.append(self._decode_stat(stat, path))
                if len(entries) > bounds.files:
                    raise SourceError(f"{where.shown} holds more than {bounds.files} files: remove some")
            return entries if detail else [entry["name"] for entry in entries]

    def open_() -> Any:
        system = Files(
            where.host,
            port=where.port or _PORT,
            username=where.username or None,
            password=where.password or None,
            timeout=bounds.answer_seconds,
            banner_timeout=bounds.answer_seconds,
            auth_timeout=bounds.answer_seconds,
            host_key_policy=Known(),
            skip_instance_cache=True,
        )
        system.ftp.get_channel().settimeout(bounds.answer_seconds)
        return system

    def _in_known_hosts(hostname: str, key: paramiko.PKey) -> bool:
        file = Path("~/.ssh/known_hosts").expanduser()
        return file.is_file() and paramiko.HostKeys(str(file)).check(hostname, key)

    def verdict(error: Exception) -> Verdict:
        wrong = isinstance(error, (paramiko.AuthenticationException, _StrangerError))
        return "refused" if wrong else usual_verdict(error)

    errors = (paramiko.SSHException, _StrangerError, OSError, EOFError)
    return Remote(where.shown, open_, lambda system: system.client.close(), unquote(where.path) or "/", errors, verdict)
