"""What the header of an HTTP answer says: how its body is packed, and when to ask again."""

import email.utils
from datetime import UTC, datetime

import httpx


def codings(response: httpx.Response) -> list[str]:
    """The codings an answer was put through, one after another (RFC 9110, 8.4).

    httpx undoes all of them before the first byte can be counted: each layer of gzip makes a thousand bytes of one.
    """
    names = (name.strip().lower() for name in response.headers.get_list("Content-Encoding", split_commas=True))
    return [name for name in names if name not in ("", "identity")]


def retry_after(response: httpx.Response) -> float | None:
    """Seconds the header asks to wait (RFC 9110, 10.2.3), None without one that can be read."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # a time zone may have any number of digits
        return None
    seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds)
