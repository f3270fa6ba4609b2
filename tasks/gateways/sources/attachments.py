"""Which file an applicant means by `file_name`, and its SHA-256.

Looked for, in this order: in `<folder of the submission>/<application_no>/`, in `attachments/<application_no>/` of the
source, beside the submission. Nothing outside the source's folder is opened: no `..`, no absolute path, no link out.
"""

import errno
import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from schemas.submission import WRITTEN
from tasks.gateways.sources.cells.text import compared
from tasks.gateways.sources.formats import limits, plain_files

FOLDER: Final = "attachments"
SHA256: Final = "attachment_sha256"


@dataclass(frozen=True, eq=False)
class Hashed:
    """The materials with `attachment_sha256`, the files that were meant with their applications, and unreadable ones."""

    materials: pl.DataFrame
    owners: Mapping[str, str]
    unreadable: tuple[str, ...]

    @property
    def used(self) -> frozenset[str]:
        return frozenset(self.owners)


def hash_attachments(root: Path, unpacked: Mapping[str, Path], materials: pl.DataFrame) -> Hashed:
    """SHA-256 of each material's file, null where there is none; a size or checksum nobody wrote is the file's.

    `materials` has application_no, file_name, size_bytes, sha256, written, file.
    """
    named = materials["file_name"].null_count() < len(materials)
    index = {**_index(root), **unpacked} if named else {}
    if not index:
        return Hashed(materials.with_columns(pl.lit(None, pl.String).alias(SHA256)), {}, ())
    spellings = _spellings(index)
    paths = _paths_of(materials, spellings)
    hashes: dict[str, str] = {}
    sizes: dict[str, str] = {}
    unreadable = []
    for path in sorted(paths.drop_nulls().unique()):
        try:
            hashes[path], sizes[path] = _digest(index[path])
        except OSError:
            unreadable.append(path)
    digest, size = (paths.replace_strict(facts, default=None, return_dtype=pl.String) for facts in (hashes, sizes))
    filled = [_where_blank("size_bytes", size), _where_blank("sha256", digest), digest.alias(SHA256)]
    owners = {path: number for path, number in zip(paths, materials["application_no"], strict=True) if path in hashes}
    return Hashed(materials.with_columns(filled), owners, tuple(unreadable))


def _digest(path: Path) -> tuple[str, str]:
    """A file's SHA-256, and its size in bytes."""
    with open(path, "rb", opener=plain_files.never_waiting) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > limits.MAX_FILE_BYTES:
            raise OSError(errno.EFBIG, "larger than any attachment may be")
        return hashlib.file_digest(stream, "sha256").hexdigest(), str(size)


def _where_blank(name: str, values: pl.Series) -> pl.Expr:
    """The column as it was filled in, and what is known of the file where nobody wrote anything."""
    written = pl.col(WRITTEN).str.json_path_match(f"$.{name}").is_not_null()
    return pl.when(pl.col(name).is_null() & ~written).then(values).otherwise(pl.col(name)).alias(name)


def _index(root: Path) -> dict[str, Path]:
    """Every plain file below the folder by its relative path; links that lead out of it are not there."""
    return {path.relative_to(root).as_posix(): path for path in sorted(_files(root)) if _is_utf8(path)}


def _files(root: Path) -> Iterator[Path]:
    real = root.resolve()
    for folder, folders, names in plain_files.walk(root, lambda _closed: None):  # reported when they are read
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = folder / name
            # the plain function says False where a folder may be listed but not entered
            if os.path.isfile(path) and (not path.is_symlink() or path.resolve().is_relative_to(real)):  # noqa: PTH113
                yield path


def _is_utf8(path: Path) -> bool:
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _spellings(index: dict[str, Path]) -> dict[str, str]:
    """Paths as they are, and as they are compared, to the paths as they are."""
    return {compared(path): path for path in reversed(index)} | {path: path for path in index}


def _paths_of(materials: pl.DataFrame, spellings: dict[str, str]) -> pl.Series:
    """The path of each material's file, null where there is none."""
    name = pl.col("file_name").str.replace_all("\\", "/", literal=True)
    bare = {_bare(path) for path in spellings.values()}
    names = materials.select(name.drop_nulls().unique()).to_series().to_list()
    is_present = name.is_in([text for text in names if _bare(text) in bare])
    number = pl.col("application_no")
    beside = pl.col("file").str.replace(r"[^/]*$", "")
    safe = ~name.str.contains(r"^/|(^|/)\.{1,2}(/|$)") & ~number.str.contains(r"/|^\.{1,2}$")
    places = [beside + number + "/" + name, pl.lit(f"{FOLDER}/") + number + "/" + name, beside + name]
    tried = materials.select(
        pl.when(safe & is_present).then(place).alias(str(order)) for order, place in enumerate(places)
    )
    exact = [tried[column].replace_strict(spellings, default=None, return_dtype=pl.String) for column in tried.columns]
    matches = pl.select(pl.coalesce(exact)).to_series()
    for column in tried.columns:
        # capitals, spaces and the way a character is put together differ between systems, and between people
        open_rows = tried[column].set(matches.is_not_null(), None)
        texts = open_rows.drop_nulls().unique().to_list()
        loose = {text: spellings.get(compared(text)) for text in texts}
        matches = pl.select(
            pl.coalesce(matches, open_rows.replace_strict(loose, default=None, return_dtype=pl.String))
        ).to_series()
    return _below(materials, matches, spellings)


def is_looked_for(path: str, file_name: str, number: str, beside: str) -> bool:
    """Whether a file of a source lies where it may be one that an application names.

    `path`: its path below the source; `beside`: the folder of the submission there, blank for the source's own.
    """
    here, name = compared(path), compared(file_name.replace("\\", "/"))
    if here.rpartition("/")[2] != name.rpartition("/")[2]:
        return False
    places = [f"{FOLDER}/{number}/", f"{beside}/" if beside else f"{number}/"]
    return here.startswith(tuple(map(compared, places))) or (not beside and (here == name or "/" not in here))


def _bare(path: str) -> str:
    """The last name of a path as names are compared, to tell at once what is not there: most materials bring no file."""
    return compared(path.rpartition("/")[2]).rpartition("/")[2].lstrip("'")


def _below(materials: pl.DataFrame, matches: pl.Series, spellings: dict[str, str]) -> pl.Series:
    """What is still missing, looked for by its name alone in the folders below the submission's own.

    Not in the source's top folder, where the files of all lie: below it only in the application's own folder.
    """
    named: dict[str, list[str]] = {}
    for path in dict.fromkeys(spellings.values()):
        named.setdefault(compared(path.rpartition("/")[2]), []).append(path)
    keys = materials.select("file", "application_no", "file_name").rows()
    by_name: dict[tuple[str, str, str], str | None] = {}
    last = {name: compared(name.replace("\\", "/").rpartition("/")[2]) for _, _, name in keys if name is not None}
    for key, path in zip(keys, matches.to_list(), strict=True):
        if path is None and None not in key and key not in by_name and (places := named.get(last[key[2]])):
            by_name[key] = _only_below(key, places)
    paths = [path or by_name.get(key) for path, key in zip(matches.to_list(), keys, strict=True)]
    return pl.Series(paths, dtype=pl.String)


def _only_below(key: tuple[str, str, str], named: list[str]) -> str | None:
    """The one of these paths of the right name that lies below the submission's folder."""
    file, number, _ = key
    beside = file.rpartition("/")[0]
    folder = compared(f"{beside}/" if beside else f"{number}/")
    below = [path for path in named if compared(path).startswith(folder)]
    return below[0] if len(below) == 1 else None
