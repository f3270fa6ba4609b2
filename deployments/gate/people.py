"""Who is asking, and in which role; a mounted application learns it here."""

from dataclasses import dataclass
from enum import IntEnum

from starlette.types import Scope

from schemas.errors import RefusedError

#: Under this key of an ASGI scope the gate puts the person.
_KEY = "filing.person"


class Role(IntEnum):
    """What somebody may do; a higher role may do all that a lower one may. The machine is workers and scripts."""

    VIEWER = 1
    OPERATOR = 2
    APPROVER = 3
    ADMIN = 4
    MACHINE = 5

    @property
    def word(self) -> str:
        """The role as commands and files name it."""
        return self.name.lower()


#: The roles a person may have, by the word that names each.
ROLES = {role.word: role for role in Role if role is not Role.MACHINE}

#: What people read for a role.
TITLES = {
    Role.VIEWER: "查看",
    Role.OPERATOR: "经办",
    Role.APPROVER: "审批",
    Role.ADMIN: "管理员",
    Role.MACHINE: "程序",
}


#: What each role may do beside what the lower ones may.
MAY = {
    Role.VIEWER: "read every page",
    Role.OPERATOR: "start the deployments with their parameters, resume and cancel runs",
    Role.APPROVER: "release editions and decide",
    Role.ADMIN: "change deployments, schedules, work pools, blocks, automations",
    Role.MACHINE: "everything a worker needs; not for people",
}


class ForbiddenError(RefusedError):
    """The person's role does not reach so far."""


@dataclass(frozen=True)
class Person:
    """Somebody who has signed in; the name is what `by` says in history and approvals."""

    name: str
    role: Role

    def may(self, least: Role) -> bool:
        """Whether the role is this one or a higher."""
        return self.role >= least


#: Workers and scripts, who prove themselves by the machine's secret.
MACHINE = Person("machine", Role.MACHINE)


def bring(scope: Scope, person: Person) -> Scope:
    """The scope with the person in it."""
    return {**scope, _KEY: person}


def signed_in(scope: Scope) -> Person:
    """Who asks; the gate lets nobody through to an application without."""
    person: Person = scope[_KEY]
    return person


def require(scope: Scope, least: Role) -> Person:
    """Who asks, where the role reaches so far; raises ForbiddenError, which the gate answers with 403."""
    person = signed_in(scope)
    if not person.may(least):
        raise ForbiddenError(f"{person.name}（{TITLES[person.role]}）不能办理：需要“{TITLES[least]}”及以上的角色")
    return person
