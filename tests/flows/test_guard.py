"""An edition that loses too much, or a row without a reason, waits for a person; what is approved is published."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from flows.decided import approval
from flows.stages import publication
from schemas import tables
from schemas.qualification import Adjustment
from schemas.run import Counts
from schemas.settings import settings, using
from tasks.adjustment import adjust
from tasks.desk.approval import NothingToApproveError
from tasks.runs.alerts import raise_alerts
from tasks.runs.page import edition_text
from tasks.store import database, editions, history, outbox, register
from tasks.store.database import reading
from tests import homes
from tests.commands import Filing
from tests.policies import write_policy
from tests.registers import BAKER, COOK, ELECTRICIAN, ONE, THREE, TWO, run_on, take_over

pytestmark = pytest.mark.usefixtures("without_pages")

CYCLE, DAY = "2026-04", date(2026, 6, 1)
TERM = (date(2024, 5, 25), date(2027, 5, 24))
#: Five institutions and occupations: two lost are more than a fifth, one is not.
HELD = [(ONE, COOK, "4"), (ONE, BAKER, "4"), (TWO, COOK, "4"), (TWO, BAKER, "4"), (THREE, ELECTRICIAN, "3")]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Path:
    """An installation with a published edition of five rows."""
    with homes.begun(tmp_path_factory.mktemp("first") / "home", migrated) as home:
        take_over(HELD, *TERM)
        assert publication.fn(CYCLE, DAY).done == {"editions": 1, "rows": 5}
    return home


@pytest.fixture
def filing(
    first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Filing]:
    """The first edition of this test's own."""
    with homes.copied(first, tmp_path / "home") as home:
        yield Filing(home, monkeypatch, capsys)


def revoke(uscc: str, occupation: str, day: date = DAY) -> None:
    words = {"ground": "抽查发现考评人员不足", "document_no": "黄职鉴〔2026〕8号", "decided_by": "王处长"}
    with run_on(day, CYCLE) as run:
        adjust(
            run,
            Adjustment.model_validate(
                {"kind": "revoke", "uscc": uscc, "occupation_code": occupation, "effective_on": day, **words}
            ),
        )


def vanish(uscc: str, occupation: str) -> None:
    """A row leaves the register by no move of the program."""
    entry = tables.qualification_item
    mine = (entry.c.uscc == uscc) & (entry.c.occupation_code == occupation)
    with database.begin() as db:
        db.execute(update(entry).where(mine).values(known_to=DAY))


def standing(edition: str) -> tuple[str, str, str | None]:
    with reading() as db:
        record = editions.get(db, edition)
    assert record is not None
    return record["standing"], record["waits_because"], record["approved_by"]


def in_force(home: Path) -> tuple[str, int]:
    """Where `latest` points, and the rows there."""
    folder = home / "published" / "latest"
    return folder.resolve().name, len(json.loads((folder / "directory.json").read_text("utf-8"))["rows"])


def test_an_edition_at_the_allowed_share_is_published(filing: Filing) -> None:
    revoke(ONE, COOK)
    assert publication.fn(CYCLE, DAY).done == {"editions": 1, "rows": 4}
    assert in_force(filing.home) == ("2026-04.2", 4)


def test_one_that_loses_more_waits_and_says_why(filing: Filing) -> None:
    revoke(ONE, COOK)
    revoke(TWO, COOK)
    assert publication.fn(CYCLE, DAY) == Counts()
    why = "本版将减少2行（上一版共5行），超过允许的20%"
    assert standing("2026-04.2") == ("waiting", why, None)
    assert in_force(filing.home) == ("2026-04.1", 5), "the former edition stays in force"
    assert sorted(path.name for path in (filing.home / "outbox" / "province").iterdir()) == ["2026-04.1"]
    (status,) = json.loads(filing("status", CYCLE, "--json").out)
    assert status["waits_for_approval"] == f"2026-04.2：{why}"
    assert why in filing("run", CYCLE, "--as-of", DAY.isoformat()).out
    assert publication.fn(CYCLE, date(2026, 6, 2)) == Counts(), "it waits, however often it is asked"
    assert standing("2026-04.2")[0] == "waiting"


def test_where_every_edition_is_approved_each_waits_for_a_person(home: Path) -> None:
    folder = write_policy(home / "policies", "2026-01-01", release='"approved"')
    with using(settings().model_copy(update={"policies": folder})):
        take_over(HELD, *TERM)
        assert publication.fn(CYCLE, DAY) == Counts()
        assert standing("2026-04.1") == ("waiting", "每一版目录须经批准", None)
        assert publication.fn(CYCLE, DAY) == Counts(), "it waits, however often it is asked"
        assert approval.fn("2026-04.1", "王处长", DAY).done["editions"] == 1
        assert in_force(home) == ("2026-04.1", 5)


