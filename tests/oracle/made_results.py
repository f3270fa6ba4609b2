"""Made decisions and results for a cycle whose screening the oracle has read; nothing of the form's tables here."""

from datetime import date, timedelta

from facts import Row, deadline
from filing import Filing, Item
from made_filings import World
from reading import Run
from result_rules import ItemKey

_SCORES = ("60", "60", "75", "80", "80", "80.5", "88", "88", "90", "95.5", "100")


def decisions(world: World, screened: Run, as_of: date) -> list[Row]:
    """Operators' decisions on some of what is held: for all occupations or one; and some that nothing waits for."""
    rng = world.rng
    rows: list[Row] = []
    held: dict[tuple[str, str], set[str]] = {}
    for (no, item), state in screened.items.items():
        for rule in state.reason if state.status == "held" else ():
            held.setdefault((no, rule), set()).add(item.occupation)
    for (no, rule), occupations in sorted(held.items()):
        way = rng.choices(("none", "permit", "refuse", "each"), (30, 35, 12, 23))[0]
        if way in ("permit", "refuse"):
            rows.append(_decision(world, (no, rule), "", way, as_of))
        if way == "each":
            for code in sorted(occupations):
                if rng.random() < 0.7:
                    rows.append(_decision(world, (no, rule), code, rng.choice(("permit", "permit", "refuse")), as_of))
    for no, filing in screened.filings.items():
        if filing.type == "social_organisation" and rng.random() < 0.08:
            code = rng.choice(["", *sorted(filing.occupations())])
            if (no, "CAP-2") not in held:
                rows.append(_decision(world, (no, "CAP-2"), code, "permit", as_of))
        if rng.random() < 0.02:
            rule = rng.choice(("FORM-3", "DORM-1", "CAP-1"))
            rows.append(_decision(world, (no, rule), "6-31-01-99", "permit", as_of))
    rng.shuffle(rows)
    return rows


def _decision(world: World, finding: tuple[str, str], code: str, verdict: str, as_of: date) -> Row:
    no, rule = finding
    return {
        "application_no": no,
        "rule": rule,
        "occupation_code": code,
        "verdict": world.word("decision_verdict", verdict),
        "decided_by": world.make.person(),
        "decided_at": f"{as_of - timedelta(days=world.rng.randrange(1, 9))}T10:00:00",
        "document_no": f"黄人社例〔{as_of.year}〕{world.rng.randrange(1, 99)}号",
        "reason": "经集体研究",
    }


def results(world: World, sent: Run, manner: str) -> list[Row]:
    """Results of the dispatched items: `complete`, `partial` (some missing or not acceptable) or `none`."""
    rng = world.rng
    keys = sorted(key for key, state in sent.items.items() if state.status == "dispatched")
    if manner == "none":
        return []
    rows = [_result(world, key, sent.filings[key[0]]) for key in keys]
    rows = [row for row in rows if manner == "complete" or rng.random() > 0.15]
    if manner == "partial":
        for row in rows:
            if rng.random() < 0.1:
                row.update(rng.choice((_short_panel(world), _below_the_mark(), _unreadable(world))))
        rows += [_other_verdict(row) for row in rng.sample(rows, len(rows) // 30)]
    rows += [dict(row) for row in rng.sample(rows, len(rows) // 25)]
    rows += _unsent(world, sent, keys)
    rng.shuffle(rows)
    return rows


def _result(world: World, key: ItemKey, filing: Filing) -> Row:
    rng = world.rng
    no, item = key
    fails = rng.random() < 0.12
    promised = bool(filing.commitments())
    shown = ("true", "是", "false", "否") if promised else ("true", "false", "否")
    level = item.level if rng.random() < 0.9 else world.make.spelled([item.level])
    return {
        "application_no": no,
        "occupation_code": item.occupation,
        "level": level,
        "verdict": world.word("result_verdict", "fail" if fails else "pass"),
        "score": str(rng.randrange(0, 60)) if fails else rng.choice(_SCORES),
        "evaluated_on": (deadline(world.facts.policy, world.cycle) + timedelta(days=rng.randrange(1, 20))).isoformat(),
        "panel_lead": world.make.person(),
        "panel_size": str(rng.choice((3, 3, 5))),
        "commitments_shown": rng.choices(shown, (6, 2, 1, 1)[: len(shown)])[0],
        "remarks": "",
    }


def _short_panel(world: World) -> Row:
    return {"panel_size": world.rng.choice(("0", "1", "2"))}


def _below_the_mark() -> Row:
    return {"verdict": "pass", "score": "59.5"}


def _unreadable(world: World) -> Row:
    ways: tuple[Row, ...] = (
        {"verdict": "待定"},
        {"score": "八十五"},
        {"panel_size": "三人"},
        {"commitments_shown": "部分"},
        {"evaluated_on": "上周"},
    )
    return world.rng.choice(ways)


def _other_verdict(row: Row) -> Row:
    if row["verdict"] in ("pass", "合格"):
        return row | {"verdict": "fail", "score": "41"}
    return row | {"verdict": "pass", "score": "66"}


def _unsent(world: World, sent: Run, keys: list[ItemKey]) -> list[Row]:
    """Results that name what was not sent out: an application, an occupation, a level."""
    rng = world.rng
    rows = []
    idle = sorted(key for key, state in sent.items.items() if state.status in ("returned", "held", "refused"))
    for key in rng.sample(idle, min(len(idle), 4)):
        rows.append(_result(world, key, sent.filings[key[0]]))
    if keys:
        no, item = rng.choice(keys)
        rows.append(_result(world, (no, item), sent.filings[no]) | {"application_no": "HS0000-99999"})
        rows.append(_result(world, (no, Item("4-01-99-01", item.level)), sent.filings[no]))
        taken = {key[1].level for key in keys if key[0] == no and key[1].occupation == item.occupation}
        for level in sorted(set("12345") - taken)[:1]:
            rows.append(_result(world, (no, Item(item.occupation, level)), sent.filings[no]))
    return rows
