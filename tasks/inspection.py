"""Inspection (双随机抽查): drawing it, taking in what came of it, and the public files."""

from pathlib import Path

import pandas as pd
from sqlalchemy import Connection

from schemas.directory import edition_name
from schemas.errors import RefusedError
from schemas.inspection import Draw, ImpossibleDrawError, Institution, Source, draw
from schemas.run import Counts, Run
from tasks.desk.supervision import publish
from tasks.gateways.disk.files import file_sha256
from tasks.gateways.shelf.listing import LISTING, read_rows
from tasks.gateways.shelf.manifest import MANIFEST, read_manifest
from tasks.runs.run import step
from tasks.store import editions, inspections
from tasks.store.leases import writing


class DrawnAlreadyError(RefusedError):
    """A cycle's inspection is drawn once."""


def inspection(run: Run, seed: str) -> Counts:
    """Draw once, and publish the draw with its list, seed and result (Notice, article 4(3))."""
    return Counts.sum([make_draw(run, seed), publish_inspection(run)])


@step("draw-{run.cycle}")
def make_draw(run: Run, seed: str) -> Counts:
    """Draw the cycle's inspection; the same seed again changes nothing. What cannot be drawn is reported as failed."""
    try:
        return draw_once(run, seed)
    except (DrawnAlreadyError, ImpossibleDrawError) as impossible:
        return Counts(failed={run.cycle: str(impossible)})


def draw_once(run: Run, seed: str) -> Counts:
    """Draw the cycle's inspection from the directory in force (article 4(3)).

    Raises DrawnAlreadyError for another seed, ImpossibleDrawError where there is nobody to draw.
    """
    with writing(run) as db:
        made = inspections.draw_of(db, run.cycle)
        if made is not None and made.seed != seed:
            raise DrawnAlreadyError(
                f"the inspection of {run.cycle} was drawn on {made.drawn_on} with the seed '{made.seed}': "
                "a draw is made once, and no other seed can replace it"
            )
        if made is not None:
            return Counts()
        made = _drawn(db, run, seed)
        inspections.record_draw(db, made, run)
    return Counts(done={"institutions_listed": len(made.institutions), "drawn": len(made.visits)})


def _drawn(db: Connection, run: Run, seed: str) -> Draw:
    policy = run.policy.inspection
    edition = editions.newest(db, "published")
    if edition is None:
        raise ImpossibleDrawError("no directory is published yet, and a draw is made from one: run `filing run` first")
    return draw(
        run.cycle,
        seed,
        run.day,
        share=policy.share,
        inspectors_per_visit=policy.inspectors_per_visit,
        institutions=institutions_of(editions.rows_of(db, edition["edition"])),
        inspectors=inspections.active_inspectors(db),
        source=Source(edition=edition["edition"], manifest_sha256=edition["manifest_sha256"]),
    )


def institutions_of(rows: pd.DataFrame) -> list[Institution]:
    """Everyone a directory lists, from its rows (DIRECTORY_COLUMNS)."""
    listed = rows.drop_duplicates("uscc")[list(Institution.model_fields)]
    return [Institution.model_validate(row) for row in listed.to_dict("records")]


def unlike_edition(made: Draw, published: Path) -> list[str]:
    """How a draw's list differs from the published directory it names; empty when it does not, or names none."""
    if made.source is None:
        return []
    folder = published / edition_name(made.source.edition)
    if not (folder / MANIFEST).is_file():
        return [f"edition {folder.name} is not below {folder.parent}: put it there to compare the draw's list with it"]
    if file_sha256(folder / MANIFEST) != made.source.manifest_sha256:
        return [f"edition {folder.name} is not the one drawn from: its manifest has another SHA-256"]
    differences = _unlike_listing(made, folder)
    return [differences] if differences else []


def _unlike_listing(made: Draw, folder: Path) -> str:
    try:
        manifest = read_manifest((folder / MANIFEST).read_bytes())
        whole = file_sha256(folder / LISTING) == manifest["files"].get(LISTING)
    except (OSError, ValueError) as broken:
        return f"edition {folder.name} cannot be read: {broken}"
    if not whole:
        return f"{LISTING} of edition {folder.name} was changed after it was published"
    same = set(institutions_of(read_rows(folder))) == set(made.institutions)
    return "" if same else f"the list of the draw is not that of edition {folder.name}"


@step("inspections-{run.cycle}")
def publish_inspection(run: Run) -> Counts:
    """Put the draw and the list of outcomes where anyone can see them; unchanged files are left alone."""
    publish(run.cycle, run)
    return Counts()
