"""One page asked of an HTTP API until it is there, within bounds."""

import logging
from dataclasses import dataclass
from typing import Final

import httpx

from tasks.gateways.sources.far.addresses import Address
from tasks.gateways.sources.far.bounds import Allowance, SourceError
from tasks.gateways.wire.answers import codings, retry_after
from tasks.gateways.wire.retry import AttemptFailed

_CREDENTIALS: Final = {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}
_GONE: Final = {httpx.codes.NOT_FOUND, httpx.codes.GONE}
_RETRIED: Final = {httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_EARLY, httpx.codes.TOO_MANY_REQUESTS}


@dataclass(frozen=True)
class Answer:
    """A page: its bytes, its ETag, and the next page's address where a Link header gives one; or `unchanged`."""

    body: bytes = b""
    etag: str = ""
    next: str = ""
    unchanged: bool = False


class Asking:
    """Asks one API, with its credentials, for one page after another."""

    def __init__(self, where: Address, allowance: Allowance) -> None:
        self._where, self._allowance = where, allowance
        # it tells every address with its query, and people put tokens there
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self.client = httpx.Client(
            timeout=allowance.bounds.answer_seconds,
            follow_redirects=False,
            auth=(where.username, where.password) if where.username and not where.token else None,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                **({"Authorization": f"Bearer {where.token}"} if where.token else {}),
            },
        )

    def page(self, address: str, etag: str = "") -> Answer:
        """The page at this address, or that it is unchanged since that ETag.

        Asked again after 408, 425, 429, 5xx and a lost or cut answer, with doubled pauses or as long as Retry-After
        says; raises SourceError for any other answer, and once the attempts or the bounds are used up.
        """
        bounds = self._allowance.bounds
        try:
            return self._allowance.attempts().of(lambda: self._attempt(address, etag))
        except AttemptFailed as lost:
            wait = lost.retry_after_seconds or 0
            if wait > bounds.longest_pause_seconds:
                raise SourceError(f"{self._where.shown} asks to be left alone for {wait:.0f} seconds") from lost
            raise SourceError(f"{self._where.shown} {lost}") from lost

    def _attempt(self, address: str, etag: str) -> Answer:
        self._allowance.check()
        if not etag.isascii():
            etag = ""  # some servers give one that no request may carry
        try:
            with self.client.stream("GET", address, headers={"If-None-Match": etag} if etag else None) as response:
                self._assert_answered(response)
                if etag and response.status_code == httpx.codes.NOT_MODIFIED:
                    return Answer(unchanged=True)
                if len(codings(response)) > 1:
                    raise SourceError(f"{self._where.shown} packs a page more than once: ask its operator")
                bounds = self._allowance.bounds
                body = b"".join(self._allowance.within(response.iter_bytes(), "a page", bounds.page_bytes))
                following = response.links.get("next", {}).get("url", "")
                return Answer(body, response.headers.get("ETag", ""), following)
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, UnicodeError) as wrong:
            raise SourceError(f"{self._where.shown} cannot be asked: {wrong}") from wrong
        except httpx.HTTPError as lost:
            raise AttemptFailed(f"did not answer: {lost or type(lost).__name__}", retryable=True) from lost

    def _assert_answered(self, response: httpx.Response) -> None:
        code = response.status_code
        if response.is_success or code == httpx.codes.NOT_MODIFIED:
            return
        if code in _RETRIED or response.is_server_error:
            raise AttemptFailed(f"answered {code}", retryable=True, retry_after_seconds=retry_after(response))
        remedies: dict[int, str] = {
            **dict.fromkeys(_CREDENTIALS, "check FILING_SOURCE_TOKEN, or FILING_SOURCE_USERNAME and _PASSWORD"),
            **dict.fromkeys(_GONE, "check the path in FILING_SOURCE"),
        }
        moved = "let FILING_SOURCE name the address it has moved to" if response.is_redirect else "ask its operator"
        raise SourceError(f"{self._where.shown} answered {code}: {remedies.get(code, moved)}")
