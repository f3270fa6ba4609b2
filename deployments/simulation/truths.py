"""What must be true of an installation after every cycle, each as a question to its database and files."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from sqlalchemy import Connection

from expectations.rulebook import rules
from schemas import office
from schemas.item import FINAL
from schemas.law.rulings import OBJECTION
from schemas.policy import in_force
from schemas.reference_data import reference
from schemas.settings import settings
from tasks.gateways.disk.files import file_sha256
from tasks.gateways.shelf import chain
from tasks.gateways.shelf import editions as shelf
from tasks.gateways.shelf.manifest import MANIFEST
from tasks.publication import content_of, past_of
from tasks.store import (
    applications,
    code_changes,
    cycles,
    decisions,
    editions,
    findings,
    history,
    institutions,
    items,
    outbox,
    overview,
    register,
    replay,
    results,
    suspensions,
    takeover,
    unfinished,
)
from tasks.store.database import reading
from tasks.store.directory import directory_rows, occupation_names
from tasks.store.outbox import LETTERS

_OCCUPATION = ["uscc", "occupation_code"]
#: Statuses of items that nothing takes back.
_STAY = ("ended", "withdrawn", "lapsed")
_CHINESE = re.compile("[\u4e00-\u9fff]")


def untruths(day: date, rebuilt: set[str] | None = None) -> list[str]:
    """One sentence for everything that is not as it must be on a day; an empty list when all is well.

    `rebuilt` names the editions that were built again before: they are held to their seals alone; new ones join it.
    """
    questions: tuple[Callable[[Connection, date], Iterator[str]], ...] = (
        out_of_scope,
        expired_rows,
        exceeded_caps,
        repeated_rows,
        resumed,
        suspended_still,
        repeated_letters,
        stuck,
        bare_codes,
        unlike_history,
        unexplained_editions,
    )
    with reading() as db:
        sentences = [sentence for ask in questions for sentence in ask(db, day)]
        return [*sentences, *irreproducible_editions(db, set() if rebuilt is None else rebuilt)]


def out_of_scope(db: Connection, day: date) -> Iterator[str]:
    """Nobody is on file for what the city does not file, or without an evaluation that was passed (articles 1, 3(3))."""
    policy, facts = in_force(day), reference()
    present = register.current_entries(db)
    ours = present[present["application_no"].notna()]
    skills = tuple(str(number) for number in policy.occupations.skill_classes)
    coded = ours["occupation_code"].isin(set(facts.occupations["code"])) & ours["occupation_code"].str.startswith(
        skills
    )
    wrong = ours[~coded & ~ours["occupation_code"].isin(facts.later_names(day))]
    yield from (f"{row['uscc']} is on file for {row['occupation_code']}, no skill occupation" for row in _rows(wrong))
    particulars = institutions.current(db)
    away = particulars[~particulars["region_code"].isin(policy.regions.codes)]
    yield from (f"{row['uscc']} is on file in {row['region_code']}, no region of the city" for row in _rows(away))
    passed = results.passed(db)
    # a panel judged it under the code of its time
    passed = passed.assign(
        occupation_code=code_changes.follow_occupations(db, passed["occupation_code"])
    ).drop_duplicates()
    both = ours.merge(passed, on=items.KEYS, how="left", indicator=True)
    unpassed = both[both["_merge"] == "left_only"]
    yield from (f"{row['uscc']} is on file for {row['occupation_code']} without a pass" for row in _rows(unpassed))
    for number in sorted(findings.hard(db) & set(ours["application_no"])):
        yield f"application {number} is on file in spite of a hard finding"


def expired_rows(db: Connection, day: date) -> Iterator[str]:
    """No edition lists what was over on its day."""
    for edition in editions.published(db):
        rows = editions.rows_of(db, edition["edition"])
        over = rows[rows["valid_until"] < edition["as_of"].isoformat()]
        yield from (
            f"edition {edition['edition']} lists {row['uscc']}, over since {row['valid_until']}" for row in _rows(over)
        )


def exceeded_caps(db: Connection, day: date) -> Iterator[str]:
    """Caps are only exceeded with a recorded permit, by what was taken over, renewed late or merged (article 1(3))."""
    cap, held = in_force(day).cap, register.on_file(db, day)
    lasting = takeover.taken_over(db) | register.renewed_late(db)
    permitted = {rule: decisions.permits(db, rule) for rule in ("CAP-1", "CAP-2")}
    counted = held[held["institution_type"].isin(cap.saturation_counts)].drop_duplicates(_OCCUPATION)
    for code, holders in counted.groupby("occupation_code", sort=True):
        plain = {uscc for uscc in holders["uscc"] if not permitted["CAP-2"] & {(uscc, str(code)), (uscc, "")}}
        if len(plain) > cap.saturation and not all((uscc, str(code)) in lasting for uscc in plain):
            yield f"{code} is held by {len(plain)} institutions without a permit, {cap.saturation} are allowed"
    capped = held[held["institution_type"].isin(cap.capped)].drop_duplicates(_OCCUPATION)
    for uscc, holdings in capped[~capped["uscc"].isin(code_changes.merged_into(db))].groupby("uscc", sort=True):
        free = holdings[[(uscc, code) not in lasting for code in holdings["occupation_code"]]]
        if len(holdings) > cap.occupations and len(free) and not any(one == uscc for one, _ in permitted["CAP-1"]):
            yield f"{uscc} holds {len(holdings)} occupations without a permit, {cap.occupations} are allowed"


def repeated_rows(db: Connection, day: date) -> Iterator[str]:
    """An item is on file once, whichever numbers filed it and whoever it came from."""
    held = register.on_file(db, day)
    for row in _rows(held[held.duplicated(register.KEYS)]):
        yield f"{row['uscc']} is on file twice for {row['occupation_code']}, level {row['level']}"


def resumed(db: Connection, day: date) -> Iterator[str]:
    """What was ended, taken back or has lapsed stays so, in an application and on the register."""
    moved = history.all_entries(db)
    moves = moved[(moved["kind"] == "item") & moved["was"].isin(_STAY) & (moved["became"] != "lapsed")]
    yield from (f"an item of {row['subject']} was {row['was']} and became {row['became']}" for row in _rows(moves))
    present = register.current_entries(db)
    ended = present[present["ended_by"].notna() & (present["valid_until"] >= day.isoformat())]
    yield from (f"{row['uscc']} was {row['ended_by']} and is on file" for row in _rows(ended))


def suspended_still(db: Connection, day: date) -> Iterator[str]:
    """Nobody is suspended after a reinstatement, nor counted as suspended once the term is over."""
    moved = history.all_entries(db)
    last = (
        moved[moved["kind"] == "qualification"]
        .rename(columns={"subject": "uscc"})
        .drop_duplicates(register.KEYS, keep="last")
    )
    all_suspensions = suspensions.every(db)
    open_still = all_suspensions[all_suspensions["ends_on"].isna()].merge(last, on=register.KEYS)
    back = open_still[(open_still["was"] == "suspended") & (open_still["became"] == "filed")]
    yield from (f"{row['uscc']} was reinstated in {row['occupation_code']} and is suspended" for row in _rows(back))
    standing = register.standings(db, day)
    over = standing[(standing["standing"] == "suspended") & (standing["valid_until"] < day.isoformat())]
    yield from (f"{row['uscc']} is suspended in what is over" for row in _rows(over))


def repeated_letters(db: Connection, day: date) -> Iterator[str]:
    """Each letter was written once, and stands in the outbox once."""
    letters = outbox.written(db, LETTERS)
    texts = pd.Series(
        [f"{letter['kind']} {letter['subject']} {sorted(letter['content'].items())}" for letter in letters], dtype="str"
    )
    yield from (f"written twice: {text[:80]}" for text in sorted(set(texts[texts.duplicated()])))
    yield from (
        f"letter {letter['occasion']} was not delivered" for letter in letters if letter["delivered_at"] is None
    )
    folder = settings().outbox / "letters"
    files = sum(1 for path in folder.rglob("*.docx"))
    if files != len(letters):
        yield f"{len(letters)} letters were written and {files} stand in the outbox"


def stuck(db: Connection, day: date) -> Iterator[str]:
    """Every item and application is final, or named with its age and who must act; nothing of a closed cycle is open."""
    for cycle in overview.cycles(db):
        open_items = unfinished.open_of(db, [cycle], day)
        yield from (f"{row.application_no} is {row.status} and nobody must act" for row in open_items if not row.who)
        every = applications.of_cycle(db, cycle)
        still = items.of_cycle(db, cycle)
        still = still[~still["status"].isin(list(FINAL))]
        waiting = set(still["application_no"]) | set(every.loc[every["status"] != "closed", "application_no"])
        named = {row.application_no for row in open_items}
        yield from (f"{number} waits and is not named" for number in sorted(waiting - named))
        if cycles.closing(db, cycle):
            yield from (f"{number} is open in {cycle}, which is closed" for number in sorted(waiting))


def bare_codes(db: Connection, day: date) -> Iterator[str]:
    """What a letter gives as a reason is Chinese words, with no rule's code among them."""
    codes = re.compile("|".join(map(re.escape, [*rules(), OBJECTION])))
    for letter in outbox.written(db, LETTERS):
        for reason in _reasons(letter["content"]):
            if codes.search(reason) or not _CHINESE.search(reason):
                yield f"letter {letter['occasion']} gives a code for a reason: {reason}"


