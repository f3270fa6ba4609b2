"""A TOML file that a person edits: its text read, and what is wrong with it in one sentence that says how to mend it."""

import re
import tomllib
from collections.abc import Callable
from difflib import get_close_matches
from importlib.resources.abc import Traversable
from typing import Any, Final

from pydantic import AfterValidator
from pydantic_core import ErrorDetails

from schemas.errors import RefusedError

#: So much of a value or a line is repeated in a sentence.
_MOST: Final = 40
_LINE: Final = re.compile(r"at line (\d+)")
_QUOTES: Final = 'texts stand in straight quotation marks ("…"), numbers, days, true and false without'

#: What to write, by the kind of a validator's error; filled in with what the error says of its bounds.
_REMEDIES: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not known: is it misspelt?",
    "string_type": "write it in quotation marks",
    "string_too_short": "write at least 1 character",
    "int_type": "write a whole number without quotation marks",
    "float_type": "write a number without quotation marks",
    "bool_type": "write true or false, without quotation marks",
    "date_type": "write a day without quotation marks, such as 2021-02-02",
    "list_type": "write a list in square brackets",
    "dict_type": "write a table of its own",
    "model_type": "write a table of its own",
    "too_short": "write at least {min_length}",
    "too_long": "write at most {max_length}",
    "literal_error": "write {expected}",
    "greater_than": "write more than {gt}",
    "greater_than_equal": "write at least {ge}",
    "less_than_equal": "write at most {le}",
}


class MistakeError(RefusedError, ValueError):
    """What a file's text cannot be read for, to be said behind the file's name."""


def written(pattern: str, words: str) -> AfterValidator:
    """A check that a text matches a pattern, and what it has to be in plain words where it does not."""
    form = re.compile(pattern)

    def check(text: str) -> str:
        if not form.search(text):
            raise ValueError(f"is '{_short(text)}': write {words}")
        return text

    return AfterValidator(check)


def tables(file: Traversable) -> dict[str, Any]:
    """What stands in the file; raises MistakeError. Editors of Windows write a mark of the encoding before the text."""
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise MistakeError("is not UTF-8: save it as UTF-8") from wrong
    except OSError as wrong:
        raise MistakeError(f"cannot be read: {wrong.strerror}; mend its rights") from wrong
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise MistakeError(f"cannot be read: {wrong}{_line(text, str(wrong))}; mend the file: {_QUOTES}") from wrong


def mistake(errors: list[ErrorDetails], explain: Callable[[ErrorDetails], str] = lambda _: "") -> str:
    """Field, what stands there and how to mend it, of the first error; `explain`: the caller's sentence on it, if any."""
    error = errors[0]
    fault = error.get("ctx", {}).get("error")
    sentence = explain(error) or (str(fault) if isinstance(fault, ValueError) else _remedy(error) + _misspelt(errors))
    path = ".".join(str(step) for step in error["loc"] if isinstance(step, str) and step != "[key]")
    entry = next((f" entry {step + 1}" for step in error["loc"] if isinstance(step, int)), "")
    field = getattr(fault, "field", "")
    return f"{'.'.join(filter(None, (path, field)))}{entry}: {sentence}; mend the file"


def _remedy(error: ErrorDetails) -> str:
    # days come as dates, and a moment in a day's place has kinds of its own
    kind = "date_type" if error["type"].startswith("date") else error["type"]
    bounds = {name: f"{value:g}" if isinstance(value, float) else value for name, value in error.get("ctx", {}).items()}
    remedy = _REMEDIES.get(kind, error["msg"]).format(**bounds)
    return remedy if kind in ("missing", "extra_forbidden") else f"is {_shown(error['input'])}: {remedy}"


def _misspelt(errors: list[ErrorDetails]) -> str:
    """Which unknown field of the same table a missing one was perhaps written as."""
    missing, table = str(errors[0]["loc"][-1]), errors[0]["loc"][:-1]
    unknown = [str(error["loc"][-1]) for error in errors if _is_unknown(error) and error["loc"][:-1] == table]
    near = get_close_matches(missing, unknown, 1) if errors[0]["type"] == "missing" else []
    return f", and {near[0]} is not known: is it misspelt?" if near else ""


def _is_unknown(error: ErrorDetails) -> bool:
    return error["type"] == "extra_forbidden"


def _shown(value: object) -> str:
    """A value as it stands in the file."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{_short(value)}'" if isinstance(value, str) else _short(f"{value}")


def _short(text: str) -> str:
    return text if len(text) <= _MOST else text[:_MOST] + "…"


def _line(text: str, message: str) -> str:
    """The line a message names, as it stands."""
    match, lines = _LINE.search(message), text.splitlines()
    place = int(match[1]) - 1 if match else len(lines)
    line = lines[place].partition(" #")[0].strip() if place < len(lines) else ""
    return f": {_short(line)}" if line else ""
