"""Which role an endpoint of the Prefect server asks for: `endpoints.csv`, one line each; an endpoint without is shut."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from starlette.routing import compile_path

from deployments.gate.people import Role

#: The method under which a websocket stands in the table.
WEBSOCKET = "WS"
API = "/api/"
#: Roles of the table beside those of people: nobody has to sign in.
_OPEN = "open"


@dataclass(frozen=True)
class Endpoint:
    """One line of the table; `least` is None where nobody has to sign in."""

    method: str
    path: str
    least: Role | None
    logged: bool


#: Pages and their parts, outside the API: to be looked at by whoever has signed in.
_PAGE = Endpoint("GET", "/{path:path}", Role.VIEWER, False)


@cache
def table() -> tuple[Endpoint, ...]:
    """Every classed endpoint of the API and of the pages about it."""
    text = (files("deployments") / "gate" / "endpoints.csv").read_text("utf-8")
    return tuple(
        Endpoint(
            row["method"],
            row["path"],
            None if row["role"] == _OPEN else Role[row["role"].upper()],
            row["logged"] == "yes",
        )
        for row in csv.DictReader(text.splitlines())
    )


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Endpoint], ...]:
    return tuple((compile_path(endpoint.path)[0], endpoint) for endpoint in table())


def classed(method: str, path: str) -> Endpoint | None:
    """The endpoint that is asked for, None for one nobody has classed.

    Of several that a path may mean, the one that asks for the most.
    """
    method = "GET" if method == "HEAD" else method
    if not path.startswith(API):
        return _PAGE if method == "GET" else None
    fit = [endpoint for pattern, endpoint in _patterns() if endpoint.method == method and _fits(pattern, path)]
    return max(fit, key=lambda endpoint: endpoint.least or 0, default=None)


def _fits(pattern: re.Pattern[str], path: str) -> bool:
    # the server itself redirects from one to the other
    return bool(pattern.match(path) or pattern.match(f"{path}/"))


def endpoints_of(routes: list[Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Method and path of every endpoint an application has, those of mounted ones and included routers too."""
    for route in routes:
        if hasattr(route, "effective_candidates"):  # FastAPI's own wrapper of an included router
            yield from endpoints_of(route.effective_candidates(), before)
        elif hasattr(route, "routes") and not hasattr(route, "endpoint"):
            inner = getattr(route, "app", None)
            if getattr(inner, "routes", None) is None:
                yield "GET", f"{before}{route.path}/{{path:path}}"
            else:
                yield from endpoints_of(route.routes, before + route.path)
        else:
            yield from _methods(route, before)


def _methods(route: Any, before: str) -> Iterator[tuple[str, str]]:
    inner = getattr(route, "starlette_route", None)
    path = str(getattr(route, "path", None) or getattr(inner, "path", ""))
    methods = getattr(route, "methods", None) or getattr(inner, "methods", None) or [WEBSOCKET]
    yield from ((method, before + path) for method in methods if method != "HEAD")


def mounted(path: str) -> Endpoint:
    """The endpoint of an application below `/filing/`, which asks for its roles itself."""
    return Endpoint("", path, Role.VIEWER, True)
