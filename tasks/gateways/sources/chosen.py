"""Bringing and reading the one source that FILING_SOURCE names; any kind of source gives the same pull."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote

from schemas.settings import Settings
from schemas.submission import RESULTS
from tasks.gateways.sources.cells.column_map import ColumnMap, ColumnMapError, load
from tasks.gateways.sources.contents import Pull, QuarantinedFile
from tasks.gateways.sources.doors import DESK_FOLDER, Door, applicants
from tasks.gateways.sources.far import addresses
from tasks.gateways.sources.far.addresses import Address, Allowance, Bounds, SourceError
from tasks.gateways.sources.far.http_api import HttpApi
from tasks.gateways.sources.far.http_pages import pull_pages
from tasks.gateways.sources.far.landing import Copy, Landing
from tasks.gateways.sources.far.remote_folder import Remote, RemoteFolder
from tasks.gateways.sources.far.sql_tables import SqlTables
from tasks.gateways.sources.folder import Unread, pull_folder

LANDINGS: Final = "sources"
"""Folder of the home that holds the copies of sources far away."""
_OPEN: Final = frozenset({"http", "webdav"})
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_HTTP: Final = frozenset({"http", "https"})
#: Scheme to the module of `far` for this kind of remote folder, and the extra of the same name that it needs.
_REMOTE: Final = {"sftp": "sftp", "s3": "s3", "webdav": "webdav", "webdavs": "webdav"}


@dataclass(frozen=True, eq=False)
class Brought:
    """The outcome of bringing a source: the pull, the folder of its files, and a sentence for each thing that failed.

    A source that is down gives its last copy, or no pull at all.
    """

    pull: Pull | None
    root: Path
    failed: Sequence[str] = field(default_factory=tuple)


class _Bringing(Protocol):
    """One kind of source far away."""

    def land(self, landing: Landing) -> Sequence[QuarantinedFile | str]:
        """Bring a copy; returns files that could not be brought, and sentences on what may be missing."""


def is_far(settings: Settings) -> bool:
    """Whether the source is asked over a network or a driver, not a folder of this machine."""
    return "://" in _named(settings) and not _named(settings).startswith("file://")


def shown(settings: Settings, inbox: Path | None = None) -> str:
    """The source's name as people may see it, without any secret."""
    if is_far(settings):
        return addresses.address(settings).public_name
    folder = _folder(settings, inbox)
    if inbox is None and not folder.is_dir() and not _is_plain(settings):
        raise SourceError(addresses.NO_ADDRESS)
    return str(folder)


def stated(settings: Settings) -> tuple[str, str]:
    """The source's name as people may see it, and what is wrong with its settings, or ""; the source is not asked."""
    try:
        summary = f"{shown(settings)}, column map: {load(settings.column_map).title or 'none'}"
    except (SourceError, ColumnMapError) as wrong:
        return "", _discreet(settings, wrong)
    return summary, ""


def sends_openly(settings: Settings) -> bool:
    """Whether credentials would cross a network for everyone to read."""
    if not is_far(settings):
        return False
    where = addresses.address(settings)
    secret = where.password or where.token
    return bool(secret and where.scheme in _OPEN and where.host not in _THIS_MACHINE)


def is_due(settings: Settings, now: datetime) -> bool:
    """Whether the last pull of a source far away is as long ago as the settings say."""
    if not is_far(settings):
        return False
    try:
        asked_at = _landing(settings, settings.root / LANDINGS).asked_at
    except SourceError:
        return False  # there is nothing to ask; the run that had to ask has reported it
    return now.timestamp() - asked_at >= settings.source_hours * 3600


def bring(
    settings: Settings,
    inbox: Path | None = None,
    landings: Path | None = None,
    bounds: Bounds | None = None,
    beat: Callable[[], None] = lambda: None,
    unread: Unread = lambda _folder: (),
) -> Brought:
    """Pull the source of these settings, or the inbox if one is given or no source is named; failures are in the outcome.

    It is the applicants' door: tables other than the form's are set aside.
    `landings` is where copies of sources far away are kept, in the home unless stated; `beat` is called about once a
    minute while one is brought. Files that `unread` names are passed over; pages of an API are always read.
    """
    root = _folder(settings, inbox)
    try:
        column_map = load(settings.column_map)
        if inbox is None and is_far(settings):
            bounds = replace(bounds or _bounds(settings), beat=beat)
            return _bring_far(settings, column_map, landings or settings.root / LANDINGS, bounds, unread)
        others = _other_doors(settings, root, inbox)
        pull = pull_folder(root, column_map, door=_door(settings), besides=others, unread=unread)
        return Brought(pull, root)
    except ColumnMapError as wrong:
        return Brought(None, root, (str(wrong),))
    except SourceError as down:
        return Brought(None, root, (_discreet(settings, down),))
    except NotADirectoryError as absent:
        may_be_named = inbox is not None or _is_plain(settings)
        return Brought(None, root, (str(absent) if may_be_named else addresses.NO_ADDRESS,))


