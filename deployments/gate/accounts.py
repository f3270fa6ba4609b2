"""People's accounts, kept in one private file of the home: a name, a role, a password nobody can read back, sessions."""

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import BaseModel, ValidationError

from deployments.gate.people import MACHINE, ROLES, Person, Role
from deployments.gate.secrets_of_home import session_key
from schemas.errors import RefusedError, WrongUseError
from tasks.gateways.disk import files

FILE = "accounts.json"
_LOCK = "accounts.lock"
_NAME = re.compile(r"[\w.·-]{1,40}")
#: Characters of a password; a short one is soon guessed.
SHORTEST = 12
_LONGEST = 256
_LINK_LIVES = timedelta(hours=24)
_PATIENCE_SECONDS = 10.0
_hasher = PasswordHasher()


class AccountError(WrongUseError):
    """An account that cannot be made or changed so: one sentence."""


class LinkError(RefusedError):
    """A one-time link that is used up, too old or never was."""


class Account(BaseModel):
    """One person's account; `epoch` ends every session when it is raised; an empty password signs nobody in."""

    role: str
    password: str = ""
    epoch: int = 0


class Link(BaseModel):
    """A link that sets a password once; without a name, whoever opens it chooses one."""

    name: str
    role: str
    until: datetime


class _Book(BaseModel):
    accounts: dict[str, Account] = {}
    links: dict[str, Link] = {}


class Accounts:
    """The accounts of one home; read anew whenever the file has changed."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._seen: tuple[int, int, int] | None = None
        self._book = _Book()

    def all(self) -> dict[str, Account]:
        """Every account by its name, in order."""
        return dict(sorted(self._read().accounts.items()))

    def person(self, name: str) -> Person | None:
        account = self._read().accounts.get(name)
        return Person(name, ROLES[account.role]) if account else None

    def epoch(self, name: str) -> int | None:
        """What a session must carry to be good; None for nobody."""
        account = self._read().accounts.get(name)
        return account.epoch if account else None

    def has_admin(self) -> bool:
        """Whether an administrator can sign in."""
        return any(account.role == Role.ADMIN.word and account.password for account in self._read().accounts.values())

    def verify(self, name: str, password: str) -> Person | None:
        """Whose name and password these are; takes as long for a name nobody has."""
        account = self._read().accounts.get(_plain(name))
        if account is None or not account.password:
            _hasher.hash(password[:_LONGEST])  # as long as verifying takes
            return None
        try:
            _hasher.verify(account.password, password[:_LONGEST])
        except (VerificationError, InvalidHashError):
            return None
        return Person(_plain(name), ROLES[account.role])

    def add(self, name: str, role: str) -> str:
        """Make an account without a password and return the token of its one-time link; raises AccountError."""
        name = _checked(name, role)
        with self._writing() as book:
            if name in book.accounts:
                raise AccountError(f"there is an account {name} already: `filing users role` changes what it may do")
            book.accounts[name] = Account(role=role)
            return _invite(book, name, role)

    def renew(self, name: str) -> str:
        """Take an account's password away, end its sessions and return the token of a new link; raises AccountError."""
        with self._writing() as book:
            account = _known(book, name)
            account.password, account.epoch = "", account.epoch + 1
            return _invite(book, name, account.role)

    def first(self) -> str:
        """The token of a link by which the first administrator makes an account; former such links are void."""
        with self._writing() as book:
            for digest in [digest for digest, link in book.links.items() if not link.name]:
                del book.links[digest]
            return _invite(book, "", Role.ADMIN.word)

    def change_role(self, name: str, role: str) -> None:
        """Give a person another role; raises AccountError."""
        with self._writing() as book:
            _checked(name, role)
            _known(book, name).role = role
            _assert_administered(book)

    def remove(self, name: str) -> None:
        """Take an account away; its sessions end with it. Raises AccountError."""
        with self._writing() as book:
            _known(book, name)
            del book.accounts[name]
            _assert_administered(book)

    def end_sessions(self, name: str) -> None:
        """Sign a person out everywhere."""
        with self._writing() as book:
            if name in book.accounts:
                book.accounts[name].epoch += 1

    def link(self, token: str) -> Link:
        """What a one-time link is for; raises LinkError."""
        link = self._read().links.get(_digest(token))
        if link is None or link.until < datetime.now(UTC):
            raise LinkError("此链接已用过或已过期：请管理员用 filing users link 另发一个")
        return link

    def accept(self, token: str, name: str, password: str) -> Person:
        """Set the password a one-time link asks for, which uses it up; raises LinkError, AccountError."""
        with self._writing() as book:
            link = book.links.get(_digest(token))
            if link is None or link.until < datetime.now(UTC):
                raise LinkError("此链接已用过或已过期：请管理员用 filing users link 另发一个")
            name = link.name or _checked(name, link.role)
            if not link.name and name in book.accounts:
                raise AccountError(f"已有账号 {name}：请换一个名字")
            if not SHORTEST <= len(password) <= _LONGEST or password == name * (len(password) // max(len(name), 1)):
                raise AccountError(f"密码须有{SHORTEST}个以上的字符，且不是名字的重复")
            former = book.accounts.get(name, Account(role=link.role))
            book.accounts[name] = Account(role=link.role, password=_hasher.hash(password), epoch=former.epoch + 1)
            del book.links[_digest(token)]
            return Person(name, ROLES[link.role])

    def _read(self) -> _Book:
        place = self._home / FILE
        try:
            state = place.stat()
        except FileNotFoundError:
            self._seen, self._book = None, _Book()
            return self._book
        seen = (state.st_mtime_ns, state.st_size, state.st_ino)
        if seen != self._seen:
            try:
                self._book = _Book.model_validate_json(place.read_bytes())
            except ValidationError:
                raise RefusedError(
                    f"{place} is damaged: restore it from a backup, or delete it and begin anew"
                ) from None
            self._seen = seen
        return self._book

    @contextmanager
    def _writing(self) -> Iterator[_Book]:
        self._home.mkdir(parents=True, exist_ok=True)
        with (self._home / _LOCK).open("a") as held:
            if not files.lock(held, _PATIENCE_SECONDS):
                raise RefusedError("another process changes the accounts: try again")
            book = self._read().model_copy(deep=True)
            yield book
            now = datetime.now(UTC)
            book.links = {digest: link for digest, link in book.links.items() if link.until >= now}
            files.put(self._home, FILE, book.model_dump_json(indent=1).encode(), private=True)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip())


