"""Nobody's identity number on the console: what commands print goes through here."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from schemas.finding import hidden


class _Discreet:
    """A stream that masks identity numbers in whatever is written to it; everything else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(hidden(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def discreet_console() -> Iterator[None]:
    """Mask what is printed inside, on standard output and on standard error."""
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Discreet(out), _Discreet(err)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err
