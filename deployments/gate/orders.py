"""What may be asked: requests as the gate reads them, and bodies that start, resume or stop a run before the server has them."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
from starlette.requests import Request

from deployments.gate.people import Person, Role
from schemas.errors import RefusedError
from schemas.settings import settings
from tasks.runs import on_server
from tasks.runs.orchestration import APPROVAL_TAG, CANCELLED_BY, SIGNED_BY


class Refused(Exception):  # noqa: N818  an answer, not an error
    """A request that goes no further: the status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


def path_of(request: Request) -> str:
    """The path as the server behind reads it; a request's URL is put together with the Host header."""
    return str(request.scope["path"])


async def read_body(request: Request, most: int) -> bytes:
    read = bytearray()
    async for piece in request.stream():
        read += piece
        if len(read) > most:
            raise Refused(413, f"a body of at most {most:,} bytes")
    return bytes(read)


#: What a person may say of a run beside its parameters.
_PERSONS = {"state", "name", "parameters", "tags", "idempotency_key", "work_queue_name", "empirical_policy", "context"}
#: States a person may put a run into: stop it, or have it begin anew.
_STATES = {"CANCELLING", "SCHEDULED"}
_STATE_PARTS = {"type", "name", "message", "state_details"}
_CREATE = re.compile(r"/api/deployments/([^/]+)/create_flow_run(/bulk)?/?")
_OF_RUN = re.compile(r"/api/flow_runs/([^/]+)/(resume|set_state)/?")
_BARE = re.compile(r"/api/flow_runs/?")

#: Asks the server behind the gate for an object by its path, or with a body has it changed; None where there is none.
Ask = Callable[..., Awaitable[dict[str, Any] | None]]


class RefusedOrderError(RefusedError):
    """What is asked of a run is not this person's to ask, or nobody's."""


def concerns(method: str, path: str) -> bool:
    """Whether the body of a request must be read here before the server sees it."""
    return method == "POST" and any(pattern.fullmatch(path) for pattern in (_CREATE, _OF_RUN, _BARE))


async def checked(path: str, body: bytes, person: Person, ask: Ask) -> bytes:
    """The body as the server may have it; raises RefusedOrderError.

    A run that a person starts carries their name, in its label and wherever its form asks by whom.
    """
    try:
        order = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        raise RefusedOrderError("the body is no JSON") from None
    if create := _CREATE.fullmatch(path):
        orders = order if isinstance(order, list) else [order]
        deployment = await _asked(ask, f"/api/deployments/{create[1]}")
        changed = [_created(_object(order), person, deployment) for order in orders]
        return json.dumps(changed if isinstance(order, list) else changed[0]).encode()
    order = _object(order)
    _assert_job_variables(order)
    if (run := _OF_RUN.fullmatch(path)) and person.role < Role.MACHINE:
        await _assert_changes(order, run[1], person, ask)
    return json.dumps(order).encode() if body else body


async def _asked(ask: Ask, path: str) -> dict[str, Any]:
    if (answer := await ask(path)) is None:
        raise RefusedOrderError("the server does not know what this is asked of: look at the page again")
    return answer


def _created(order: dict[str, Any], person: Person, deployment: dict[str, Any]) -> dict[str, Any]:
    _assert_job_variables(order)
    if person.role == Role.MACHINE:
        return order
    _assert_may(person, deployment)
    order = {name: value for name, value in order.items() if value is not None and name != "job_variables"}
    order.pop("enforce_parameter_schema", None)  # the deployment says that it is
    if beyond := sorted(order.keys() - _PERSONS):
        raise RefusedOrderError(f"a run is started with its parameters; {', '.join(beyond)} is not a person's to set")
    if "state" in order:
        _assert_state(_object(order["state"]), person)
    parameters = _object(order.get("parameters", {}))
    if "by" in _object(deployment.get("parameter_openapi_schema") or {}).get("properties", {}):
        parameters = {**parameters, "by": person.name}
    # with a key, a server that was too busy may be asked again without making two
    key = order.get("idempotency_key") or str(uuid4())
    return {**order, "parameters": parameters, "labels": {SIGNED_BY: person.name}, "idempotency_key": key}


def _assert_job_variables(order: dict[str, Any]) -> None:
    if order.get("job_variables"):
        raise RefusedOrderError("job_variables are fixed by the work pool: start the run without them")


def _assert_state(state: dict[str, Any], person: Person) -> None:
    beyond = {name for name, value in state.items() if value is not None} - _STATE_PARTS
    if state.get("type") not in _STATES or beyond:
        raise RefusedOrderError(f"{person.name} may start, resume and cancel a run, and set no other state")


async def _assert_changes(order: dict[str, Any], run: str, person: Person, ask: Ask) -> None:
    if "state" in order:
        _assert_state(_object(order["state"]), person)
    if order.get("force"):
        raise RefusedOrderError("a state is not forced upon a run")
    flow_run = await _asked(ask, f"/api/flow_runs/{run}")
    deployment = flow_run.get("deployment_id")
    # without one a run cannot be told from another city's
    if deployment or settings().city:
        _assert_may(person, await _asked(ask, f"/api/deployments/{deployment}"))
    if _object(order.get("state") or {}).get("type") == "CANCELLING":
        # a cancelled cycle is paused in the name of who cancelled it
        await ask(f"/api/flow_runs/{run}/labels", {CANCELLED_BY: person.name})


def _assert_may(person: Person, deployment: dict[str, Any]) -> None:
    if settings().city and on_server.tag() not in (deployment.get("tags") or []):
        raise RefusedOrderError("this is another city's: ask those who work there")
    if APPROVAL_TAG in (deployment.get("tags") or []) and not person.may(Role.APPROVER):
        raise RefusedOrderError("releasing an edition is for approvers: ask one of them")


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RefusedOrderError("the body is no JSON object")
    return value


def asker(application: Any) -> Ask:
    """Asks the application behind the gate, without the network and without the gate."""
    client = httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://behind.the.gate")

    async def ask(path: str, changes: dict[str, Any] | None = None) -> dict[str, Any] | None:
        answer = await client.get(path) if changes is None else await client.patch(path, json=changes)
        return _object(answer.json()) if answer.is_success and answer.content else None

    return ask
