"""Every error of ours has one root, so that a command ends with its sentence and its exit code."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

from schemas.errors import FilingError, RefusedError, WrongUseError

PACKAGES = ("schemas", "expectations", "tasks", "flows", "deployments")
#: Raised and caught within one room, so that no command ever ends with them: why they are not errors of ours.
SIGNALS = {
    "tasks.gateways.sources.formats.sandbox.EndedError": "how a process apart ended; its caller puts it into words",
    "tasks.gateways.sources.far.remote_folder._CutShortError": "retried as what the operating system would raise",
    "tasks.gateways.sources.far.remote_folder._OutOfReachError": "turned into a SourceError where the place is known",
    "tasks.gateways.sources.far.sftp._StrangerError": "paramiko passes it through; turned into a SourceError",
    "deployments.gate.orders.Refused": "the gate answers a request with it",
    "deployments.commands.serving._Stopped": "Ctrl-C: must pass every `except Exception` on its way",
}


def errors() -> Iterator[type[BaseException]]:
    """Every exception class defined in the five packages."""
    for package in PACKAGES:
        for module in walk_packages(import_module(package).__path__, f"{package}."):
            if ".migrations" in module.name:
                continue
            for value in vars(import_module(module.name)).values():
                if isinstance(value, type) and issubclass(value, BaseException) and value.__module__ == module.name:
                    yield value


def test_errors_have_one_root() -> None:
    rootless = {f"{error.__module__}.{error.__qualname__}" for error in errors() if not issubclass(error, FilingError)}
    assert rootless == set(SIGNALS)


def test_exit_codes_are_those_of_the_contract() -> None:
    assert (FilingError.exit_code, WrongUseError.exit_code, RefusedError.exit_code) == (1, 2, 3)
