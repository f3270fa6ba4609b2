"""What `filing doctor` looks at: versions, home, database, reference facts, history, editions and what waits."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version

from sqlalchemy.exc import DatabaseError, OperationalError

from deployments import integrity, schema, soundness, supervisor
from deployments.gate import secrets_of_home
from deployments.prefect_environment import PRIVATE
from schemas import office
from schemas.policy import all_policies, in_force, shipped
from schemas.policy_parts import ARTICLES
from schemas.reference_data import UnusableReferenceError, manifest, reference, shipped_rows
from schemas.settings import settings
from tasks.gateways import sources
from tasks.gateways.evaluators.dispatch_tokens import KEY_FILE, SigningKeyError, known_key
from tasks.gateways.shelf import keys
from tasks.letters import render
from tasks.runs.today import today
from tasks.store import database, history, letters, overview, results, runs
from tasks.store.database import reading

_PACKAGES = ("prefect", "great-expectations", "pandas", "polars", "sqlalchemy", "fastapi")

#: What `filing doctor` says of these parts where they are well.
_WELL = {
    "register": "as its history tells it",
    "records": "as the history sealed them",
    "rules": "those the runs so far judged by",
    "editions": "chain whole",
}
#: So many keys are named in one sentence.
_NAMED = 5


@dataclass(frozen=True)
class Observation:
    """One thing looked at: what it is, whether it is well, and what to do where it is not."""

    name: str
    is_in_order: bool
    sentence: str


def examine() -> list[Observation]:
    """Look at everything; a part that cannot be looked at says so and stops no other."""
    return [
        observation
        for look in (
            _versions,
            _settings,
            _home,
            _office,
            _numbers,
            _source,
            _results,
            _database,
            _facts,
            _reference,
            _integrity,
            _keys,
            _waiting,
            _custody,
        )
        for observation in _looked(look)
    ]


def _looked(look: Callable[[], Iterator[Observation]]) -> list[Observation]:
    try:
        return list(look())
    except (OSError, DatabaseError, ValueError) as failed:
        return [Observation(look.__name__.strip("_"), False, f"could not be looked at: {_first_line(failed)}")]


def _first_line(failed: Exception) -> str:
    """What an error says, unless part of an address is in it: of a password with an @ in it the driver shows the rest."""
    if isinstance(failed, DatabaseError) and not isinstance(failed, OperationalError):
        return "the database is damaged: keep its file aside and restore the last backup into an empty home (`filing restore`)"
    first = _plain(failed).splitlines()[0]
    return (
        "check FILING_DATABASE_URL: signs like @ : / in a password are written as %40 %3A %2F"
        if "@" in first
        else first
    )


def _plain(failed: Exception) -> str:
    """What an error says, without the name of its class or its number."""
    if isinstance(failed, DatabaseError):
        return str(failed.orig)
    if isinstance(failed, OSError) and failed.strerror:
        return f"{failed.filename}: {failed.strerror}" if failed.filename else failed.strerror
    return str(failed)


def _versions() -> Iterator[Observation]:
    yield Observation("versions", True, ", ".join(f"{name} {version(name)}" for name in _PACKAGES))


def _settings() -> Iterator[Observation]:
    """Variables that are misspelt do nothing."""
    yield from (Observation("settings", False, sentence) for sentence in soundness.unknown_settings())


def _home() -> Iterator[Observation]:
    root = settings().root
    try:
        soundness.assert_writable(root)
        yield Observation("home", True, str(root))
    except soundness.UnsoundError as unsound:
        yield Observation("home", False, str(unsound))
    if root.stat().st_mode & PRIVATE and all(parent.stat().st_mode & PRIVATE for parent in root.parents):
        yield Observation("home", False, f"others can look into {root}: run `chmod -R go= {root}`")


def _office() -> Iterator[Observation]:
    """Who writes, what of it is blank and which letters miss it, and whether its own templates can be used."""
    writer = office.read(settings().root)
    yield Observation("office", True, f"{writer.name}, {writer.authority}")
    policy = in_force(today())
    if policy.name not in {known.name for known in shipped()} and office.is_as_shipped(writer):
        why = f"{office.FILE} has the shipped name or authority, and the policy in force is that of {policy.title}"
        yield Observation("office", False, f"{why}: write there who signs")
    for line in office.blanks(writer, today()):
        yield Observation("office", True, line)
    folder = writer.folder(settings().root)
    if folder is not None:
        wrong = render.faults(folder)
        for sentence in wrong:
            yield Observation("templates", False, sentence)
        if not wrong:
            yield Observation("templates", True, str(folder))


def _numbers() -> Iterator[Observation]:
    """Whether a series of numbers was changed in mid-year: what is numbered anew begins at 1, which may be meant."""
    if schema.revisions()[0] is None:
        return
    with reading() as db:
        used = letters.series_of(db, today().year)
    for sentence in office.changed_series(office.read(settings().root), today(), used):
        yield Observation("numbers", True, sentence)


def _source() -> Iterator[Observation]:
    """Where submissions come from, as it is set; it is not asked."""
    rows, wrong = sources.stated(settings())
    yield Observation("source", not wrong, wrong or rows)


def _results() -> Iterator[Observation]:
    """Whether results are taken only with a token, and whether the key of the tokens is a secret."""
    words = {
        "off": "taken with or without a token (FILING_RESULT_TOKENS=off); a wrong token is refused",
        "required": "taken only with the token of their dispatch (FILING_RESULT_TOKENS=required)",
    }[settings().result_tokens]
    place = settings().root / KEY_FILE
    if place.is_file() and place.stat().st_mode & 0o077:
        yield Observation("results", False, f"others can read {place}: run `chmod 600 {place}`")
        return
    try:
        known_key(settings())
        yield Observation("results", True, words)
    except SigningKeyError as damaged:
        yield Observation("results", False, str(damaged))


def _database() -> Iterator[Observation]:
    present, newest = schema.revisions()
    text = (
        f"schema {present}"
        if present == newest
        else f"schema {present}, this release needs {newest}: run `filing migrate`"
    )
    yield Observation("database", present == newest, text)
    if present is None or settings().database.startswith("sqlite"):
        return
    with reading() as db:
        if database.may_rewrite(db):
            text = "the role that works owns the tables and could rewrite the history: name another in FILING_OWNER_URL"
            yield Observation("database", True, text)


def _facts() -> Iterator[Observation]:
    for file in manifest():
        rows = shipped_rows(file.name)
        text = f"{file.title}, edition {file.edition}, {rows} rows ({file.source})"
        well = rows == file.rows
        yield Observation("facts", well, text if well else f"{text}: {file.rows} rows expected, reinstall the package")
    for policy in all_policies():
        yield Observation("policy", True, f"{policy.title} {policy.document}, in force from {policy.in_force_from}")
    policy = in_force(today())  # the one letters cite
    if policy.document not in {known.document for known in shipped()} and not policy.articles:
        cited = f"letters cite {policy.document} by articles of the shipped notice"
        yield Observation("policy", True, f"{cited}: say in [articles] where it has {', '.join(ARTICLES)}")


def _reference() -> Iterator[Observation]:
    """Whether the lists in the folder FILING_REFERENCE names can be read, and from which day each holds."""
    folder = settings().reference
    try:
        lists = reference()
    except UnusableReferenceError as wrong:
        yield Observation("reference", False, str(wrong))
        return
    if folder is None:
        return
    since = {"dictionaries": lists.editions, "access-type lists": lists.access_lists}
    days = [f"{name} from {', '.join(str(day) for day, _ in dated[1:])}" for name, dated in since.items() if dated[1:]]
    added = len(lists.later) - shipped_rows("new_occupations.csv")
    counted = [f"{added} later occupations", f"{len(lists.changes)} changed codes"]
    yield Observation("reference", True, f"{folder}: {'; '.join([*days, *counted])}")


def _integrity() -> Iterator[Observation]:
    if schema.revisions()[0] is None:
        return
    with reading() as db:
        count, faults = history.count(db), integrity.faults(db, settings(), today())
    for name, sentences in faults.items():
        yield from (Observation(name, False, sentence) for sentence in sentences)
        if not sentences:
            yield Observation(name, True, f"{count} entries, chain whole" if name == "history" else _WELL[name])


def _waiting() -> Iterator[Observation]:
    if schema.revisions()[0] is None:
        return
    with reading() as db:
        unjudged = results.unjudged(db)
        undone = {cycle: keys for cycle in overview.cycles(db) if (keys := runs.undone(db, cycle))}
    for backlog in unjudged:
        text = f"{backlog.number} results of cycle {backlog.cycle} wait to be judged since {backlog.since}"
        yield Observation("results", False, f"{text}: run `filing run {backlog.cycle}`")
    for cycle, keys in undone.items():
        more = ", …" if len(keys) > _NAMED else ""
        text = f"the last run of cycle {cycle} left undone: {', '.join(keys[:_NAMED])}{more}"
        yield Observation("runs", False, f"{text}: mend the cause `filing run {cycle}` names, then run it again")
    if not unjudged and not undone:
        yield Observation("runs", True, "nothing left undone")


def _custody() -> Iterator[Observation]:
    """Whether somebody works on, or waits for, each cycle that should be worked on; and what a person paused."""
    if schema.revisions()[0] is None:
        return
    from prefect.settings import (  # noqa: PLC0415  slow to import
        PREFECT_API_URL,
        PREFECT_CLIENT_CUSTOM_HEADERS,
        temporary_settings,
    )

    from tasks.desk.pauses import pauses_on  # noqa: PLC0415
    from tasks.runs import custody, orchestration  # noqa: PLC0415  asks Prefect

    for pause in pauses_on(today()):
        through = f"until {pause.until}" if pause.until else "until it is lifted"
        text = f"{pause.subject} is paused by {pause.by} {through} ({pause.reason})"
        yield Observation("pauses", True, f"{text}: `filing resume {pause.subject}` lifts it")
    api = supervisor.api_here()
    headers = secrets_of_home.headers(settings().root) if api else {}
    with temporary_settings({PREFECT_API_URL: api or None, PREFECT_CLIENT_CUSTOM_HEADERS: headers}):
        living = orchestration.living_runs() if api else []
    lost = custody.unattended(living, settings())
    for cycle in lost:
        yield _nobody_on(cycle.cycle, cycle.because, has_server=bool(api))
    if not lost:
        yield Observation("cycles", True, "each has who works on it")


def _nobody_on(cycle: str, because: str | None, *, has_server: bool) -> Observation:
    why = f"although {because}" if because else "and no run waits for it; one begins when it has reason to go on"
    ways = "look into logs/ of the workers" if has_server else "no server runs here: start `filing up`"
    # where no server runs, a person runs each cycle by hand, and is that person's to be remembered
    return Observation(
        "cycles",
        not (because and has_server),
        f"nobody works on cycle {cycle} {why}: {ways}, or run `filing run {cycle}`",
    )


def _keys() -> Iterator[Observation]:
    """Whether editions are signed, and whether the key that signs is there and its owner's alone to read."""
    home = settings().root
    place = home / keys.FOLDER / keys.PRIVATE
    if place.is_file() and place.stat().st_mode & 0o077:
        yield Observation("keys", False, f"others can read {place}: run `chmod 600 {place}`")
        return
    try:
        signing, public = keys.signing(home), keys.public_keys(home / keys.FOLDER)
    except keys.KeyLostError as lost:
        yield Observation("keys", False, str(lost))
        return
    if signing:
        yield Observation("keys", True, f"editions are signed, by {public[-1].key} since {public[-1].since}")
    else:
        yield Observation("keys", True, "editions are not signed: `filing keys new` makes a key")
