"""Real servers of remote folders on loopback for tests: SFTP, S3, WebDAV; each serves one folder or bucket."""

import base64
import errno
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import paramiko

USER, PASSWORD = "clerk", "s3cr3t-word"


@dataclass
class Server:
    """A server with a folder; `put` places a file, `source` is its address, `settings` what stands beside it.

    `before` is called before each file is opened (SFTP only) and may raise OSError or cut the connection.
    """

    source: str
    settings: dict[str, Any]
    put: Callable[[str, bytes], None]
    remove: Callable[[str], None]
    opened: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda _name: None


def _folder(root: Path) -> tuple[Callable[[str, bytes], None], Callable[[str], None]]:
    def put(name: str, content: bytes) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)

    return put, lambda name: (root / name).unlink()


class _Door(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        known = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def get_allowed_auths(self, username: str) -> str:
        return "password"


class _Files(paramiko.SFTPServerInterface):
    root: Path
    server: Server

    def _real(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        try:
            listing = []
            for entry in sorted(os.scandir(self._real(path)), key=lambda file: file.name):
                attributes = paramiko.SFTPAttributes.from_stat(entry.stat(follow_symlinks=False))
                attributes.filename = entry.name
                listing.append(attributes)
        except OSError as failed:
            return paramiko.SFTPServer.convert_errno(failed.errno or errno.EIO)
        return listing

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        try:
            return paramiko.SFTPAttributes.from_stat(self._real(path).stat())
        except OSError as failed:
            return paramiko.SFTPServer.convert_errno(failed.errno or errno.EIO)

    lstat = stat

    def open(self, path: str, flags: int, attr: object) -> paramiko.SFTPHandle | int:
        self.server.opened.append(path.lstrip("/"))
        try:
            self.server.before(path.lstrip("/"))
            handle = paramiko.SFTPHandle(flags)
            handle.readfile = self._real(path).open("rb")
        except OSError as failed:
            return paramiko.SFTPServer.convert_errno(failed.errno or errno.EIO)
        return handle


@contextmanager
def sftp(root: Path) -> Iterator[Server]:
    """An SFTP server of paramiko's, whose key is given as fingerprint."""
    root.mkdir(parents=True, exist_ok=True)
    key = paramiko.ECDSAKey.generate()
    listening = socket.create_server(("127.0.0.1", 0))
    fingerprint = "SHA256:" + base64.b64encode(sha256(key.asbytes()).digest()).decode().rstrip("=")
    address = f"sftp://{USER}@127.0.0.1:{listening.getsockname()[1]}/"
    server = Server(address, {"source_password": PASSWORD, "source_host_key": fingerprint}, *_folder(root))
    files = type("Files", (_Files,), {"root": root, "server": server})
    transports: list[paramiko.Transport] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                transport = paramiko.Transport(connection)
                transports.append(transport)
                transport.add_server_key(key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, files)
                with suppress(paramiko.SSHException, EOFError):
                    transport.start_server(server=_Door())

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    server.cut = lambda: [transport.close() for transport in transports]  # type: ignore[attr-defined]
    try:
        yield server
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for transport in transports:
            transport.close()
        thread.join(5)


@contextmanager
def s3(set_variable: Callable[[str, str], None]) -> Iterator[Server]:
    """A bucket of moto's S3 server; its address goes by the environment, as an office's own store does."""
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    httpx.post(f"http://{host}:{port}/moto-api/reset")  # what it holds is the process's, not the server's
    set_variable("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    set_variable("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client("s3", aws_access_key_id=USER, aws_secret_access_key=PASSWORD)
    client.create_bucket(Bucket="filing")
    login = {"source_username": USER, "source_password": PASSWORD}
    try:
        yield Server(
            "s3://filing/inbox",
            login,
            lambda name, content: client.put_object(Bucket="filing", Key=f"inbox/{name}", Body=content) and None,
            lambda name: client.delete_object(Bucket="filing", Key=f"inbox/{name}") and None,
        )
    finally:
        running.stop()


@contextmanager
def webdav(root: Path) -> Iterator[Server]:
    """A WebDAV server of WsgiDAV's behind cheroot."""
    from cheroot import wsgi
    from wsgidav.wsgidav_app import WsgiDAVApp

    (root / "申报").mkdir(parents=True, exist_ok=True)
    application = WsgiDAVApp(
        {
            "provider_mapping": {"/": str(root)},
            "simple_dc": {"user_mapping": {"*": {USER: {"password": PASSWORD}}}},
            "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
            "verbose": 0,
            "logging": {"enable": False},
        }
    )
    running = wsgi.Server(("127.0.0.1", 0), application)
    running.prepare()
    thread = threading.Thread(target=running.serve, daemon=True)
    thread.start()
    address = f"webdav://{USER}:{PASSWORD}@127.0.0.1:{running.bind_addr[1]}/%E7%94%B3%E6%8A%A5"
    try:
        yield Server(address, {}, *_folder(root / "申报"))
    finally:
        running.stop()
        thread.join(5)
