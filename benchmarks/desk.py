"""How long the desk's pages take with ten years of cycles of 2,000 applications, beside one small cycle.

`python -m benchmarks.desk` makes both homes in a temporary folder, asks for each page three times and prints the best.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from sqlalchemy import Connection, insert
from starlette.testclient import TestClient

from deployments import schema
from deployments.desk import house
from deployments.gate.people import Person, Role, bring
from schemas import tables
from schemas.directory import DIRECTORY_COLUMNS
from schemas.history import facts_text
from schemas.item import UNIT
from schemas.law.cycle import cycle_id
from schemas.policy import for_cycle
from schemas.settings import Settings, using
from tasks.store import database, frames
from tasks.store.directory import directory_on

#: Years of two cycles, applications of a cycle, items of an application.
YEARS, APPLICATIONS, ITEMS = 10, 2_000, 4
_TIMES = 3
_CODES = ("4-03-02-01", "4-03-02-02", "6-31-01-03", "6-18-01-01")
_LAST_YEAR = 2026
#: Of the last cycle one application in so many is returned, held, sent out; the former cycles are decided.
_OPEN = ("returned", "held", "dispatched", "dispatched", "dispatched")


def pages(cycle: str) -> dict[str, str]:
    """The pages that are asked for, by what people call them."""
    return {
        "Today": "/",
        "Today, one county": "/?region=420202",
        "applications": "/applications",
        "applications by name": "/applications?words=机构77",
        "an application": f"/applications/A{cycle}-0002",
        "institutions": "/institutions",
        "an institution": "/institutions/91420200MA00000002",
        "cycles": "/cycles",
        "the cycle": f"/cycles/{cycle}",
        "the edition": f"/editions/{cycle}.1",
        "letters": f"/letters?cycle={cycle}",
        "doors": "/doors",
    }


def fill(years: int, applications: int) -> str:
    """Fill an empty database with cycles; returns the last one, in which most is open still."""
    names = [f"{year}-{month:02d}" for year in range(_LAST_YEAR - years + 1, _LAST_YEAR + 1) for month in (4, 9)]
    if years == 0:
        names = [f"{_LAST_YEAR}-09"]
    with database.begin() as db:
        entry = 1
        for place, cycle in enumerate(names):
            rows = _cycle(cycle, applications, is_open=place == len(names) - 1, first_entry=entry)
            entry += len(rows["history"])
            for name, frame in rows.items():
                frames.append(db, tables.metadata.tables[name], frame)
        frames.append(db, tables.institution, _institutions(applications))
        _edition(db, names[-1])
    return names[-1]


def _cycle(cycle: str, number: int, *, is_open: bool, first_entry: int) -> dict[str, pd.DataFrame]:
    day = (
        for_cycle(cycle_id("2026-09")).deadline(cycle_id("2026-09")).replace(year=int(cycle[:4]), month=int(cycle[5:]))
    )
    rows = pd.DataFrame({"place": range(number)})
    rows["application_no"] = [f"A{cycle}-{place:04d}" for place in rows["place"]]
    rows["uscc"] = [f"91420200MA{place:08d}" for place in rows["place"]]
    rows["item_status"] = [_OPEN[place % len(_OPEN)] if is_open else "filed" for place in rows["place"]]
    returned = rows["item_status"] == "returned"
    rows["status"] = returned.map({True: "returned", False: "in_progress" if is_open else "closed"})
    units = rows.merge(pd.DataFrame({"occupation_code": _CODES[:ITEMS]}), how="cross").assign(work_type="", level="4")
    items = units.assign(
        status=units["item_status"], reason=(units["item_status"] == "held").map({True: "CAP-2", False: ""})
    )
    keys = ["application_no", *UNIT]
    out = items[items["status"] == "dispatched"]
    held = items[items["status"] == "held"]
    on = day.isoformat()
    version = rows[["application_no", "uscc"]].assign(
        version=1, content_hash="x", received_on=on, standing="current", cycle=cycle, kind="initial",
        institution_name="机构" + rows["place"].astype(str), institution_type="enterprise", region_code="420202",
        contact_name="联系人", contact_phone="0714-6300000", submitted_at=f"{on}T09:00:00", submitted_utc=1,
    )  # fmt: skip
    letter = rows.assign(
        box="letter", occasion="acceptance:" + rows["application_no"], kind="acceptance", subject=rows["application_no"],
        cycle=cycle, written_on=on, content='{"institution_name": "机构"}', delivered_at="2026-09-11 00:00:00.000000",
        receipt="outbox/letters/a.docx", number="号", posted_on=None if is_open else on,
    ).drop(columns=["place", "application_no", "uscc", "item_status", "status"])  # fmt: skip
    return {
        "application_version": version,
        "application": rows[["application_no", "status", "uscc"]].assign(
            cycle=cycle, version=1, correct_by=returned.map({True: (day + timedelta(days=8)).isoformat()})
        ),
        "item": items[[*keys, "status", "reason", "uscc"]].assign(cycle=cycle, audiences="", own_name=""),
        "hold": held[keys].assign(rule="CAP-2", cycle=cycle),
        "finding": rows[returned][["application_no"]].assign(
            version=1, rule="FORM-1", table="applications", row=1, field="uscc", cycle=cycle, nature="hard",
            article="三（二）", value="", message="请补填"
        ),
        "dispatch": out[["application_no"]].drop_duplicates().assign(revision=1, cycle=cycle, sent_on=on),
        "dispatched_item": out[keys].assign(revision=1, cycle=cycle),
        "outbox": letter,
        "qualification_item": items[items["status"] == "filed"][["uscc", *UNIT, "application_no"]].assign(
            entry=range(first_entry, first_entry + int((items["status"] == "filed").sum())), cycle=cycle, because="备案",
            filed_on=on, valid_until=day.replace(year=day.year + 3).isoformat(), audiences="", own_name="",
            known_from=on, known_to=None if int(cycle[:4]) > _LAST_YEAR - 3 else on,
        ),
        "history": _history(rows, items, on, first_entry),
    }  # fmt: skip


def _edition(db: Connection, cycle: str) -> None:
    """The directory of a day as an edition that waits."""
    day, name = date(_LAST_YEAR, 9, 11), f"{cycle}.1"
    values = {
        "edition": name,
        "cycle": cycle,
        "number": 1,
        "as_of": day,
        "standing": "waiting",
        "waits_because": "首版",
    }
    db.execute(insert(tables.edition).values(**values))
    frames.append(db, tables.edition_row, directory_on(db, day)[DIRECTORY_COLUMNS].assign(edition=name))


def _history(rows: pd.DataFrame, items: pd.DataFrame, on: str, first: int) -> pd.DataFrame:
    entries = pd.concat(
        [
            rows[["application_no", "status"]].assign(kind="application", occupation_code="", work_type="", level=""),
            items[["application_no", "status", *UNIT]].assign(kind="item"),
            items[["uscc", "status", *UNIT]].rename(columns={"uscc": "application_no"}).assign(kind="qualification"),
        ]
    ).rename(columns={"application_no": "subject", "status": "became"})
    return entries.assign(
        entry=range(first, first + len(entries)), was="", because="初审", facts=facts_text(), by="filing", on=on,
        run_id="r", digest="d",
    )  # fmt: skip


def _institutions(number: int) -> pd.DataFrame:
    places = range(number)
    return pd.DataFrame({"entry": places, "uscc": [f"91420200MA{place:08d}" for place in places]}).assign(
        institution_name="机构", institution_type="enterprise", institution_code="", region_code="420202",
        registered_address="路", since="2017-01-01", known_from="2017-01-01",
    )  # fmt: skip


@contextmanager
def _home(years: int, applications: int) -> Iterator[str]:
    with TemporaryDirectory() as folder, using(Settings(home=Path(folder), database_url="")):
        schema.migrate()
        yield fill(years, applications)


def measured(cycle: str) -> dict[str, float]:
    """Seconds of work of each page, the best of some: other work on the machine does not count."""
    desk = house.create()

    async def signed_in(scope: Any, receive: Any, send: Any) -> None:
        await desk(bring(scope, Person("王处长", Role.APPROVER)), receive, send)

    client = TestClient(signed_in, base_url="http://desk.test")
    seconds = {}
    for title, path in pages(cycle).items():
        taken = []
        for _ in range(_TIMES):
            began = time.process_time()
            answer = client.get(f"/filing{path}")
            taken.append(time.process_time() - began)
            assert answer.status_code == 200, f"{path}: {answer.text[:300]}"
        seconds[title] = min(taken)
    return seconds


def main() -> None:
    """Print each page's time with ten years of cycles, beside that with one cycle of twenty applications."""
    with _home(0, 20) as cycle:
        small = measured(cycle)
    with _home(YEARS, APPLICATIONS) as cycle:
        large = measured(cycle)
    for title in large:
        sys.stdout.write(
            f"{title:24} {small[title]:6.3f} s {large[title]:6.3f} s  {large[title] / small[title]:5.1f} x\n"
        )
    sys.stdout.write(f"on {date.today()}\n")


if __name__ == "__main__":
    main()
