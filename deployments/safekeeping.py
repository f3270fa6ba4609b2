"""Backup and restore of one installation, home and database, as one archive, sealed to a public key where one is set."""

import gzip
import json
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

import pyrage

from deployments import home_files, schema
from schemas.errors import RefusedError, WrongUseError
from schemas.settings import settings
from tasks.gateways.disk import files, folders
from tasks.store import snapshot

_MANIFEST = "backup.json"
_HOME, _DATABASE = "home", "database"
#: Folders of a backup and of a restore in the making, and the file by which a living one is known.
_BACKUP, _RESTORE, _HELD = ".filing-backup-", ".filing-restore-", ".held"
_PACKED = "packed.tar.gz"
#: An archive is read in pieces of so many bytes.
_PIECE = 1 << 20


class NotRestorableError(RefusedError):
    """A backup that does not fit here: one sentence on what to do."""


@dataclass(frozen=True)
class Backup:
    """What an archive holds; written into it first."""

    product: str
    made_at: str
    schema: str | None
    database: str  # sqlite or postgresql
    rows: dict[str, int]
    left_out: list[str] = field(default_factory=list)


def backup(archive: Path, *, with_key: bool = False) -> Backup:
    """Write the whole home and database into one archive, whole or not at all; others may go on working.

    The key that signs editions goes along only `with_key`. The database is copied first: what it says was delivered or
    published then lies in the files copied after it.
    """
    root = settings().root
    with _aside(root, _BACKUP) as aside:
        record = _copy_databases(aside)
        paths, left_out = home_files.kept(root, {archive.resolve()}, with_key=with_key)
        record = replace(record, left_out=left_out)
        (aside / _MANIFEST).write_text(json.dumps(asdict(record), indent=2), "utf-8")

        def pack(stream: BinaryIO) -> None:
            with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=6) as tar:
                tar.add(aside / _MANIFEST, _MANIFEST)
                tar.add(aside / _DATABASE, _DATABASE)
                for path in paths:
                    with suppress(FileNotFoundError):  # moved on by others, who go on working
                        tar.add(path, f"{_HOME}/{path.relative_to(root)}", recursive=False)

        recipient = settings().backup_recipient
        write = sealed(pack, recipient, aside / _PACKED) if recipient else pack
        files.fill(archive.parent, archive.name, write, private=True)
    return record


@contextmanager
def _aside(folder: Path, prefix: str) -> Iterator[Path]:
    """A folder for what is being copied, gone afterwards; those that a killed process left are swept first.

    It holds identity numbers, so it lies where the installation does and not where everybody's passing files do.
    """
    for left in folder.glob(f"{prefix}*"):
        if left.is_dir() and not left.is_symlink():
            with (left / _HELD).open("a") as handle:
                if files.lock(handle):
                    shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=folder) as made, (Path(made) / _HELD).open("a") as held:
        files.lock(held)
        yield Path(made)


def _copy_databases(aside: Path) -> Backup:
    folder, url = aside / _DATABASE, settings().database
    folder.mkdir()
    is_sqlite = url.startswith("sqlite")
    rows = {} if is_sqlite else snapshot.export_postgresql(url, folder)
    root = settings().root
    for source in home_files.databases(root):
        target = folder / "home" / source.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        snapshot.snapshot_sqlite(source, target)
    present, _ = schema.revisions()
    kind = "sqlite" if is_sqlite else "postgresql"
    return Backup(version("filing-cycles"), datetime.now(UTC).isoformat(timespec="seconds"), present, kind, rows)


def restore(archive: Path, key: Path | None = None) -> Backup:
    """Put an archive into the empty home and, on a server, the empty database; raises NotRestorableError.

    `key`: the file of the private key that a sealed archive opens with.
    """
    root = settings().root
    if root.exists() and any(root.iterdir()):
        raise NotRestorableError(f"{root} is not empty: move it away, or give another home with --home DIR")
    root.parent.mkdir(parents=True, exist_ok=True)
    with _aside(root.parent, _RESTORE) as aside:
        if is_sealed(archive):
            archive = opened(archive, key, aside / _PACKED)
        record = _unpack(archive, aside)
        _fits(record)
        if record.database == "postgresql":
            _fill_server(record, aside)
        home, databases = aside / _HOME, aside / _DATABASE / "home"
        home.mkdir(exist_ok=True)
        if databases.is_dir():
            for database in databases.rglob("*.db"):
                database.chmod(0o600)  # it holds identity numbers, and a copy has the rights of any new file
            shutil.copytree(databases, home, dirs_exist_ok=True)
        if root.exists():
            root.rmdir()
        folders.move(home, root)
    return record


