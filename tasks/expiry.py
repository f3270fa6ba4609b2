"""Expiry (到期): what has lapsed by a day, and reminders before it does; renewing belongs to the decision."""

from collections.abc import Mapping
from datetime import date

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from schemas.law.cycle import CycleId
from schemas.letter import ExpiryReminderText, item_lines
from schemas.policy import Policy, in_force
from schemas.run import Run
from schemas.run_summary import Counts
from tasks.letters.contents import addressee
from tasks.store import letters, recodings, register
from tasks.store.lapsing import lapse
from tasks.store.leases import writing
from tasks.store.occupation_names import occupation_names
from tasks.store.outbox import Entry


@task(task_run_name="expiry-{run.day}", cache_policy=NO_CACHE)
def sweep_expiry(run: Run) -> Counts:
    """Lapse everything that is over on the day and not lapsed yet; remind everybody due and not reminded yet."""
    with writing(run) as db:
        lapsed = lapse(db, run)
        on_file, names = register.on_file(db, run.day), occupation_names(db)
        due = reminders(on_file, in_force(run.day), run.day, names, recodings.first(db))
        reminded = letters.write(db, due, run)
    counts = {"lapsed": lapsed, "reminders": reminded}
    return Counts(done={name: count for name, count in counts.items() if count})


def reminders(
    on_file: pd.DataFrame,
    policy: Policy,
    day: date,
    names: Mapping[str, str],
    first_codes: Mapping[str, str] | None = None,
) -> list[Entry]:
    """One reminder an institution and term: the nearest of `reminder_days` that has been reached (article 3(4)).

    When several were missed only the nearest is written: its occasion names the term and the number of days.
    `names`: occupation code to name; `first_codes`: present credit codes to the first one the institution had, for a
    new code makes no new occasion.
    """
    known_as = first_codes or {}
    due = []
    for (uscc, end), own in on_file.groupby(["uscc", "valid_until"], sort=True):
        days_left = (date.fromisoformat(str(end)) - day).days
        reached = [days for days in policy.validity.reminder_days if days_left <= days]
        if reached:
            occasion = f"expiry_reminder:{known_as.get(str(uscc), uscc)}:{end}:{min(reached)}"
            due.append(_reminder(occasion, date.fromisoformat(str(end)), own, policy, day, names))
    return due


def _reminder(
    occasion: str, end: date, own: pd.DataFrame, policy: Policy, day: date, names: Mapping[str, str]
) -> Entry:
    last_cycle: CycleId = policy.last_cycle_on(end)
    deadline = policy.deadline(last_cycle)
    head = own.iloc[0].to_dict()
    text = ExpiryReminderText(
        **addressee(head, policy, day),
        items=item_lines(
            [
                (code, names.get(code, code), level)
                for code, level in zip(own["occupation_code"], own["level"], strict=True)
            ],
            policy,
        ),
        valid_until=end,
        days_left=(end - day).days,
        renewal_cycle=last_cycle if deadline >= day else "",
        renewal_deadline=deadline if deadline >= day else None,
    )
    return Entry(occasion, "expiry_reminder", str(head["uscc"]), text.model_dump(mode="json"))
