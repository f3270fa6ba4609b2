"""Files handed to `sandbox_process`, a process of limited memory and time, and its replies."""

import os
import subprocess
import sys
from contextlib import suppress
from types import TracebackType
from typing import Final, Literal, Self

from tasks.gateways.sources.formats import sandbox_process
from tasks.gateways.sources.formats.sandbox_process import LENGTH_BYTES

#: What that process may know of ours: no password of the database or the mail server is among it.
_PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "SYSTEMROOT")


class EndedError(Exception):
    """The process ended before it answered: the file asked too much of it."""


class Sandbox:
    """One process for one file after another; another is started where a file ended it."""

    def __init__(self, reader: Literal["sheets", "columns"]) -> None:
        self._reader = reader
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def ask(self, data: bytes) -> bytes:
        """The reader's reply to the bytes of a file; raises EndedError."""
        try:
            return self._asked(data)
        except (OSError, EndedError) as broken:
            self._end()
            raise EndedError from broken

    def _asked(self, data: bytes) -> bytes:
        process = self._process = self._process or self._started()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(len(data).to_bytes(LENGTH_BYTES))
        process.stdin.write(data)
        process.stdin.flush()
        length = process.stdout.read(LENGTH_BYTES)
        reply = process.stdout.read(int.from_bytes(length))
        if len(length) < LENGTH_BYTES or len(reply) < int.from_bytes(length):
            raise EndedError
        return reply

    def _started(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603  our own interpreter and our own script
            [sys.executable, "-I", sandbox_process.__file__, self._reader],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # writing a backtrace takes longer than all the reading
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {"RUST_BACKTRACE": "0"},
        )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        # what was still to be written to a process that ended is lost, and is meant to be
        with suppress(BrokenPipeError), process:
            pass