def _checked(name: str, role: str) -> str:
    plain = _plain(name)
    if not _NAME.fullmatch(plain) or plain.casefold() in (MACHINE.name, "system"):
        raise AccountError(f"'{name}' cannot name a person: letters, digits and . - _ of at most 40 characters")
    if role not in ROLES:
        raise AccountError(f"'{role}' is no role: {', '.join(ROLES)}")
    return plain


def _known(book: _Book, name: str) -> Account:
    if name not in book.accounts:
        raise AccountError(f"there is no account {name}: `filing users list` names them")
    return book.accounts[name]


def _assert_administered(book: _Book) -> None:
    if not any(account.role == Role.ADMIN.word for account in book.accounts.values()):
        raise AccountError("nobody would be administrator any more: name another first")


def _invite(book: _Book, name: str, role: str) -> str:
    for digest in [digest for digest, link in book.links.items() if name and link.name == name]:
        del book.links[digest]
    token = secrets.token_urlsafe(32)
    book.links[_digest(token)] = Link(name=name, role=role, until=datetime.now(UTC) + _LINK_LIVES)
    return token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


COOKIE = "filing_session"
#: A session lives for a working day, whatever is done in it.
LIVES_SECONDS = 12 * 3600
_SALT = "filing session"


class Sessions:
    """The sessions of one home."""

    def __init__(self, home: Path, accounts: Accounts) -> None:
        self._accounts = accounts
        signing = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        self._serializer = URLSafeTimedSerializer(session_key(home), salt=_SALT, signer_kwargs=signing)

    def begin(self, person: Person) -> str:
        """The cookie of a session that begins now."""
        return str(self._serializer.dumps([person.name, self._accounts.epoch(person.name)]))

    def person_of(self, cookie: str) -> Person | None:
        """Whose session it is, with the role of today; None for one that is over or was never ours."""
        try:
            name, epoch = self._serializer.loads(cookie, max_age=LIVES_SECONDS)
        except (BadData, ValueError, TypeError):
            return None
        return self._accounts.person(name) if epoch == self._accounts.epoch(name) else None
