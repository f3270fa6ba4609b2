"""The gate's own pages: signing in and out, the wait after wrong passwords, a password set by a one-time link."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from deployments.gate import access_log, pages
from deployments.gate.accounts import COOKIE, LIVES_SECONDS, AccountError, Accounts, LinkError, Sessions
from deployments.gate.orders import Refused, path_of, read_body
from deployments.gate.people import Person

_FREE = 3
_LONGEST_SECONDS = 60.0
_FORGOTTEN_SECONDS = 3600.0
_REMEMBERED = 10_000


@dataclass
class _Failures:
    count: int = 0
    last: float = 0.0

    def wait(self, now: float) -> float:
        if self.count < _FREE or now - self.last > _FORGOTTEN_SECONDS:
            return 0.0
        return max(0.0, self.last + min(2.0 ** (self.count - _FREE + 1), _LONGEST_SECONDS) - now)


class Attempts:
    """The failures of this process's time, by key; a key is a name or an address."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def wait(self, keys: Iterable[str]) -> float:
        """Seconds until the next attempt is listened to."""
        now = self._clock()
        return max((self._failures[key].wait(now) for key in keys if key in self._failures), default=0.0)

    def failed(self, keys: Iterable[str]) -> None:
        """One more wrong password."""
        now = self._clock()
        for key in keys:
            failures = self._failures.setdefault(key, _Failures())
            failures.count = failures.count + 1 if now - failures.last <= _FORGOTTEN_SECONDS else 1
            failures.last = now
            self._failures.move_to_end(key)
        while len(self._failures) > _REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """A right password: what failed under this name is forgotten, and this attempt of the address is no failure."""
        self._failures.pop(name, None)
        if failures := self._failures.get(address):
            failures.count -= 1


_FORM = "application/x-www-form-urlencoded"
_FORM_BYTES = 8_192


class SigningIn:
    """The pages under `/gate/` of one home."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._accounts = Accounts(home)
        self._sessions = Sessions(home, self._accounts)
        self._attempts = Attempts()

    def person_of(self, cookie: str) -> Person | None:
        """Whose session a cookie is."""
        return self._sessions.person_of(cookie)

    async def answer(self, request: Request) -> Response:
        """Answer a request for one of the gate's own pages; raises Refused."""
        if request.method in ("GET", "HEAD"):
            return pages.shown(request, self._accounts)
        if request.headers.get("content-type", "").partition(";")[0] != _FORM:
            raise Refused(415, "a form of this server is wanted")
        form = pages.read_form(await read_body(request, _FORM_BYTES))
        if path_of(request) == pages.SIGN_OUT:
            return self._sign_out(request)
        if path_of(request) == pages.SIGN_IN:
            return await self._sign_in(request, form)
        if path_of(request) == pages.FIRST:
            return await self._accept(request, form)
        raise Refused(404, "there is no such page")

    async def _sign_in(self, request: Request, form: dict[str, str]) -> Response:
        name, address = form.get("name", ""), request.client.host if request.client else ""
        keys = (f"name {name[:40]}", f"address {address}")
        if (wait := self._attempts.wait(keys)) > 0:
            access_log.note(self._home, name[:40], "sign-in too soon", address=address)
            message = f"密码多次不对：请等 {math.ceil(wait)} 秒再试"
            return pages.sign_in(form.get("next", ""), message, 429, {"Retry-After": str(math.ceil(wait))})
        self._attempts.failed(keys)  # counted first: of many at once only some are listened to
        person = await to_thread.run_sync(self._accounts.verify, name, form.get("password", ""))
        if person is None:
            access_log.note(self._home, name[:40], "sign-in refused", address=address)
            return pages.sign_in(form.get("next", ""), "姓名或密码不对", 401)
        self._attempts.succeeded(*keys)
        return self._begin(request, person, pages.safe_next(form.get("next", "")))

    async def _accept(self, request: Request, form: dict[str, str]) -> Response:
        token = form.get("token", "")
        if form.get("password") != form.get("again"):
            return pages.first(self._accounts, token, "两次输入的密码不同", 400)
        try:
            person = await to_thread.run_sync(
                self._accounts.accept, token, form.get("name", ""), form.get("password", "")
            )
        except AccountError as wrong:
            return pages.first(self._accounts, token, str(wrong), 400)
        except LinkError as over:
            raise Refused(410, str(over)) from None
        return self._begin(request, person, pages.safe_next(""))

    def _begin(self, request: Request, person: Person, following: str) -> Response:
        address = request.client.host if request.client else ""
        access_log.note(self._home, person.name, "signed in", role=person.role.word, address=address)
        answer = RedirectResponse(following, 303, headers=pages.HEADERS)
        answer.set_cookie(
            COOKIE,
            self._sessions.begin(person),
            max_age=LIVES_SECONDS,
            httponly=True,
            samesite="strict",
            secure=request.scope.get("scheme") == "https",
        )
        return answer

    def _sign_out(self, request: Request) -> Response:
        if person := self._sessions.person_of(request.cookies.get(COOKIE, "")):
            self._accounts.end_sessions(person.name)
            access_log.note(self._home, person.name, "signed out")
        answer = RedirectResponse(pages.SIGN_IN, 303)
        answer.delete_cookie(COOKIE)
        return answer
