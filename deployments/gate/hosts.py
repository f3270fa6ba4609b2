"""Under which names the server is called, and from which pages: a foreign page's requests name another of both."""

import socket
from urllib.parse import urlsplit

import psutil

from deployments.prefect_environment import called, is_loopback

_ANY = ("0.0.0.0", "::")  # noqa: S104  compared, not bound


def allowed(host: str, stated: str) -> frozenset[str]:
    """Names and addresses the server answers to, served on `host`; `stated`: further names, divided by commas."""
    names = {"127.0.0.1", "localhost", "::1"}
    if host in _ANY:
        names.update(others())
    elif host:
        names.add(called(host).strip("[]").lower())
    return frozenset(names | {name.strip().lower() for name in stated.split(",") if name.strip()})


def others() -> list[str]:
    """This machine's addresses that others can reach, in order."""
    numbers = {
        entry.address for card in psutil.net_if_addrs().values() for entry in card if entry.family is socket.AF_INET
    }
    return sorted(number for number in numbers if not is_loopback(number))


def name_of(host: str) -> str:
    """The name or address in a Host header, without the port; blank where it holds something else."""
    try:
        split = urlsplit(f"//{host}")
    except ValueError:
        return ""
    return "" if split.username or split.path or split.query or split.fragment else (split.hostname or "")


def is_own(origin: str, host: str) -> bool:
    """Whether an Origin header names the page's server itself: the scheme may be a proxy's."""
    try:
        split = urlsplit(origin)
    except ValueError:
        return False
    return split.scheme in ("http", "https") and split.netloc.lower() == host.lower()
