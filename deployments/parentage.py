"""Ending with whoever started us: a process whose parent was killed must not live on unseen."""

import os
import signal
import threading
import time

_EVERY_SECONDS = 2.0
_VARIABLE = "FILING_PARENT"


def for_child(environment: dict[str, str]) -> dict[str, str]:
    """The environment of a child that is to end when this process does."""
    return environment | {_VARIABLE: str(os.getpid())}


def end_with_parent() -> None:
    """Send ourselves SIGTERM once the process that started us, and told us to, is gone."""
    parent = os.environ.pop(_VARIABLE, None)
    if parent is not None:
        threading.Thread(target=_watch, args=(int(parent),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_EVERY_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
