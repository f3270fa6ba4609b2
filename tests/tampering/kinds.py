"""Every way we know to tamper with an installation: what somebody with the database or the shelf in hand may write."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from schemas.history import CHAINED, digest, facts_text
from schemas.settings import Settings
from tasks.gateways.disk.files import file_sha256
from tasks.gateways.shelf.editions import LATEST
from tasks.gateways.shelf.manifest import MANIFEST, sealed, sha256
from tasks.store import history


@dataclass(frozen=True)
class Case:
    """An installation in the hands of somebody who owns it: its database within one transaction, and its home."""

    db: Connection
    installation: Settings

    @property
    def published(self) -> Path:
        return self.installation.published

    def sql(self, statement: str, **values: object) -> None:
        """Run a statement that must find something to write."""
        assert self.db.execute(text(statement), values).rowcount != 0, statement

    def one(self, query: str) -> str:
        return str(self.db.execute(text(query)).scalar_one())


@dataclass(frozen=True)
class Tampering:
    """One kind: what it touches, in plain words, and the act itself."""

    where: str
    what: str
    act: Callable[[Case], object]


def _sql(statement: str) -> Callable[[Case], None]:
    return lambda case: case.sql(statement)


def _first(table: str, key: str, where: str = "1 = 1") -> str:
    """The rows of the first key of a table, as a condition."""
    return f"{key} = (SELECT MIN({key}) FROM {table} WHERE {where})"


def _unlock(case: Case) -> None:
    """Take the lock off the history, as its owner can."""
    if case.db.dialect.name == "sqlite":
        for name in ("update", "delete"):
            case.db.execute(text(f"DROP TRIGGER history_no_{name}"))
    else:
        case.db.execute(text("ALTER TABLE history DISABLE TRIGGER USER"))


def _unlocked(statement: str) -> Callable[[Case], None]:
    def act(case: Case) -> None:
        _unlock(case)
        case.sql(statement)

    return act


def _append(case: Case) -> None:
    """A forged move with a right digest."""
    last = history.head(case.db)
    row = case.db.execute(
        text("SELECT * FROM history WHERE kind = 'qualification' AND became = 'filed' ORDER BY entry DESC LIMIT 1")
    ).mappings()
    former = dict(row.one())
    facts = former["facts"] if isinstance(former["facts"], str) else facts_text(**former["facts"])
    facts = facts.replace('"valid_until":"20', '"valid_until":"21')
    entry = {**former, "entry": last.entry + 1, "was": "filed", "became": "filed", "facts": facts}
    _chain(case, entry, last.digest)


def _witness(case: Case) -> None:
    """A forged entry of a kind that no table answers to, with a right digest: an import that never was."""
    last = history.head(case.db)
    run, day = case.db.execute(text("SELECT run_id, as_of FROM run ORDER BY started_at DESC LIMIT 1")).one()
    entry = {**dict.fromkeys(CHAINED, ""), "entry": last.entry + 1, "kind": "import", "subject": "HS202609-0001"}
    entry |= {"became": "results", "because": "导入文件“传真.json”，1条新记录", "by": "王处长", "facts": facts_text()}
    entry |= {"on": str(day), "run_id": run}
    _chain(case, entry, last.digest)


def _chain(case: Case, entry: dict[str, object], previous: str) -> None:
    """Put an entry at the end of the history, with a right digest."""
    entry["digest"] = digest(previous, [entry[name] for name in CHAINED])
    names = [*CHAINED, "digest"]
    columns = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("CAST(:facts AS json)" if name == "facts" else f":{name}" for name in names)
    if case.db.dialect.name == "sqlite":
        marks = marks.replace("CAST(:facts AS json)", ":facts")
    case.sql(f"INSERT INTO history ({columns}) VALUES ({marks})", **{name: entry[name] for name in names})


def _forget_last(case: Case) -> None:
    """The last entry deleted, and with it the summaries that keep copies of the head."""
    _unlock(case)
    for file in (case.installation.root / "runs").iterdir():
        file.unlink()
    case.sql("DELETE FROM history WHERE entry = (SELECT MAX(entry) FROM history)")


def _rewrite_whole(case: Case) -> None:
    """Change a reason and make every digest after it anew."""
    _unlock(case)
    case.sql("UPDATE history SET because = '另有原因' WHERE entry = 2")
    previous = "0" * 64
    for row in history.all_entries(case.db).to_dict("records"):
        previous = digest(previous, [row[name] for name in CHAINED])
        case.sql("UPDATE history SET digest = :digest WHERE entry = :entry", digest=previous, entry=row["entry"])


def _newest(case: Case) -> Path:
    return case.published / (case.published / LATEST).readlink().name


def _oldest(case: Case) -> Path:
    return min(path.parent for path in case.published.glob(f"*/{MANIFEST}") if path.parent.name != LATEST)


def _spoil(folder: Path) -> None:
    file = folder / "directory.csv"
    file.write_bytes(file.read_bytes().replace("机构".encode(), "集团".encode()).replace(b"420202", b"420203"))


def _reseal(folder: Path, **changes: object) -> str:
    """Make a manifest fit its files again; its SHA-256."""
    record = json.loads((folder / MANIFEST).read_text("utf-8"))
    body = {key: value for key, value in record.items() if key not in ("seal", "signature")} | changes
    body["files"] = {name: file_sha256(folder / name) for name in record["files"]}
    content = sealed(body)
    (folder / MANIFEST).write_bytes(content)
    return sha256(content)


def _forged_edition(case: Case) -> None:
    newest = _newest(case)
    forged = case.published / f"{newest.name.rpartition('.')[0]}.99"
    shutil.copytree(newest, forged)
    _spoil(forged)
    before = file_sha256(newest / MANIFEST)
    _reseal(forged, edition=forged.name, previous_manifest_sha256=before)
    (case.published / LATEST).unlink()
    (case.published / LATEST).symlink_to(forged.name)


def _resealed_edition(case: Case) -> None:
    _spoil(_newest(case))
    _reseal(_newest(case))


def _resealed_with_its_row(case: Case) -> None:
    _spoil(_newest(case))
    case.sql(
        "UPDATE edition SET manifest_sha256 = :digest WHERE edition = :edition",
        digest=_reseal(_newest(case)),
        edition=_newest(case).name,
    )


def _rechained(case: Case) -> None:
    """The first edition changed, and every later one and every row made to fit."""
    names = sorted(path.parent.name for path in case.published.glob(f"*/{MANIFEST}") if path.parent.name != LATEST)
    _spoil(case.published / names[0])
    before = None
    for name in names:
        before = _reseal(case.published / name, previous_manifest_sha256=before)
        case.sql("UPDATE edition SET manifest_sha256 = :digest WHERE edition = :name", digest=before, name=name)


def _latest_back(case: Case) -> None:
    (case.published / LATEST).unlink()
    (case.published / LATEST).symlink_to(_oldest(case).name)


def _policy(case: Case) -> None:
    assert case.installation.policies
    file = next(case.installation.policies.glob("*.toml"))
    file.write_text(file.read_text("utf-8").replace("pass_mark = 60", "pass_mark = 40"), "utf-8")


def _list(case: Case) -> None:
    assert case.installation.reference
    file = next(case.installation.reference.glob("*.csv"))
    file.write_text(file.read_text("utf-8") + "9-99-99-99,新职业,2026-01-01\n", "utf-8")


_HELD = "EXISTS (SELECT 1 FROM hold WHERE hold.application_no = item.application_no)"
_COPY_RESULT = (
    "INSERT INTO result SELECT 9999 AS result_id, 'forged', batch, row, cycle, standing, received_on, application_no, "
    "occupation_code, work_type, level, 'pass', score, evaluated_on, panel_lead, panel_size, commitments_shown, remarks, "
    "written FROM result WHERE result_id = 1"
)
_COPY_DECISION = (
    "INSERT INTO decision SELECT 'forged', application_no, rule, occupation_code, 'permit', decided_by, decided_at, "
    "document_no, reason, recorded_on FROM decision WHERE " + _first("decision", "decision_id")
)
_COPY_ENTRY = (
    "INSERT INTO qualification_item SELECT 99999, uscc, '4-03-02-08', work_type, level, filed_on, valid_until, audiences, "
    "own_name, application_no, cycle, because, known_from, known_to, superseded_in, ended_by FROM qualification_item "
    "WHERE entry = 1"
)
_LETTER = _first("outbox", "occasion", "box = 'letter'") + " AND box = 'letter'"
_PANEL = (
    "UPDATE panel_draw SET record = CAST(REPLACE(CAST(record AS TEXT), :old, 'ZJ-FORGED') AS JSON) "
    "WHERE CAST(record AS TEXT) LIKE :like"
)


def _panel(case: Case) -> None:
    expert = case.one("SELECT MIN(expert_no) FROM expert")
    statement = (
        _PANEL
        if case.db.dialect.name != "sqlite"
        else _PANEL.replace("CAST(REPLACE", "(REPLACE").replace("'ZJ-FORGED') AS JSON)", "'ZJ-FORGED'))")
    )
    case.sql(statement, old=expert, like=f"%{expert}%")


def _letter(case: Case) -> None:
    name = case.one(f"SELECT CAST(content AS TEXT) FROM outbox WHERE {_LETTER}")
    forged = json.dumps({**json.loads(name), "institution_name": "另一机构"})
    value = ":content" if case.db.dialect.name == "sqlite" else "CAST(:content AS json)"
    case.sql(f"UPDATE outbox SET content = {value} WHERE {_LETTER}", content=forged)


TAMPERINGS: tuple[Tampering, ...] = (
    Tampering("results", "a fail made a pass", _sql("UPDATE result SET verdict = 'pass' WHERE verdict = 'fail'")),
    Tampering("results", "a score raised", _sql("UPDATE result SET score = '99' WHERE result_id = 1")),
    Tampering("results", "a result deleted", _sql("DELETE FROM result WHERE result_id = 1")),
    Tampering("results", "a result put in", _sql(_COPY_RESULT)),
    Tampering(
        "results", "a refused result accepted", _sql("UPDATE result SET standing = 'replaced' WHERE result_id = 1")
    ),
    Tampering(
        "decisions",
        "a refusal made a permit, a permit a refusal",
        _sql("UPDATE decision SET verdict = CASE verdict WHEN 'permit' THEN 'refuse' ELSE 'permit' END"),
    ),
    Tampering("decisions", "another name under a decision", _sql("UPDATE decision SET decided_by = '赵主任'")),
    Tampering(
        "decisions", "a decision deleted", _sql("DELETE FROM decision WHERE " + _first("decision", "decision_id"))
    ),
    Tampering("decisions", "a decision put in", _sql(_COPY_DECISION)),
    Tampering(
        "applications",
        "the name in a form changed",
        _sql("UPDATE application_version SET institution_name = '另一机构' WHERE version = 1"),
    ),
    Tampering(
        "applications",
        "the moment of submission moved",
        _sql("UPDATE application_version SET submitted_at = '2026-08-20T09:00:00', submitted_utc = 1"),
    ),
    Tampering(
        "applications",
        "a member of staff exchanged",
        _sql("UPDATE staff_member SET certificate_no = 'X' WHERE row = 1"),
    ),
    Tampering("applications", "a member of staff deleted", _sql("DELETE FROM staff_member WHERE row = 1")),
    Tampering("applications", "a file's checksum changed", _sql("UPDATE material SET sha256 = 'f' WHERE row = 1")),
    Tampering("applications", "a level added to a form", _sql("UPDATE requested_occupation SET levels = '5,4,3,2,1'")),
    Tampering(
        "applications",
        "a correction period prolonged",
        _sql("UPDATE application SET correct_by = '2026-12-31' WHERE status IS NOT NULL"),
    ),
    Tampering("applications", "an application given to another institution", _sql("UPDATE application SET uscc = 'X'")),
    Tampering("items", "an item filed", _sql("UPDATE item SET status = 'filed' WHERE status <> 'filed'")),
    Tampering("items", "an item's score changed", _sql("UPDATE item SET score = 99 WHERE score IS NOT NULL")),
    Tampering("items", "audiences widened", _sql("UPDATE item SET audiences = 'staff;students;public'")),
    Tampering("items", "a hold lifted", _sql("DELETE FROM hold")),
    Tampering("items", "a finding deleted", _sql("DELETE FROM finding WHERE " + _first("finding", "application_no"))),
    Tampering("panels", "another expert in a draw", _panel),
    Tampering("panels", "an expert given another employer", _sql("UPDATE expert SET employer_uscc = 'X'")),
    Tampering(
        "register", "a term prolonged", _sql("UPDATE qualification_item SET valid_until = '2035-01-01' WHERE entry = 1")
    ),
    Tampering("register", "a level put on the register", _sql(_COPY_ENTRY)),
    Tampering(
        "register", "what was known once changed", _sql("UPDATE qualification_item SET known_from = '2020-01-01'")
    ),
    Tampering(
        "register", "another institution code", _sql("UPDATE institution SET institution_code = 'Y000042000001'")
    ),
    Tampering("register", "a suspension ended", _sql("UPDATE suspension SET ends_on = '2026-11-01'")),
    Tampering("register", "another ground for a suspension", _sql("UPDATE adjustment SET ground = '另有原因'")),
    Tampering("register", "candidates added to an activity", _sql("UPDATE activity SET candidates = 99")),
    Tampering("register", "a complaint closed", _sql("UPDATE complaint SET outcome = 'unfounded'")),
    Tampering("letters", "a letter's words changed", _letter),
    Tampering("letters", "a letter deleted", _sql(f"DELETE FROM outbox WHERE {_LETTER}")),
    Tampering("letters", "a letter's number changed", _sql(f"UPDATE outbox SET number = '第0号' WHERE {_LETTER}")),
    Tampering("editions", "a row of an edition changed", _sql("UPDATE edition_row SET levels = '9'")),
    Tampering("editions", "an approval put in", _sql("UPDATE edition SET approved_by = '王局长'")),
    Tampering("editions", "a file changed on the shelf", lambda case: _spoil(_newest(case))),
    Tampering("editions", "a file changed and the manifest made to fit", _resealed_edition),
    Tampering("editions", "the same, and the database's row with it", _resealed_with_its_row),
    Tampering("editions", "the first edition changed and the whole shelf chained anew, rows too", _rechained),
    Tampering("editions", "a forged edition laid on the shelf, rightly chained", _forged_edition),
    Tampering("editions", "an edition taken off the shelf", lambda case: shutil.rmtree(_oldest(case))),
    Tampering(
        "editions",
        "a foreign file in an edition",
        lambda case: shutil.copy(_newest(case) / "index.html", _newest(case) / "more.html"),
    ),
    Tampering("editions", "`latest` turned back to an older edition", _latest_back),
    Tampering("history", "an entry changed", _unlocked("UPDATE history SET because = '另有原因' WHERE entry = 2")),
    Tampering("history", "facts changed", _unlocked("UPDATE history SET facts = '{}' WHERE kind = 'qualification'")),
    Tampering("history", "an entry deleted", _unlocked("DELETE FROM history WHERE entry = 3")),
    Tampering(
        "history",
        "the last entries deleted",
        _unlocked("DELETE FROM history WHERE entry > (SELECT MAX(entry) - 5 FROM history)"),
    ),
    Tampering("history", "a move put in, rightly chained", _append),
    Tampering("history", "an entry of a kind that no table answers to put in, rightly chained", _witness),
    Tampering("history", "the last entry deleted, and every summary that kept a copy of the head", _forget_last),
    Tampering("history", "an entry changed and every digest after it made anew", _rewrite_whole),
    Tampering("history", "entries given to another run", _unlocked("UPDATE history SET run_id = 'x' WHERE entry = 2")),
    Tampering("grounds", "a number of the policy changed", _policy),
    Tampering("grounds", "a list of occupations changed", _list),
)
