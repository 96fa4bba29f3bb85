"""Who may call a route, and on whose objects. A route that does not say so cannot be served.

Each view carries one declaration, read here before it runs:

    @bp.get("/abonnements/<int:abonnement_id>")
    @access(Role.HABITANT, on=abonnement_du_foyer)

`on` is MINE (the address names no object: the view reads only what belongs to the caller), ALL (the role's work is
the whole town), or a predicate ``(person, **view_args) -> bool``. What is somebody else's answers as what does not
exist: 404.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import quote

from flask import Flask, current_app, redirect, request
from flask_login import current_user
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from kernel.errors import Introuvable


class Role(StrEnum):
    """What a person may be here; one role an account."""

    HABITANT = "habitant"
    AGENT = "agent"
    BENEVOLE = "benevole"
    COORDINATION = "coordination"
    PRODUCTEUR = "producteur"
    ADMINISTRATION = "administration"
    REGISSEUR = "regisseur"


class Person(Protocol):
    """The signed-in person, as flask-login's `current_user` holds it."""

    compte_id: int
    role: Role
    foyer_id: int | None
    maisons: frozenset[int]


Predicate = Callable[..., bool]
View = TypeVar("View", bound=Callable[..., Any])


def _mine(person: Person, **_: object) -> bool:
    """The address names no object; the view reads only the caller's own."""
    return True


def _all(person: Person, **_: object) -> bool:
    """The role's work is the whole town."""
    return True


MINE: Predicate = _mine
ALL: Predicate = _all


@dataclass(frozen=True, slots=True)
class Access:
    """A route's declaration. `roles` is empty for a public route, and `why` says why it is public."""

    roles: frozenset[Role]
    on: Predicate
    why: str = ""


def access(*roles: Role, on: Predicate) -> Callable[[View], View]:
    """Open the view to these roles, on the objects that `on` lets through."""
    if not roles:
        raise ValueError("name the roles, or say public(why)")
    return _declare(Access(frozenset(roles), on))


def public(why: str) -> Callable[[View], View]:
    """Open the view to everybody; `why` says what makes that right (a signed link, a public page)."""
    return _declare(Access(frozenset(), ALL, why))


def declaration(view: Callable[..., Any]) -> Access | None:
    return cast("Access | None", getattr(view, "access", None))


def guard() -> Response | None:
    """Before each request: let it through, send to the sign-in page, or refuse as 403 or 404."""
    if request.endpoint is None:
        return None  # the 404 or 405 of routing follows by itself
    declared = declaration(current_app.view_functions[request.endpoint])
    if declared is None:
        raise RuntimeError(f"the route {request.endpoint} does not say who may call it")
    if not declared.roles:
        return None
    if not current_user.is_authenticated:
        return redirect(_door())
    if current_user.role not in declared.roles:
        raise Forbidden
    if not declared.on(current_user, **(request.view_args or {})):
        raise Introuvable
    return None


def _door() -> str:
    """The sign-in page, which leads on to the page asked for; what was sent by a form is not sent again."""
    door = str(current_app.config["SIGN_IN_PATH"])
    return f"{door}?suite={quote(request.full_path.rstrip('?'))}" if request.method in ("GET", "HEAD") else door


def init_access(app: Flask) -> None:
    # Flask's own file server has no declaration of its own: style, scripts and drawings are everybody's.
    public("style, scripts and drawings")(app.view_functions["static"])
    app.before_request(guard)


def _declare(declared: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.access = declared  # type: ignore[attr-defined]
        return view

    return mark