def test_a_row_without_a_reason_waits_and_is_named(filing: Filing) -> None:
    vanish(THREE, ELECTRICIAN)
    assert publication.fn(CYCLE, DAY) == Counts()
    waits = standing("2026-04.2")[1]
    assert waits == f"以下1行的移出没有记录原因：机构{THREE}（{THREE}，{ELECTRICIAN}）"


def test_an_old_reason_explains_no_new_loss(filing: Filing) -> None:
    revoke(THREE, ELECTRICIAN)
    publication.fn(CYCLE, DAY)
    take_over([(THREE, COOK, "4")], date(2026, 6, 2), date(2029, 6, 1))
    take_over([(ONE, ELECTRICIAN, "3")], date(2026, 6, 2), date(2029, 6, 1))
    publication.fn(CYCLE, date(2026, 6, 2))
    revoke(THREE, COOK, date(2026, 6, 3))
    take_over([(THREE, BAKER, "4")], date(2026, 6, 3), date(2029, 6, 2))
    publication.fn(CYCLE, date(2026, 6, 3))
    with run_on(date(2026, 6, 4), CYCLE) as run, database.begin() as db:
        # filed anew after the revocation, and gone again by no move
        entry = {"became": "filed", "occupation_code": COOK, "work_type": "", "level": "4"}
        history.add_one(db, "qualification", THREE, "申报X", run, "filing", **entry)
        rows = editions.rows_of(db, "2026-04.3")
        gone = rows[(rows["uscc"] == THREE) & (rows["occupation_code"] == COOK)]
        assert register.explained(db, gone).tolist() == [False]


def test_a_reason_recorded_later_releases_it(filing: Filing) -> None:
    vanish(THREE, ELECTRICIAN)
    publication.fn(CYCLE, DAY)
    with run_on(DAY, CYCLE) as run, database.begin() as db:
        entry = {"was": "filed", "became": "removed", "occupation_code": ELECTRICIAN, "work_type": "", "level": "3"}
        history.add_one(db, "qualification", THREE, "名册更正", run, "李科长", **entry)
    assert publication.fn(CYCLE, DAY).done == {"editions": 1, "rows": 4}
    assert in_force(filing.home) == ("2026-04.2", 4)


def test_approved_it_is_published_and_says_who(filing: Filing) -> None:
    vanish(THREE, ELECTRICIAN)
    publication.fn(CYCLE, DAY)
    ended = filing("approve", "2026-04.2", "--by", "王处长", "--as-of", "2026-06-03")
    assert (ended.code, ended.out) == (0, "edition: 2026-04.2\n"), ended.err
    assert in_force(filing.home) == ("2026-04.2", 4)
    assert standing("2026-04.2")[::2] == ("published", "王处长")
    with reading() as db:
        moves = history.of(db, ["2026-04.2"])[["was", "became", "by", "on"]].values.tolist()
    assert moves == [
        ["", "waiting", "filing", "2026-06-01"],
        ["waiting", "building", "王处长", "2026-06-03"],
        ["building", "published", "filing", "2026-06-03"],
    ]
    assert "王处长" not in "".join(path.read_text("utf-8") for path in (filing.home / "published").rglob("*.json"))


def test_the_form_releases_it_too_and_says_who(filing: Filing) -> None:
    vanish(THREE, ELECTRICIAN)
    publication.fn(CYCLE, DAY)
    assert approval.fn("2026-04.2", " 王处长 ", DAY).done == {"editions": 1, "rows": 4}
    assert in_force(filing.home) == ("2026-04.2", 4)
    assert standing("2026-04.2")[::2] == ("published", "王处长")


@pytest.mark.usefixtures("filing")
@pytest.mark.parametrize(
    ("edition", "by", "message"),
    [
        ("2026-04.1", "王处长", "edition 2026-04.1 does not wait for approval: it is published; 2026-04.2 does"),
        ("2026-04", "王处长", "is not an edition: write cycle and number"),
        ("2026-04.2", " ", "an approval says who gave it"),
    ],
)
def test_the_form_refuses_what_cannot_be_approved(edition: str, by: str, message: str) -> None:
    vanish(THREE, ELECTRICIAN)
    publication.fn(CYCLE, DAY)
    with pytest.raises((NothingToApproveError, ValueError), match=message):
        approval.fn(edition, by, DAY)
    assert standing("2026-04.2") == ("waiting", standing("2026-04.2")[1], None)


