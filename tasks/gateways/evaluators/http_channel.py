"""Packages posted to an evaluation system over HTTP.

One POST of `multipart/form-data`, a part for each file, with the header `Idempotency-Key` (IETF draft
idempotency-key-header). The receiving system must treat requests with the same key as one: that alone makes sending
again after a lost answer safe.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import httpx

from schemas.evaluation import EvaluationPackage
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.wire.retry import Attempts, DeliveryFailed, codings, retry_after

_LONGEST_ANSWER = 65536  # bytes
_TYPES = {"json": "application/json", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_CONFLICT, _TOO_MANY, _TIMEOUT, _TOO_EARLY = 409, 429, 408, 425
_RETRIED = {_CONFLICT, _TOO_MANY, _TIMEOUT, _TOO_EARLY}


@dataclass(frozen=True)
class HttpSettings:
    """One evaluation system; times are in seconds, `attempts` counts the first one too."""

    url: str
    token: str = field(default="", repr=False)
    timeout_seconds: float = 20.0
    attempts: int = 4
    first_pause_seconds: float = 1.0
    longest_pause_seconds: float = 60.0


@dataclass(frozen=True)
class HttpChannel:
    """Posts packages; `sleep` waits so many seconds."""

    settings: HttpSettings
    sleep: Callable[[float], None] = time.sleep

    def settle(self) -> None:
        """Nothing to do: the system keeps what it has accepted."""

    def deliver(self, package: EvaluationPackage, files: Mapping[str, bytes], idempotency_key: str) -> str:
        """Post the files until the system has taken them; every attempt is the same request to the byte.

        Tried again after 408, 409, 425, 429, 5xx, a refused connection and a lost answer. Asked by Retry-After to wait
        longer than a process is held, the outbox tries again later. Any other answer but 2xx is final.
        """
        attempts = Attempts(
            self.settings.attempts,
            self.settings.first_pause_seconds,
            self.settings.longest_pause_seconds,
            self.sleep,
        )
        with httpx.Client(timeout=self.settings.timeout_seconds, follow_redirects=False) as client:
            request = self._request(client, package, files, idempotency_key)
            return attempts.of(lambda: _post(client, request))

    def _request(
        self, client: httpx.Client, package: EvaluationPackage, files: Mapping[str, bytes], idempotency_key: str
    ) -> httpx.Request:
        identity = sha256(idempotency_key.encode()).hexdigest()[:32]
        headers = {
            "Accept-Encoding": "identity",
            # headers are ASCII, so a key that is not is sent as its digest
            "Idempotency-Key": idempotency_key if _is_token(idempotency_key) else identity,
            "Content-Type": f"multipart/form-data; boundary=part-{identity}",
        }
        if self.settings.token:
            headers["Authorization"] = f"Bearer {self.settings.token}"
        parts = [
            ("files", (name, content, _TYPES.get(name.rpartition(".")[2], "application/octet-stream")))
            for name, content in sorted(files.items())
        ]
        named = {"application_no": package.application_no, "cycle": package.cycle, "revision": str(package.revision)}
        try:
            return client.build_request("POST", self.settings.url, headers=headers, data=named, files=parts)
        except (httpx.InvalidURL, UnicodeError) as wrong:
            raise DeliveryFailed(f"the evaluation system's settings are wrong: {wrong}", retryable=False) from wrong


def _is_token(key: str) -> bool:
    return key.isascii() and key.isprintable() and key.strip() == key != ""


def _post(client: httpx.Client, request: httpx.Request) -> str:
    try:
        response = client.send(request, stream=True)
        try:
            answer = _beginning(response)
        finally:
            response.close()
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as wrong:
        raise DeliveryFailed(f"{_where(request)} cannot be posted to: {wrong}", retryable=False) from wrong
    except httpx.HTTPError as lost:
        problem = str(lost) or type(lost).__name__
        raise DeliveryFailed(f"{_where(request)} did not answer: {problem}", retryable=True) from lost
    if response.is_success:
        return f"http:{response.status_code}:{_receipt(response, answer)}"
    code = response.status_code
    retryable = code in _RETRIED or response.is_server_error
    reason = f"{_where(request)} answered {code}: {visible(answer.decode('utf-8', 'replace'))[:200]}"
    raise DeliveryFailed(reason, retryable=retryable, retry_after_seconds=retry_after(response) if retryable else None)


def _where(request: httpx.Request) -> str:
    # an address may carry a password
    return f"the evaluation system at {request.url.host}"


def _beginning(response: httpx.Response) -> bytes:
    if len(codings(response)) > 1:
        return b""  # its status says all that counts; unpacked it may be larger than memory
    read = b""
    for chunk in response.iter_bytes():
        read += chunk
        if len(read) >= _LONGEST_ANSWER:
            break
    return read[:_LONGEST_ANSWER]


def _receipt(response: httpx.Response, answer: bytes) -> str:
    text = response.headers.get("Location") or answer.decode("utf-8", "replace")
    return visible(text)[:200]
