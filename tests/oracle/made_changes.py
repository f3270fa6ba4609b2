"""What supervision and changes do to those on file while a made story goes on."""

from datetime import date

from applications import FINAL
from made_story import Draft, Story


def supervise(story: Story, draft: Draft, share: float) -> None:
    """Suspend, revoke, withdraw or rename some of those on file whose applications are open or were made."""
    held = {row["uscc"] for row in story.register}
    names = sorted(held & set(story.office.register.institutions))
    for uscc in story.rng.sample(names, int(len(names) * share)):
        what = story.rng.choice(("suspend", "suspend", "revoke", "withdraw", "withdraw", "rename"))
        if story.office.register.suspended(uscc, draft.day):
            what = "reinstate"
        words = ["adjust", what, uscc]
        on_day = sorted({one.occupation for one in story.office.register.trades(uscc, draft.day)})
        if not on_day:
            continue
        if what == "rename":
            words += ["--name", f"黄石新名{len(story.acts)}{uscc[-4:]}有限公司"]
        elif story.rng.random() < 0.4 and what in ("suspend", "revoke", "withdraw"):
            words += ["--occupation", story.rng.choice(on_day)]
        draft.commands.append(_adjusted(story, words, draft.day))


def reorganise(story: Story, draft: Draft) -> None:
    """Let an institution go into another of its type, and give an occupation on file a code that nobody has or asks for."""
    register = story.office.register
    holders = [uscc for uscc in sorted(register.institutions) if register.of(uscc, draft.day)]
    waiting = [app for app in story.open_applications() if not app.closed]
    asking = sorted({app.filing.uscc for app in waiting} & set(holders))
    old = story.rng.choice(asking if asking and story.rng.random() < 0.5 else holders)
    kinds = {uscc: register.institutions[uscc].on(draft.day).type for uscc in holders}
    alike = [uscc for uscc in holders if uscc != old and kinds[uscc] == kinds[old]]
    if alike:
        draft.commands.append(_adjusted(story, ["adjust", "merge", old, story.rng.choice(alike)], draft.day))
    held = sorted({trade.occupation for uscc in holders for trade in register.trades(uscc, draft.day)})
    asked = {code for app in story.office.applications.values() for code in app.filing.occupations()}
    in_use = [code for code in story.world.skills if register.now(code) == code]
    free = [code for code in in_use if code not in asked and code not in held]
    moving = [item for app in waiting for item, state in app.items.items() if state.status not in FINAL]
    under_way = sorted({item.occupation for item in moving} & set(in_use))
    changed = story.rng.choice(under_way if under_way and story.rng.random() < 0.5 else held)
    words = ["adjust", "renumber", changed, story.rng.choice(free)]
    draft.commands.append(_adjusted(story, words, draft.day))


def free_places(story: Story, draft: Draft) -> None:
    """Give up what other holders hold of occupations that applicants wait for."""
    waited = {
        item.occupation
        for app in story.open_applications()
        for item, state in app.items.items()
        if state.status == "held" and state.reason & {"CAP-1", "CAP-2"}
    }
    register = story.office.register
    applicants = {app.filing.uscc for app in story.open_applications()}
    for uscc in sorted(register.institutions):
        freed = {one.occupation for one in register.trades(uscc, draft.day)} & waited
        if uscc not in applicants and freed and story.rng.random() < 0.5:
            words = ["adjust", "withdraw", uscc, "--occupation", sorted(freed)[0]]
            draft.commands.append(_adjusted(story, words, draft.day))


def _adjusted(story: Story, words: list[str], day: date) -> list[str]:
    document = f"黄人社函〔{day.year}〕{story.rng.randrange(1, 99)}号"
    rest = ["--ground", "核查属实", "--document", document, "--by", story.world.make.person()]
    return [*words, *rest, "--as-of", day.isoformat()]
