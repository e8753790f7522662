"""How far a right reaches, and what a row of the permission table says of each role."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Scope(Enum):
    """How far a right reaches."""

    NONE = "none"
    OWN = "own"  # what belongs to the login's member, or to the login itself
    WORKSHOP = "workshop"  # what belongs to a workshop that the login manages
    ALL = "all"


NONE, OWN, WORKSHOP, ALL = Scope.NONE, Scope.OWN, Scope.WORKSHOP, Scope.ALL


@dataclass(frozen=True, slots=True)
class Access:
    """One row of the permission table: how far each role may use an endpoint with a method.

    A login may have several roles; the widest right counts. `login`: anybody logged in, whatever the role.
    """

    nobody: Scope = NONE
    login: Scope = NONE
    member: Scope = NONE
    manager: Scope = NONE
    treasurer: Scope = NONE
    admin: Scope = NONE


EVERYBODY = Access(ALL, ALL, ALL, ALL, ALL, ALL)
LOGGED_IN = Access(login=ALL, member=ALL, manager=ALL, treasurer=ALL, admin=ALL)
