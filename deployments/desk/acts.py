"""What every act of the desk needs: its form read, a person of the right role, words that can stay on record, its turn."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar
from urllib.parse import urlencode

from anyio import to_thread
from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from deployments.commands.readiness import read_day, read_words
from deployments.desk.signing import SEEN, DeskError, Tokens, read_form, require
from deployments.gate.people import Person, Role
from schemas.errors import WrongUseError
from schemas.settings import PAGES
from tasks.desk.closing import ClosingDecision
from tasks.runs.run import CycleBusyError
from tasks.runs.today import today

_Result = TypeVar("_Result")
#: So long an act waits for a run or a colleague at the same cycle, and so often it asks.
_PATIENCE_SECONDS, _ASK_SECONDS = 12.0, 0.5


class MissingWordsError(DeskError):
    """A field that must be filled in is not, or holds what cannot stay on record."""

    status = 400


@dataclass(frozen=True)
class Act:
    """A form that was sent: by whom, on which day, with which fields."""

    person: Person
    day: date
    form: FormData

    def text(self, name: str) -> str:
        """A field as it was sent, without spaces around; blank where it was not."""
        return str(self.form.get(name, "")).strip()

    def words(self, name: str, title: str) -> str:
        """A field a person had to fill in; raises MissingWordsError."""
        try:
            return read_words(title, self.text(name), title)
        except WrongUseError as wrong:
            why = "没有填写" if not self.text(name) else "太长，或含有看不见的字符"
            raise MissingWordsError(f"“{title}”{why}：请填写后再提交") from wrong

    def on(self, name: str) -> date | None:
        """A day that may be left out; raises MissingWordsError for what is not one."""
        try:
            return read_day(self.text(name) or None)
        except WrongUseError:
            raise MissingWordsError("日期读不出来：请写成 2026-09-10 的样子") from None

    @property
    def seen(self) -> int | None:
        """The last history entry the page knew; None where the form carries none."""
        mark = self.text(SEEN)
        return int(mark) if mark.isdigit() else None

    @property
    def moment(self) -> str:
        """Now, as decisions are dated."""
        return datetime.now(UTC).isoformat(timespec="microseconds")


async def sent(request: Request, least: Role) -> Act:
    """The form of an act by somebody whose role reaches so far; raises a DeskError."""
    person = require(request, least)
    tokens: Tokens = request.app.state.tokens
    form = await read_form(request, tokens)
    await form.close()  # no act takes a file
    return Act(person, today(), form)


def closing_decision(act: Act) -> ClosingDecision:
    """By whom, why and by which document something is ended."""
    return ClosingDecision(act.person.name, act.words("reason", "理由"), act.text("document_no"))


async def done(work: Callable[[], _Result]) -> _Result:
    """Carry out an act in a thread of its own, in its turn; raises what the act raises."""
    return await to_thread.run_sync(in_turn, work)


def in_turn(work: Callable[[], _Result]) -> _Result:
    """Carry out an act as soon as the cycle is free; raises CycleBusyError where it is not within some seconds."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return work()
        except CycleBusyError:
            if time.monotonic() >= until:
                raise
        time.sleep(_ASK_SECONDS)


def back_to(path: str, word: str, **chosen: str) -> RedirectResponse:
    """The page to see after an act, with its message and what had been chosen on it."""
    query = urlencode({**{name: text for name, text in chosen.items() if text}, "done": word})
    return RedirectResponse(f"{PAGES}{path}?{query}", 303)
