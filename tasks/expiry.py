"""Expiry (到期): what has lapsed by a day, and reminders before it does."""

from datetime import timedelta

from schemas.policy import in_force
from schemas.rows import records
from schemas.run import Counts, Run
from tasks.letters.contents import grouped
from tasks.letters.delivery import deliver_letters
from tasks.letters.holders import Reminding, expiry_reminders
from tasks.runs.step import step
from tasks.store import institutions, items, letters, register
from tasks.store.adjustments import lapse
from tasks.store.directory import occupation_names
from tasks.store.leases import writing


def expiry(run: Run) -> Counts:
    """Let terms that are over lapse, and remind those whose term ends soon (Notice, article 3(4))."""
    return Counts.sum([sweep_expiry(run), deliver_letters(run)])


@step("lapse-{run.day}")
def let_lapse(run: Run) -> Counts:
    """Lapse everything that is over on the day, also while the rest of a cycle waits: nothing is written to anybody."""
    with writing(run) as db:
        lapsed = lapse(db, run)
    return Counts.of(lapsed=lapsed)


@step("expiry-{run.day}")
def sweep_expiry(run: Run) -> Counts:
    """Lapse everything that is over on the day and not lapsed yet; remind everybody due and not reminded yet."""
    policy = in_force(run.day)
    with writing(run) as db:
        lapsed = lapse(db, run)
        known = Reminding(
            policy=policy,
            day=run.day,
            names=occupation_names(db),
            renewals=grouped(records(items.renewals_under_way(db)), "uscc"),
            first_codes=institutions.first(db),
            written=letters.occasions(db, "expiry_reminder"),
        )
        ending = register.on_file(db, run.day, until=run.day + timedelta(max(policy.validity.reminder_days)))
        reminded = letters.write(db, expiry_reminders(ending, known), run)
    return Counts.of(lapsed=lapsed, reminders=reminded)
