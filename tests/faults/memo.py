"""Answers of functions that touch nothing, remembered over processes: what is tried hundreds of times are the writes.

Reading the inbox, judging and rendering give the same for the same; what they gave to the first run is given to all.
The key is the whole input, so that another input is worked out and not guessed.
"""

import functools
import pickle
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from tasks.gateways.sources.cells.headers import Names

_kept: dict[bytes, bytes] = {}


def load(file: Path) -> None:
    """Take over what another process remembered."""
    if file.is_file():
        _kept.update(pickle.loads(file.read_bytes()))


def save(file: Path) -> None:
    """Leave what is remembered to other processes."""
    file.write_bytes(pickle.dumps(_kept))


def attach() -> None:
    """Have this process remember."""
    from tasks import evaluation, intake, publication, screening
    from tasks.gateways.shelf import editions, province
    from tasks.gateways.sources import chosen
    from tasks.letters import delivery as notices

    for owner, names in {
        chosen: ("pull_folder",),
        intake: ("pull_folder", "pull_desks"),
        notices: ("render",),
        evaluation: ("package_files", "check_results"),
        publication: ("check_directory", "announcement"),
        editions: ("directory_workbook", "pages"),
        province: ("report_workbook", "cover_letter"),
    }.items():
        for name in names:
            setattr(owner, name, _remembering(getattr(owner, name)))
    _with_pages(screening)


def _remembering(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def asked(*args: Any, **more: Any) -> Any:
        question = (tuple(map(_reduce, args)), {name: _reduce(value) for name, value in more.items()})
        key = sha256(function.__name__.encode() + pickle.dumps(question)).digest()
        if key not in _kept:
            answer = function(*args, **more)
            _kept[key] = pickle.dumps(_plain(answer))
            return answer
        return pickle.loads(_kept[key])

    return asked


def _reduce(argument: Any) -> Any:
    """An argument by what it says: objects that keep what they have worked out differ in that alone."""
    if isinstance(argument, Path) and argument.is_dir():
        return [(str(path), path.read_bytes()) for path in sorted(argument.rglob("*")) if path.is_file()]
    if isinstance(argument, list | tuple):
        return [_reduce(part) for part in argument]
    if isinstance(argument, Names):
        return {name: value for name, value in vars(argument).items() if not callable(value)}
    fields = getattr(argument, "__dataclass_fields__", None)
    return {name: _reduce(getattr(argument, name)) for name in fields} if fields else argument


def _plain(answer: Any) -> Any:
    """Results of a check without what Great Expectations made of them: nothing asks for it any more."""
    from dataclasses import replace

    return replace(answer, validation={}) if hasattr(answer, "validation") else answer


def _with_pages(screening: Any) -> None:
    """The check of applications with its Data Docs, which are written as they were."""
    from tempfile import TemporaryDirectory

    check, data_docs = screening.check, screening.data_docs

    def check_and_render(submissions: Any, scene: Any) -> Any:
        from dataclasses import replace

        checked = check(submissions, scene)
        with TemporaryDirectory() as aside:
            data_docs(checked.validation, Path(aside), scene.policy)
            pages = {path.name: path.read_text("utf-8") for path in sorted(Path(aside).iterdir())}
        return replace(checked, validation=pages)

    def remembered(*args: Any) -> Any:
        key = sha256(b"check" + pickle.dumps(tuple(map(_reduce, args)))).digest()
        if key not in _kept:
            _kept[key] = pickle.dumps(check_and_render(*args))
        return pickle.loads(_kept[key])

    def write(pages: dict[str, str], folder: Path, _policy: Any) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, page in pages.items():
            (folder / name).write_text(page, "utf-8", newline="\n")
        return folder / "index.html"

    screening.check, screening.data_docs = remembered, write
