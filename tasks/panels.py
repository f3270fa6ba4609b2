"""The panels of a cycle: drawn once for each application, drawn anew only when a member has become a rival's."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection

from schemas.evaluation import PanelDraw
from schemas.panel import barred_employers, draw_panels
from schemas.run import Run
from tasks.store import panels

_FIRST, _AGAIN = "从专家库随机抽取", "原专家组成员的所在单位参加本批次同职业申报，回避后重新抽取"


@dataclass(frozen=True)
class Drawn:
    """The draws that stand, by application number, and the numbers of those drawn anew in place of an earlier one."""

    standing: dict[str, PanelDraw]
    anew: frozenset[str] = frozenset()


def draw(db: Connection, going_out: Collection[str], waiting: Collection[str], run: Run) -> Drawn:
    """Draw the panels of applications that go out, and anew those of `waiting` ones that must not judge any more.

    `going_out`: numbers whose package is being made; `waiting`: numbers sent out whose results are not all in. A draw
    made before stands as long as no member is employed by an applicant of one of its occupations (Notice, article
    3(3)). Without a pool nobody is drawn and packages go out without names.
    """
    pool = panels.pool(db)
    if not pool:
        return Drawn({})
    everyone = panels.applicants(db, run.cycle)
    kept = panels.standing(db, run.cycle)
    barred = barred_employers(everyone)
    employers = {expert.expert_no: expert.employer_uscc for expert in pool}
    concerned = {*going_out, *waiting}
    unfit = {
        number
        for number, made in kept.items()
        if number in concerned
        and any(employers.get(member.expert_no) in barred.get(number, ()) for member in made.panel.members)
    }
    seed = _seed(kept, run)
    kept = {number: made for number, made in kept.items() if number not in unfit}
    size = run.policy.evaluation.panel_size
    after = draw_panels(seed, everyone, pool, size, kept=kept, wanted={*going_out, *unfit})
    new = {number: made for number, made in after.items() if number not in kept}
    panels.record(db, new, {number: _AGAIN if number in unfit else _FIRST for number in new}, run)
    return Drawn(after, frozenset(unfit))


def _seed(kept: dict[str, PanelDraw], run: Run) -> str:
    """The seed the cycle's draws began with; else the cycle and the text the installation was given."""
    text = run.installation.panel_seed
    fresh = f"{run.cycle}|{text}" if text else run.cycle
    return next(iter(kept.values())).seed if kept else fresh
