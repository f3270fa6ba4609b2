"""Sessions: a signed cookie that says who, until when and in which epoch of the account."""

import hashlib
from pathlib import Path

from itsdangerous import BadData, URLSafeTimedSerializer

from deployments.gate.accounts import Accounts
from deployments.gate.people import Person
from deployments.gate.secrets_of_home import session_key

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

    def whose(self, cookie: str) -> Person | None:
        """Whose session it is, with the role of today; None for one that is over or was never ours."""
        try:
            name, epoch = self._serializer.loads(cookie, max_age=LIVES_SECONDS)
        except (BadData, ValueError, TypeError):
            return None
        return self._accounts.person(name) if epoch == self._accounts.epoch(name) else None