def _reasons(content: object) -> Iterator[str]:
    """Everything a letter's text gives as a reason, in whatever line."""
    if isinstance(content, list):
        for part in content:
            yield from _reasons(part)
    if isinstance(content, dict):
        for name, value in content.items():
            if name in ("reason", "problem", "ground", "state") and value:
                yield str(value)
            yield from _reasons(value)


def unlike_history(db: Connection, day: date) -> Iterator[str]:
    """The register is what the history tells, and the history is whole."""
    yield from history.broken_links(db)
    yield from replay.differences(db, day)


def unexplained_editions(db: Connection, day: date) -> Iterator[str]:
    """Every edition is what the history had recorded by then."""
    days = {edition["edition"]: edition["as_of"] for edition in editions.published(db)}
    names = occupation_names(db)
    for name, retelling in replay.editions_replayed(db):
        if name in days:
            standing = retelling.standings(days[name])
            rows = directory_rows(standing[standing["standing"] == "filed"], names)
            if not rows.equals(editions.rows_of(db, name)):
                yield f"edition {name} is not what the history tells of its day"


def irreproducible_editions(db: Connection, rebuilt: set[str]) -> Iterator[str]:
    """The files of every edition follow from the database, byte for byte, and stand on the shelf as they were sealed."""
    digests = {edition["edition"]: edition["manifest_sha256"] for edition in editions.published(db)}
    yield from chain.verify_chain(settings().published, digests)
    with TemporaryDirectory(prefix="filing-rebuilt-") as aside:
        for name in sorted(digests.keys() - rebuilt):
            content, _ = content_of(db, name, office.read(settings().root))
            whole = replace(content, past=past_of(db, content, settings().published))
            built = shelf.build(Path(aside), whole)
            if file_sha256(built / MANIFEST) != digests[name]:
                yield f"edition {name} built again from the database is another one"
            rebuilt.add(name)


def _rows(frame: pd.DataFrame) -> list[dict[str, str]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
