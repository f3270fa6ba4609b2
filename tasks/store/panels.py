"""The pool of experts (专家库) as it is now, and the panels drawn from it, each with the record that repeats it."""

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection, delete, func, insert, select

from expectations.side_tables import LeftOut
from schemas import tables
from schemas.evaluation import Panel, PanelDraw
from schemas.history import facts_text
from schemas.panel import Applicant, Expert, barred_employers, draw_panels
from schemas.rows import tuples
from schemas.run import Run
from schemas.submission import EXPERTS
from tasks.store import frames, history, seals

_expert = tables.expert
_draw = tables.panel_draw
_OLDEST_FIRST = (_draw.c.application_no, _draw.c.number)
_KEY = "expert_no"
_FIRST, _AGAIN = "从专家库随机抽取", "原专家组成员的所在单位参加本批次同职业申报，回避后重新抽取"


def take_in(db: Connection, rows: pd.DataFrame) -> tuple[int, list[LeftOut]]:
    """Put readable rows of the input table, with `row` and `line`, in place of what was known of these experts.

    Returns how many were new or changed, and the rows of each expert number with different ones.
    """
    rows = rows[[*EXPERTS.names, "row", "line"]].fillna("").drop_duplicates(EXPERTS.names)
    is_twice = rows[_KEY].duplicated(keep=False)
    twice = [
        LeftOut.of(EXPERTS, row, line, f"未采用：专家编号“{number}”有不同的几行，请只保留一行")
        for row, line, number in tuples(rows.loc[is_twice, ["row", "line", _KEY]])
    ]
    rows = rows.loc[~is_twice, EXPERTS.names]
    recorded = frames.read(db, select(*(_expert.c[name] for name in EXPERTS.names)))
    both = rows.merge(recorded, how="left", indicator=True)
    changed = both.loc[both["_merge"] == "left_only", EXPERTS.names]
    if len(changed):
        seals.touch(db, seals.EXPERT, changed)
        work = frames.working(db, "changed_experts", changed[[_KEY]])
        db.execute(delete(_expert).where(_expert.c.expert_no.in_(select(work.c.expert_no))))
        frames.append(db, _expert, changed.sort_values(_KEY))
    return len(changed), twice


def pool(db: Connection) -> list[Expert]:
    """Every expert, active or not, by number."""
    rows = frames.read(db, select(_expert)).sort_values(_KEY).to_dict("records")
    return [Expert.of({str(name): value for name, value in row.items()}) for row in rows]


def address(db: Connection, expert_no: str) -> str:
    """The expert's mail address, blank where none is known."""
    return db.execute(select(_expert.c.email).where(_expert.c.expert_no == expert_no)).scalar() or ""


def applicants(db: Connection, cycle: str) -> list[Applicant]:
    """Every application of the cycle with the occupations it asks for, by number."""
    item = tables.item
    statement = select(item.c.application_no, item.c.uscc, item.c.occupation_code).where(item.c.cycle == cycle)
    codes_by_applicant: dict[tuple[str, str], set[str]] = {}
    for number, uscc, code in db.execute(statement.distinct()):
        codes_by_applicant.setdefault((number, uscc.upper()), set()).add(code)
    return [Applicant(number, uscc, frozenset(codes)) for (number, uscc), codes in sorted(codes_by_applicant.items())]


def standing(db: Connection, cycle: str) -> dict[str, Panel]:
    """Application number to the panel that stands, the one drawn last; the rest of thousands of records is dear to read."""
    last = (
        select(_draw.c.application_no, _draw.c.record["panel"]).where(_draw.c.cycle == cycle).order_by(*_OLDEST_FIRST)
    )
    return {number: Panel.model_validate(panel) for number, panel in db.execute(last).tuples()}


def _draws_of(db: Connection, numbers: Collection[str], cycle: str) -> dict[str, PanelDraw]:
    """The draws that stand for these applications."""
    work = frames.working(db, "drawn_for", pd.DataFrame({"application_no": sorted(numbers)}, dtype=frames.TEXT))
    last = select(_draw.c.application_no, _draw.c.record).where(_draw.c.cycle == cycle).order_by(*_OLDEST_FIRST)
    records = dict(db.execute(last.join(work, work.c.application_no == _draw.c.application_no)).tuples().all())
    return {number: PanelDraw.model_validate(record) for number, record in records.items()}


