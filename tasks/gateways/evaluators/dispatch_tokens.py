"""Tokens (送评凭证) that bind results to the package they answer: signed as it goes out, read as they come back.

The key is FILING_RESULT_KEY, of at least 32 ASCII characters, or one made for
the home once tokens are required; without a key no package has a token, and no token is right.
"""

import hashlib
import secrets
from dataclasses import astuple, dataclass
from typing import Final

import pandas as pd
from itsdangerous import BadData, URLSafeSerializer

from schemas.errors import WrongUseError
from schemas.evaluation import EvaluationPackage
from schemas.item import KEYS
from schemas.settings import Settings
from tasks.gateways.disk import files
from tasks.gateways.sources import QuarantinedFile
from tasks.gateways.sources.returned_results import FILE, PATH

KEY_FILE: Final = "result.key"
"""Below the home; as secret as the database's password."""
_SALT: Final = "filing dispatch"
_SHORTEST: Final = 32  # characters; of a shorter one, tokens could be forged by trying

_NONE = "没有送评凭证，请用原送评的评分表填写，或在“送评凭证”（token）列填入该次送评package.json中的token后重新报送"
_FORGED = "送评凭证不是本系统签发的或已被改动，请从原送评的评分表或package.json原样取用后重新报送"
_ANOTHER = "送评凭证属于另一份申报，请改用该申报自己的送评凭证后重新报送"
_REPLACED = "送评凭证属于第{given}次送评，该职业等级已改由第{sent}次送评的专家组评估，请由该专家组报送"


class SigningKeyError(WrongUseError, ValueError):
    """A key that cannot be used, in one sentence with the remedy; nothing is sent or taken without it meanwhile."""


@dataclass(frozen=True)
class Dispatch:
    """One package as it was sent: a drawn panel that is replaced gets a package of a higher revision."""

    cycle: str
    application_no: str
    revision: int


def token_for(package: EvaluationPackage, installation: Settings) -> str:
    """The token of a package that goes out; blank where the installation has no key."""
    key = signing_key(installation)
    sent = Dispatch(package.cycle, package.application_no, package.revision)
    return str(_serializer(key).dumps(astuple(sent))) if key else ""


def read_token(token: str, installation: Settings) -> Dispatch | None:
    """The dispatch a token was signed for, None for any text that this installation did not sign."""
    key = signing_key(installation)
    if not key:
        return None
    try:
        return Dispatch(*_serializer(key).loads(token))
    except (BadData, TypeError):
        return None


def signing_key(installation: Settings) -> str:
    """The secret key; made where tokens are required and there is none yet, blank where nobody asked for any.

    Raises SigningKeyError.
    """
    if not (key := known_key(installation)) and installation.result_tokens == "required":
        # packages go out with it next: after a power cut it must be there as they are
        files.put_once(installation.root, KEY_FILE, f"{secrets.token_urlsafe(_SHORTEST)}\n".encode(), private=True)
        key = known_key(installation)
    return key


def known_key(installation: Settings) -> str:
    """The secret key as far as there is one, blank where none was made yet; raises SigningKeyError."""
    place = installation.root / KEY_FILE
    if stated := installation.result_key.get_secret_value():
        if not _is_key(stated):
            raise SigningKeyError(f"FILING_RESULT_KEY must have at least {_SHORTEST} ASCII characters: set another")
        return stated
    if not place.is_file():
        return ""
    key = place.read_bytes().decode("ascii", "replace").strip()
    if not _is_key(key):
        raise SigningKeyError(
            f"{place} is damaged, it holds no key of at least {_SHORTEST} ASCII characters: restore it from a backup; "
            "delete it only if nothing was sent out with it, for a new one takes no results of what was"
        )
    return key


def _is_key(text: str) -> bool:
    return len(text) >= _SHORTEST and text.isascii()


def _serializer(key: str) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"})


def vouched(
    rows: pd.DataFrame, sent: dict[tuple[str, ...], int], installation: Settings, *, required: bool
) -> tuple[pd.DataFrame, list[QuarantinedFile]]:
    """The results that may be taken, and one sentence for each application of a file whose results may not.

    `rows`: RETURNED_RESULTS columns, FILE and PATH; `sent`: the revision of the package that carries each item. A row
    without a token is taken where none is `required`; a token that is there and wrong never is.
    """
    tokens = rows["token"].fillna("")
    if rows.empty or not (required or tokens.any()):
        return rows, []
    known = {token: read_token(token, installation) for token in tokens.unique() if token}
    items = zip(*(rows[name].fillna("") for name in KEYS), strict=True)
    faults = pd.Series(
        [
            _fault(known[token], item, sent) if token else _NONE * required
            for token, item in zip(tokens, items, strict=True)
        ],
        index=rows.index,
        dtype="str",
    )
    refused = rows.assign(fault=faults)[faults != ""]
    summary = [
        QuarantinedFile(
            str(file),
            f"文件“{file}”中申报“{number}”的{len(group)}行评估结果未采用：{fault}",
            path=group[PATH].iloc[0] or None,
        )
        for (file, number, fault), group in refused.fillna("").groupby([FILE, "application_no", "fault"], sort=True)
    ]
    return rows[faults == ""], summary


def _fault(dispatch: Dispatch | None, item: tuple[str, ...], sent: dict[tuple[str, ...], int]) -> str:
    if dispatch is None:
        return _FORGED
    if dispatch.application_no != item[0]:
        return _ANOTHER
    # what was not sent out at all is refused by its rule
    revision = sent.get(item, dispatch.revision)
    return "" if revision == dispatch.revision else _REPLACED.format(given=dispatch.revision, sent=revision)
