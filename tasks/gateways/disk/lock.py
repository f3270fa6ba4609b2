"""One process at a time: the lock on an open file, which the system gives back when its holder dies."""

import fcntl
import time
from typing import IO, Any


def take(handle: IO[Any], patience_seconds: float = 0.0, ask_seconds: float = 0.02) -> bool:
    """Lock an open file, waiting at most so long for another holder; False if the other still has it."""
    until = time.monotonic() + patience_seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(ask_seconds)
        else:
            return True
