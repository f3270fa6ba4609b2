"""Results that came back: which of them may be taken, by their tokens or on a person's word."""

import pandas as pd

from schemas.settings import Settings
from schemas.submission import RESULTS
from tasks.desk import own_doors
from tasks.gateways.evaluators.dispatch_tokens import SigningKeyError
from tasks.gateways.sources import QuarantinedFile, nothing, results_of, vouched
from tasks.store import dispatches, results
from tasks.store.database import reading


def may_be_taken(
    pulls: own_doors.Pulls, installation: Settings, *, on_a_word: bool
) -> tuple[pd.DataFrame, list[QuarantinedFile], dict[str, str]]:
    """Results that may be taken; `row` counts within the application. Also what may not, and why none can be judged.

    Those at the panels' own door need a token where the installation demands it, others stand on a person's word, and
    with `on_a_word` all do: that of whoever runs it. With a key that cannot be used none may be taken, none is refused,
    and the last part says so.
    """
    required = installation.result_tokens == "required" and not on_a_word
    taken, refused = [], []
    try:
        with reading() as db:
            for pull, demanded in [
                *((pull, required) for pull in pulls.panels),
                *((pull, False) for pull in pulls.desks),
            ]:
                rows = results_of(pull)
                if rows.empty:
                    continue
                sent = dispatches.revisions(db, rows["application_no"])
                late = results.come_too_late(db, rows) if demanded else None
                rows, unvouched = vouched(rows, sent, installation, required=demanded, late=late)
                taken.append(rows)
                refused += unvouched
    except SigningKeyError as damaged:
        return results_of(nothing()), [], {RESULTS.name: str(damaged)}
    rows = pd.concat([results_of(nothing()), *taken], ignore_index=True)
    return rows.assign(row=rows.groupby("application_no").cumcount() + 1), refused, {}