def _unpack(archive: Path, aside: Path) -> Backup:
    try:
        _assert_undamaged(archive)
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(aside, filter=_restorable)  # noqa: S202  each passes tarfile's own data filter
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error) as spoilt:
        raise NotRestorableError(f"{archive} is no whole backup ({spoilt}): take an earlier one") from spoilt
    try:
        return Backup(**json.loads((aside / _MANIFEST).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as foreign:
        raise NotRestorableError(
            f"{archive} is no backup: give an archive that `filing backup` wrote, of this release or an earlier one"
        ) from foreign


def _assert_undamaged(archive: Path) -> None:
    """Read an archive to its end, where its checksum stands: tarfile takes what it cannot read for the end, and is content."""
    with gzip.open(archive) as stream:
        while stream.read(_PIECE):
            pass


def _restorable(member: tarfile.TarInfo, aside: str) -> tarfile.TarInfo | None:
    """What may be unpacked; archives of former releases also hold what an inbox held beside files."""
    try:
        return tarfile.data_filter(member, aside)
    except tarfile.FilterError:
        return None


def _fits(record: Backup) -> None:
    here = "sqlite" if settings().database.startswith("sqlite") else "postgresql"
    if record.database != here:
        raise NotRestorableError(
            f"the backup is of a {record.database} database and FILING_DATABASE_URL names {here}: set it to {record.database}"
        )


def _fill_server(record: Backup, aside: Path) -> None:
    newest = schema.migrate()
    if newest != record.schema:
        raise NotRestorableError(
            f"the backup has schema {record.schema} and this release {newest}: restore with release {record.product}, "
            "then upgrade"
        )
    rows = snapshot.import_postgresql(settings().database, aside / _DATABASE)
    if rows != record.rows:
        raise NotRestorableError("the database does not hold what the backup says: take an earlier backup")


_AGE = b"age-encryption.org/v1"
_PRIVATE = "AGE-SECRET-KEY-"


class SealError(WrongUseError):
    """A key that is none."""


class SealedError(RefusedError):
    """An archive that cannot be opened with what was given."""


def sealed(pack: Callable[[BinaryIO], object], recipient: str, aside: Path) -> Callable[[BinaryIO], None]:
    """A writer of the packed archive, sealed to a public key `age1…`; it is packed in `aside` first. Raises SealError."""
    try:
        key = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError:
        raise SealError(
            "FILING_BACKUP_RECIPIENT is no public key of age: write the line age1… that age-keygen printed"
        ) from None

    def write(stream: BinaryIO) -> None:
        with aside.open("w+b") as packed:
            pack(packed)
            packed.seek(0)
            pyrage.encrypt_io(packed, stream, [key])

    return write


def is_sealed(archive: Path) -> bool:
    """Whether an archive was sealed."""
    with archive.open("rb") as stream:
        return stream.read(len(_AGE)) == _AGE


def opened(archive: Path, key: Path | None, target: Path) -> Path:
    """The archive unsealed into `target`; raises SealedError, SealError."""
    if key is None:
        raise SealedError(f"{archive} is sealed: give the file of the private key with --key FILE")
    lines = key.read_text("utf-8", "replace").splitlines()
    identities = [pyrage.x25519.Identity.from_str(line.strip()) for line in lines if line.startswith(_PRIVATE)]
    if not identities:
        raise SealError(f"{key} holds no private key of age: its line begins with {_PRIVATE}")
    try:
        with archive.open("rb") as stream, target.open("wb") as plain:
            pyrage.decrypt_io(stream, plain, identities)
    except pyrage.DecryptError as wrong:
        raise SealedError(
            f"{archive} does not open with {key}: it was sealed to another key, or it is damaged"
        ) from wrong
    return target
