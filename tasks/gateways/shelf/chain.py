"""Whether the published editions are still what they were: every file, every link."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.run import Head
from tasks.gateways.disk.files import file_sha256
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.shelf import manifest
from tasks.gateways.shelf.editions import LATEST
from tasks.gateways.shelf.manifest import MANIFEST, read_manifest

_EDITION = re.compile(r"(\d{4})-(\d{2})\.(\d+)")


def verify_chain(published: Path, on_record: Mapping[str, str] | None = None) -> list[str]:
    """One sentence for each fault, the first broken link first; an empty list when all is as it was published.

    `known` maps edition names to the SHA-256 of their manifests as recorded when they were placed: with it, a missing
    newest edition and a manifest rewritten together with its seal are found too.
    """
    on_record = on_record or {}
    names = edition_names(published)
    missing = [
        f"edition {name} is missing below {published}" for name in sorted(set(on_record) - set(names), key=_order)
    ]
    records: dict[str, dict[str, Any]] = {}
    digests: dict[str, str] = {}
    faults: list[str] = []
    for name in names:
        try:
            content = (published / name / MANIFEST).read_bytes()
            digests[name] = file_sha256(published / name / MANIFEST)
            records[name] = _edition_record(content)
        except (OSError, ValueError) as broken:
            faults.append(f"edition {name}: {MANIFEST} cannot be relied on: {broken}")
            continue
        if on_record.get(name, digests[name]) != digests[name]:
            faults.append(f"edition {name}: {MANIFEST} is not the one that was published")
        faults += _file_faults(published / name, records[name])
    return [*missing, *_link_faults(records, digests), *faults, *_latest_faults(published, names)]


def edition_faults(folder: Path) -> list[str]:
    """One sentence for each fault of one edition by itself."""
    try:
        record = _edition_record((folder / MANIFEST).read_bytes())
    except (OSError, ValueError) as broken:
        return [f"edition {folder.name}: {MANIFEST} cannot be relied on: {broken}"]
    return _file_faults(folder, record)


def _edition_record(content: bytes) -> dict[str, Any]:
    """The manifest of an edition; raises ValueError for any other, also for that of a public notice."""
    record = read_manifest(content)
    if not {"edition", "as_of", "previous_manifest_sha256"} <= set(record):
        raise ValueError("it is not that of an edition")
    return record


def heads(published: Path) -> dict[str, Head]:
    """The history each edition was drafted from, as its manifest records it; an older release recorded none."""
    heads_by_name = {}
    for name in edition_names(published):
        try:
            heads_by_name[f"edition {name}"] = Head.model_validate(
                read_manifest((published / name / MANIFEST).read_bytes())["history"]
            )
        except (OSError, ValueError, KeyError):
            continue  # verify_chain reports what is broken
    return heads_by_name


def edition_names(published: Path) -> list[str]:
    """The editions on the shelf, oldest first by cycle and number."""
    if not published.is_dir():
        return []
    return sorted((path.name for path in published.iterdir() if _EDITION.fullmatch(path.name)), key=_order)


def _order(name: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", name)))


def files_below(folder: Path) -> set[str]:
    """The files of an edition, also those one folder below, `list/1.html`; what is no file is named as well."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}


def _file_faults(folder: Path, record: Mapping[str, Any]) -> list[str]:
    listed: dict[str, str] = record["files"]
    there = files_below(folder) - {MANIFEST, manifest.ATTACHMENTS}
    try:
        attached = manifest.recorded(folder)
    except ValueError as broken:
        return [f"edition {folder.name}: {manifest.ATTACHMENTS} cannot be relied on: {broken}"]
    faults = [f"edition {folder.name}: {visible(name)} is missing" for name in sorted(set(listed) - there)]
    faults += [
        f"edition {folder.name}: {visible(name)} does not belong to it"
        for name in sorted(there - set(listed) - set(attached))
    ]
    faults += manifest.faults(folder, attached)
    faults += [
        f"edition {folder.name}: {visible(name)} was changed after it was published"
        for name in sorted(there & set(listed))
        if not (folder / name).is_file() or file_sha256(folder / name) != listed[name]
    ]
    if record["edition"] != folder.name:
        faults.append(f"edition {folder.name}: its {MANIFEST} is that of {visible(str(record['edition']))}")
    return faults


def _link_faults(records: Mapping[str, Mapping[str, Any]], digests: Mapping[str, str]) -> list[str]:
    by_digest = {digest: name for name, digest in digests.items()}
    followers: dict[str | None, str] = {}
    faults = []
    for place, name in enumerate(digests):
        if name not in records:
            continue
        previous = records[name]["previous_manifest_sha256"]
        if previous in followers:
            after = f"follow {by_digest.get(previous, 'the same edition')}" if previous else "claim to be the first"
            faults.append(f"the chain is broken: {followers[previous]} and {name} both {after}")
        elif previous is not None and previous not in by_digest:
            suspect = list(digests)[place - 1] if place else "the edition before it"
            faults.append(
                f"the chain is broken at {name}: the manifest it follows (SHA-256 {previous[:12]}…) "
                f"is not on the shelf; {suspect} was changed or an edition is missing"
            )
        followers.setdefault(previous, name)
    return faults


def _latest_faults(published: Path, names: list[str]) -> list[str]:
    latest = published / LATEST
    if not names or (latest.is_symlink() and latest.readlink().name in names and latest.exists()):
        return []
    return [f"{latest} does not point at an edition: run the publication again"]