def _bring_far(settings: Settings, column_map: ColumnMap, landings: Path, bounds: Bounds, unread: Unread) -> Brought:
    where = addresses.address(settings)
    landing = _landing(settings, landings)
    failed: list[str] = []
    missing: list[QuarantinedFile] = []
    with landing.held(bounds.answer_seconds):
        try:
            for problem in _bringing(where, column_map, Allowance(bounds)).land(landing):
                if isinstance(problem, QuarantinedFile):
                    missing.append(problem)
                else:
                    failed.append(where.discreet(problem))
        except SourceError as down:
            prefix = "" if where.public_name in str(down) or "FILING_SOURCE " in str(down) else f"{where.public_name}: "
            failed.append(where.discreet(f"{prefix}{down}"))
        except Exception as failure:  # noqa: BLE001  of four libraries; whatever a source does, the run goes on and tells it
            failed.append(where.discreet(f"{where.public_name} cannot be brought: {type(failure).__name__}: {failure}"))
        copy = landing.current
        if copy is None:
            return Brought(None, landing.folder, failed)
        pull = _read(copy, where, column_map, missing, _door(settings), unread)
    return Brought(pull, copy.files, failed)


def _other_doors(settings: Settings, root: Path, inbox: Path | None) -> tuple[str, ...]:
    """Sub-folders that are doors of their own: the panels' in the home's inbox; in any other folder the desk's as well."""
    if root == settings.inbox:
        return (RESULTS.name,)
    return (RESULTS.name, DESK_FOLDER) if inbox is not None else ()


def _door(settings: Settings) -> Door:
    return applicants([settings.source_tables] if settings.source_tables else ())


def _read(
    copy: Copy, where: Address, column_map: ColumnMap, missing: list[QuarantinedFile], door: Door, unread: Unread
) -> Pull:
    if where.scheme in _HTTP:
        return pull_pages(copy.files, sorted(copy.entries), column_map, door)
    return pull_folder(copy.files, column_map, missing, door=door, unread=unread)


def _bringing(where: Address, column_map: ColumnMap, allowance: Allowance) -> _Bringing:
    if where.scheme in _HTTP:
        return HttpApi(where, column_map, allowance)
    if where.scheme in _REMOTE:
        return RemoteFolder(_remote(where, allowance), allowance)
    return SqlTables(where, column_map, allowance)


def _remote(where: Address, allowance: Allowance) -> Remote:
    """The way to a remote folder; raises SourceError if the extra that its kind needs is not installed."""
    kind = _REMOTE[where.scheme]
    try:
        module = import_module(f"tasks.gateways.sources.far.{kind}")
    except ImportError as absent:
        raise SourceError(f"{kind} needs its extra: pip install 'filing-cycles[{kind}]'") from absent
    remote: Remote = module.remote(where, allowance)
    return remote


def _landing(settings: Settings, landings: Path) -> Landing:
    where = addresses.address(settings)
    # a copy belongs to this address: another one, or another user of it, may hold something else
    identity = sha256(f"{where.username}\n{where.bare}".encode()).hexdigest()[:12]
    return Landing(landings / f"{where.scheme.partition('+')[0]}-{identity}")


def _bounds(settings: Settings) -> Bounds:
    seconds = settings.source_timeout_seconds
    return Bounds(answer_seconds=seconds, piece_seconds=20 * seconds, pull_seconds=60 * settings.source_minutes)


def _named(settings: Settings) -> str:
    return settings.source.get_secret_value().strip()


def _folder(settings: Settings, inbox: Path | None) -> Path:
    named = _named(settings)
    if inbox is not None or not named or is_far(settings):
        return inbox or settings.inbox
    plain = unquote(named.removeprefix("file://")) if named.startswith("file://") else named
    return Path(plain).expanduser().resolve()


def _is_plain(settings: Settings) -> bool:
    """Whether the source can only be a folder: an address with a slash missing looks like one, and may hold a password."""
    named = unquote(_named(settings)).removeprefix("file://")
    return "@" not in named and ":" not in named


def _discreet(settings: Settings, down: Exception) -> str:
    try:
        return addresses.address(settings).discreet(str(down))
    except SourceError:
        return str(down)  # an address that cannot be read: the sentence says so and repeats nothing of it
