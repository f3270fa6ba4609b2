"""How long a server asks to be left alone; whether to wait so long is the caller's to say."""

import email.utils
from datetime import UTC, datetime

import httpx


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