@pytest.mark.parametrize(
    ("edition", "by", "sentence"),
    [
        ("2026-09-1", "王处长", "目录版本须写明批次和号"),
        ("目录", "王处长", "目录版本须写明批次和号"),
        ("2026-04.9", " ", "批准须写明批准人"),
        ("2026-04.9", "王处长", "没有这一版"),
    ],
)
@pytest.mark.usefixtures("home")
def test_a_wrong_form_is_a_sentence_on_the_page_of_its_run(
    edition: str, by: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.decided.is_deployed", lambda: True)
    state: Any = approval.fn(edition, by, DAY)
    assert (state.type.value, state.name) == ("FAILED", "未受理")
    assert state.message.startswith(f"{edition}：") and sentence in state.message


@pytest.mark.usefixtures("filing")
def test_an_approved_edition_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.gateways.shelf import editions as shelf

    vanish(THREE, ELECTRICIAN)
    publication.fn(CYCLE, DAY)
    with monkeypatch.context() as patch:
        patch.setattr(shelf, "place", lambda *_: (_ for _ in ()).throw(OSError("No space left on device")))
        assert approval.fn("2026-04.2", "王处长", DAY).failed == {"2026-04.2": "No space left on device"}
    assert publication.fn(CYCLE, DAY).done == {"editions": 1, "rows": 4}, "its approval stands"


@pytest.mark.usefixtures("filing")
def test_operators_are_told_once_what_waits_and_how_to_release_it() -> None:
    vanish(THREE, ELECTRICIAN)
    publication.fn(CYCLE, DAY)
    (occasion,) = [alert for alert in raise_alerts(settings(), DAY) if alert.startswith("approval")]
    with reading() as db:
        alert = outbox.read(db, outbox.ALERT_MAILS, occasion)
    assert alert.kind == "approval"
    assert f"以下1行的移出没有记录原因：机构{THREE}" in alert.content["text"]
    assert "filing approve 2026-04.2" in alert.content["text"]
    assert raise_alerts(settings(), DAY) == []
    text = edition_text("2026-04.2")
    assert "**等待批准**" in text
    assert f"| 移出目录 | 机构{THREE} | {ELECTRICIAN} |" in text


def test_killed_after_approval_the_next_run_publishes(filing: Filing) -> None:
    from tasks.desk.approval import approve_edition

    vanish(THREE, ELECTRICIAN)
    publication.fn(CYCLE, DAY)
    approve_edition("2026-04.2", "王处长", DAY)  # and no more: killed
    assert in_force(filing.home) == ("2026-04.1", 5)
    assert publication.fn(CYCLE, DAY).done == {"editions": 1, "rows": 4}
    assert standing("2026-04.2")[::2] == ("published", "王处长")


def test_killed_after_approval_it_may_be_approved_again(filing: Filing) -> None:
    from tasks.desk.approval import approve_edition

    vanish(THREE, ELECTRICIAN)
    publication.fn(CYCLE, DAY)
    approve_edition("2026-04.2", "王处长", DAY)
    assert filing("approve", "2026-04.2", "--by", "李科长", "--as-of", DAY.isoformat()).code == 0
    assert standing("2026-04.2")[::2] == ("published", "王处长"), "the first word counts"
    assert in_force(filing.home) == ("2026-04.2", 4)


def test_when_the_directory_changes_again_it_is_replaced(filing: Filing) -> None:
    vanish(THREE, ELECTRICIAN)
    publication.fn(CYCLE, DAY)
    take_over([(THREE, COOK, "4")], DAY, date(2029, 5, 31))
    assert publication.fn(CYCLE, DAY) == Counts()
    assert standing("2026-04.2")[0] == "discarded"
    assert standing("2026-04.3")[0] == "waiting"
    refused = filing("approve", "2026-04.2", "--by", "王处长")
    assert refused.code == 3
    assert "replaced when the directory changed again; 2026-04.3 does" in refused.err
    assert filing("approve", "2026-04.3", "--by", "王处长", "--as-of", DAY.isoformat()).code == 0
    assert in_force(filing.home) == ("2026-04.3", 5)
    assert "ok      editions: chain whole" in filing("doctor").out.splitlines(), "no edition is missing"


def test_changed_back_nothing_waits_any_more(filing: Filing) -> None:
    vanish(THREE, ELECTRICIAN)
    publication.fn(CYCLE, DAY)
    with database.begin() as db:
        db.execute(update(tables.qualification_item).values(known_to=None))
    assert publication.fn(CYCLE, DAY) == Counts()
    assert standing("2026-04.2")[0] == "discarded"
    assert json.loads(filing("status", CYCLE, "--json").out)[0]["waits_for_approval"] == ""


@pytest.mark.parametrize(
    ("edition", "code", "message"),
    [
        ("2026-04.1", 3, "edition 2026-04.1 does not wait for approval: it is published; no edition does"),
        ("2026-04.7", 3, "edition 2026-04.7 does not wait for approval: there is no such edition; no edition does"),
        ("the last one", 2, "is not an edition: write cycle and number, for example 2026-09.1"),
    ],
)
def test_approving_nothing_is_refused_in_one_sentence(filing: Filing, edition: str, code: int, message: str) -> None:
    refused = filing("approve", edition, "--by", "王处长")
    assert (refused.code, refused.out) == (code, "")
    assert message in refused.err
    assert len(refused.err.splitlines()) == 1


def test_a_row_that_is_not_sound_stays_as_it_was_and_stops_no_other(filing: Filing) -> None:
    with database.begin() as db:
        db.execute(update(tables.institution).where(tables.institution.c.uscc == TWO).values(region_code="420106"))
    failed = publication.fn(CYCLE, DAY).failed
    assert "所属区划未知" in failed["directory"]
    assert in_force(filing.home) == ("2026-04.1", 5)
    take_over([(THREE, COOK, "4")], *TERM, day=DAY)
    again = publication.fn(CYCLE, DAY)
    assert "所属区划未知" in again.failed["directory"]
    assert again.done == {"editions": 1, "rows": 6}
    assert in_force(filing.home) == ("2026-04.2", 6)
    listed = json.loads((filing.home / "published" / "latest" / "directory.json").read_text("utf-8"))["rows"]
    assert {row["region_code"] for row in listed} == {"420202"}
    with database.begin() as db:
        db.execute(update(tables.institution).values(region_code="420203"))
    assert publication.fn(CYCLE, DAY).done == {"editions": 1, "rows": 6}, "mended, it is published"
    assert in_force(filing.home)[0] == "2026-04.3"


def test_a_row_nobody_filed_is_not_published(filing: Filing) -> None:
    slipped = {
        "uscc": TWO,
        "occupation_code": ELECTRICIAN,
        "work_type": "",
        "level": "4",
        "because": "",
        "known_from": DAY,
    }
    with database.begin() as db:
        db.execute(insert(tables.qualification_item).values(entry=99, filed_on=TERM[0], valid_until=TERM[1], **slipped))
    failed = publication.fn(CYCLE, DAY).failed
    assert failed["directory"].endswith(f"没有备案记录可以追溯：{TWO} {ELECTRICIAN}")
    assert in_force(filing.home) == ("2026-04.1", 5)


def test_a_run_for_a_day_gone_by_turns_nothing_back(filing: Filing) -> None:
    take_over([(THREE, COOK, "4")], date(2026, 6, 10), date(2029, 6, 9))
    publication.fn(CYCLE, date(2026, 6, 10))
    assert in_force(filing.home) == ("2026-04.2", 6)
    assert publication.fn(CYCLE, DAY) == Counts()
    assert in_force(filing.home) == ("2026-04.2", 6)


def test_a_late_edition_of_an_old_cycle_follows_the_newest(filing: Filing) -> None:
    take_over([(THREE, COOK, "4")], date(2026, 9, 20), date(2029, 9, 19))
    publication.fn("2026-09", date(2026, 9, 20))
    take_over([(THREE, BAKER, "4")], date(2026, 9, 21), date(2029, 9, 20))
    assert publication.fn(CYCLE, date(2026, 9, 21)).done == {"editions": 1, "rows": 7}
    assert publication.fn(CYCLE, date(2026, 9, 21)) == Counts()
    assert in_force(filing.home) == ("2026-04.2", 7)
    assert "ok      editions: chain whole" in filing("doctor").out.splitlines()
    take_over([(ONE, ELECTRICIAN, "4")], date(2026, 9, 22), date(2029, 9, 21))
    publication.fn("2026-09", date(2026, 9, 22))
    assert in_force(filing.home) == ("2026-09.2", 8)
    assert "ok      editions: chain whole" in filing("doctor").out.splitlines()


@pytest.mark.usefixtures("filing")
def test_two_never_publish_at_once() -> None:
    from tasks.runs.run import CycleBusyError, publishing

    with publishing(), pytest.raises(CycleBusyError, match="is working on publication"):
        publication.fn(CYCLE, DAY)
