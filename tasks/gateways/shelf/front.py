"""`published/index.html`: every edition, public notice and inspection with its files, and the keys that sign them.

Beside it lie the keys as data, the script that checks everything with nothing but Python, and `next/`: an edition never
changes, so it links `next/<edition>.html`, which leads on to its follower once there is one.
"""

from collections.abc import Iterator
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

from markupsafe import Markup

from schemas import office as offices
from schemas.directory import CHANGE_KINDS
from tasks.gateways.disk import files
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.shelf import chain, keys, manifest
from tasks.gateways.shelf.manifest import MANIFEST, read_manifest
from tasks.gateways.shelf.page import content_policy, page_template, style_sheet

PAGE, VERIFIER, NEXT = "index.html", "verify.py", "next"
#: Files of an edition that the list links, as far as it has them: an older release made fewer.
_LINKED = {
    "directory.xlsx": "电子表格",
    "directory.csv": "CSV",
    "directory.json": "JSON",
    "changes.csv": "变更",
    "feed.xml": "订阅",
    "datapackage.json": "数据说明",
}


def write(published: Path, home: Path) -> None:
    """Let the list show what lies on the shelf now; unchanged files are left alone. Raises OSError, UnusableOfficeError."""
    if not published.is_dir():
        return
    on_record = keys.public_keys(home / keys.FOLDER)
    files.put(published, VERIFIER, (resources("tasks.gateways.shelf") / "verify_editions.py").read_bytes())
    if on_record:
        files.put(published, keys.PUBLIC, keys.record(on_record))
    office, listed = offices.read(home), list(_editions(published))
    # the list comes last: what it names is there
    for edition, follower in _followers(published, listed):
        files.put(
            published / NEXT, f"{edition}.html", _step(edition, follower, office, newest=edition == listed[0]["name"])
        )
    files.put(published, PAGE, _page(published, office, listed, on_record))


def _followers(published: Path, listed: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Each edition that can be read with the one that follows it; blank where none does."""
    readable = [edition for edition in listed if edition["as_of"]]
    follower = {edition["previous"]: edition["name"] for edition in readable}
    return (
        (edition["name"], follower.get(files.file_sha256(published / edition["name"] / MANIFEST), ""))
        for edition in readable
    )


def _step(edition: str, follower: str, office: offices.Office, *, newest: bool) -> bytes:
    """Where an edition leads on to: its follower, or that there is none."""
    style = style_sheet()
    html = page_template("next.html").render(
        policy=content_policy(style),
        style=Markup(style),  # noqa: S704  shipped with the package
        edition=edition,
        follower=follower,
        newest=newest,
        issuer=office.authority,
    )
    return html.encode("utf-8")


def _page(
    published: Path, office: offices.Office, editions: list[dict[str, Any]], on_record: list[keys.PublicKey]
) -> bytes:
    style = style_sheet()
    html = page_template(
        "front.html"
    ).render(
        policy=content_policy(style),
        style=Markup(style),  # noqa: S704  shipped with the package
        issuer=office.authority,
        editions=editions,
        notices=list(_notices(published)),
        inspections=_inspections(published),
        keys=[*reversed(on_record)],
        lost=[key for key in on_record[1:] if not key.vouched_by],
    )
    return html.encode("utf-8")


def _editions(published: Path) -> Iterator[dict[str, Any]]:
    """Every edition with its files, the newest first; one that cannot be read, or follows one that is missing, says so."""
    names = chain.edition_names(published)
    digests = {
        files.file_sha256(published / name / MANIFEST) for name in names if (published / name / MANIFEST).is_file()
    }
    records = [(name, _read(published / name)) for name in names]
    ordered = sorted(records, key=lambda pair: str((pair[1] or {}).get("as_of", "")))
    for name, record in reversed(ordered):
        if record is None or "edition" not in record:
            yield {"name": name, "as_of": "", "fault": "清单缺失或已被改动，不可采信"}
            continue
        previous = record.get("previous_manifest_sha256")
        changes = record.get("changes", {})
        yield {
            "name": name,
            "as_of": visible(str(record["as_of"])),
            "rows": record["rows"],
            "changes": "、".join(
                f"{title} {changes[kind]} 项" for kind, title in CHANGE_KINDS.items() if changes.get(kind)
            ),
            "files": [(file, title) for file, title in _LINKED.items() if file in record["files"]],
            "scans": sorted(_scans(published / name)),
            "signed": "signature" in record,
            "previous": previous,
            "fault": "" if previous is None or previous in digests else "上一版缺失或已被改动",
        }


def _scans(edition: Path) -> list[str]:
    try:
        return list(manifest.recorded(edition))
    except ValueError:
        return []


def _notices(published: Path) -> Iterator[dict[str, Any]]:
    folder = published / "notices"
    for path in sorted(folder.iterdir(), reverse=True) if folder.is_dir() else ():
        record = _read(path)
        if record is not None:
            yield {
                "name": path.name,
                "signed": "signature" in record,
                **{name: visible(str(record.get(name, ""))) for name in ("published_on", "ends_on")},
            }


def _inspections(published: Path) -> list[tuple[str, list[str]]]:
    folder = published / "inspections"
    if not folder.is_dir():
        return []
    return [
        (path.name, sorted(file.name for file in path.iterdir() if file.is_file()))
        for path in sorted(folder.iterdir(), reverse=True)
        if path.is_dir()
    ]


def _read(folder: Path) -> dict[str, Any] | None:
    try:
        return read_manifest((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
