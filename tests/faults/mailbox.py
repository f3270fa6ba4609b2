"""A mail server in a process of its own that keeps what it took as files, so that a killed sender takes nothing away."""

import asyncio
import os
import signal
import socket
from collections import Counter
from email import message_from_bytes
from email.policy import default
from hashlib import sha256
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"


class Keeper:
    """Writes each message into a folder, whole, before it says that it took it; after a pause of `slow` seconds."""

    def __init__(self, folder: Path, slow: float = 0.0) -> None:
        self.folder, self.slow, self.number = folder, slow, 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        await asyncio.sleep(self.slow)
        self.number += 1
        aside = self.folder / f".{self.number}"
        aside.write_bytes(envelope.content)
        aside.rename(self.folder / f"{self.number:06d}.eml")
        return "250 taken"


def serve(folder: Path, slow: float = 0.0) -> tuple[int, int]:
    """Fork a server for the folder; its process and its port."""
    listening = socket.create_server((HOST, 0), backlog=200)
    if pid := os.fork():
        port = int(listening.getsockname()[1])
        listening.close()
        return pid, port
    from aiosmtpd.smtp import SMTP

    async def run() -> None:
        keeper = Keeper(folder, slow)
        server = await asyncio.get_running_loop().create_server(lambda: SMTP(keeper), sock=listening)
        await server.serve_forever()

    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    asyncio.run(run())
    os._exit(0)


def delivered(folder: Path) -> Counter[str]:
    """What was taken: the digest of each mail but for its date, with how often it came."""
    return Counter(_digest(path.read_bytes()) for path in sorted(folder.glob("*.eml")))


def _digest(content: bytes) -> str:
    message = message_from_bytes(content, policy=default)
    parts = [message["Message-ID"], message["To"], message["Subject"]]
    bodies = [part.get_content() for part in message.walk() if not part.is_multipart()]
    text = "\0".join([*parts, *(repr(body) for body in bodies)])
    return f"{message['Message-ID']} {sha256(text.encode()).hexdigest()}"
