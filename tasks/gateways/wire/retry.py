"""When to try again: at once with pauses, later with the next run, or not at all."""

import email.utils
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential

from schemas.errors import FilingError

_Result = TypeVar("_Result")

#: So many retryable failures in a row are no accident of single packages or letters.
_ENOUGH = 3


class AttemptFailed(FilingError):  # noqa: N818  what failed is not yet an error
    """One attempt failed; `retryable` says whether another may succeed.

    `retry_after_seconds`: how long the other side asks us to wait, None if it does not say.
    """

    def __init__(self, reason: str, *, retryable: bool, retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable
        self.retry_after_seconds = retry_after_seconds


class DeliveryFailed(AttemptFailed):
    """Nothing was delivered as far as we know; if retryable, trying later with the same key may help."""


@dataclass(frozen=True)
class Attempts:
    """How often to try while a process is held: `number` counts the first attempt too; pauses, in seconds, double.

    `sleep` waits so many seconds.
    """

    number: int
    first_pause_seconds: float
    longest_pause_seconds: float
    sleep: Callable[[float], None]

    def of(self, work: Callable[[], _Result]) -> _Result:
        """Repeat the work until it succeeds, pausing as the other side asks; raises the last AttemptFailed if none succeeds.

        Gives up at once if asked to wait longer than the longest pause.
        """
        doubled = wait_exponential(multiplier=self.first_pause_seconds, max=self.longest_pause_seconds)

        def pause(state: RetryCallState) -> float:
            seconds = _failure(state).retry_after_seconds
            return doubled(state) if seconds is None else seconds

        trying = Retrying(
            retry=retry_if_exception(lambda failed: isinstance(failed, AttemptFailed) and failed.retryable),
            wait=pause,
            stop=lambda state: state.attempt_number >= self.number or state.upcoming_sleep > self.longest_pause_seconds,
            sleep=self.sleep,
            reraise=True,
        )
        return trying(work)


def _failure(state: RetryCallState) -> AttemptFailed:
    failed = state.outcome.exception() if state.outcome else None
    assert isinstance(failed, AttemptFailed)
    return failed


class Patience:
    """Counts a channel's failures in a row, so that a dead server costs three time-outs and not three hundred."""

    def __init__(self) -> None:
        self._lost = 0

    def assert_left(self) -> None:
        """Raises DeliveryFailed once enough deliveries in a row have failed."""
        if self._lost >= _ENOUGH:
            raise DeliveryFailed("not tried, for the deliveries before it found nobody there", retryable=True)

    def note(self, failed: DeliveryFailed) -> None:
        """Count a failure, unless trying later would not mend it: such a failure says nothing about the channel."""
        self._lost = self._lost + 1 if failed.retryable else 0

    def renew(self) -> None:
        """Start counting anew after a success."""
        self._lost = 0


def codings(response: httpx.Response) -> list[str]:
    """The content codings applied to an answer, one after another (RFC 9110, 8.4).

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