def of_application(db: Connection, application_no: str) -> list[PanelDraw]:
    """Every draw made for an application, oldest first."""
    statement = select(_draw.c.record).where(_draw.c.application_no == application_no).order_by(_draw.c.number)
    return [PanelDraw.model_validate(record) for record in db.execute(statement).scalars()]


def record(db: Connection, draws: dict[str, PanelDraw], because: dict[str, str], run: Run) -> None:
    """Keep draws by application number, each with why it was made (Chinese), and tell the history."""
    if not draws:
        return
    highest = select(_draw.c.application_no, func.max(_draw.c.number)).where(_draw.c.cycle == run.cycle)
    last = {number: int(top) for number, top in db.execute(highest.group_by(_draw.c.application_no))}
    common = {"cycle": run.cycle, "drawn_on": run.day}
    rows = [
        {
            **common,
            "application_no": number,
            "number": last.get(number, 0) + 1,
            "because": because[number],
            "record": draw.model_dump(mode="json"),
        }
        for number, draw in sorted(draws.items())
    ]
    seals.touch(db, seals.PANEL_DRAWS, pd.DataFrame({"application_no": sorted(draws)}, dtype=frames.TEXT))
    db.execute(insert(_draw), rows)
    entries = pd.DataFrame({"subject": sorted(draws)}, dtype=frames.TEXT)
    entries["became"] = [
        "、".join(member.expert_no for member in draws[number].panel.members) for number in sorted(draws)
    ]
    entries["because"] = [f"{because[number]}（种子：{draws[number].seed}）" for number in sorted(draws)]
    entries["facts"] = [facts_text(seed=draws[number].seed) for number in sorted(draws)]
    history.add(db, "panel", entries, run, "filing")


def lead_address(db: Connection, application_no: str) -> str:
    """The mail address of the expert who leads the panel of an application; blank where none is known."""
    draws = of_application(db, application_no)
    return address(db, draws[-1].panel.lead) if draws else ""


@dataclass(frozen=True)
class Drawn:
    """The draws that stand for what goes out, by application number, and the numbers of those drawn anew.

    Empty where there is none to make.
    """

    standing: dict[str, PanelDraw]
    anew: frozenset[str] = frozenset()


def draw(db: Connection, going_out: Collection[str], waiting: Collection[str], run: Run) -> Drawn:
    """Draw the panels of applications that go out, and anew those of `waiting` ones that must not judge any more.

    `going_out`: numbers whose package is being made; `waiting`: numbers sent out whose results are not all in. A draw
    made before stands as long as no member is employed by an applicant of one of its occupations (Notice, article
    3(3)). Without a pool nobody is drawn and packages go out without names.
    """
    experts = pool(db)
    if not experts:
        return Drawn({})
    everyone = applicants(db, run.cycle)
    employers = {expert.expert_no: expert.employer_uscc for expert in experts}
    barred = barred_employers(everyone, set(employers.values()))
    panels = standing(db, run.cycle)
    unfit = {
        number
        for number in panels.keys() & {*going_out, *waiting}
        if any(employers.get(member.expert_no) in barred.get(number, ()) for member in panels[number].members)
    }
    if not going_out and not unfit:
        return Drawn({})
    seed = _seed(panels, run)
    panels = {number: panel for number, panel in panels.items() if number not in unfit}
    new = draw_panels(
        seed, everyone, experts, run.policy.evaluation.panel_size, standing=panels, only={*going_out, *unfit}
    )
    again = _draws_of(db, panels.keys() & going_out, run.cycle)
    record(db, new, {number: _AGAIN if number in unfit else _FIRST for number in new}, run)
    return Drawn(again | new, frozenset(unfit))


def _seed(panels: dict[str, Panel], run: Run) -> str:
    """The seed the cycle's draws began with; else the cycle and the text the installation was given."""
    text = run.installation.panel_seed
    fresh = f"{run.cycle}|{text}" if text else run.cycle
    return next((panel.seed for panel in panels.values() if panel.seed), fresh)
