"""Stripe's ways of saying no, with its statuses and its JSON.

`ApiError` undoes everything and, unless `kept`, leaves no trace under the idempotency key. `Declined` is an outcome:
what it changed (a failed charge, an intent's last error) is committed with it.
"""

from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """A request that is refused. `kept`: execution had begun, so the reply is stored under the idempotency key."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        kept: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kept = kept
        fields = {"code": code, "message": message, "param": param, "type": type}
        self.body: Json = {"error": {name: value for name, value in fields.items() if value is not None}}


class Declined(Exception):
    """The bank said no (HTTP 402, `card_error`); `error` is the JSON under "error"."""

    status = 402

    def __init__(self, error: Json) -> None:
        super().__init__(error["message"])
        self.error = error
        self.body: Json = {"error": error}


def missing_object(kind: str, id: str, *, param: str | None = "id") -> ApiError:
    """404 when the path names it, 400 when a parameter does, as Stripe."""
    status = 404 if param == "id" else 400
    return ApiError(f"No such {kind}: '{id}'", status=status, code="resource_missing", param=param)


def unexpected_state(name: str, message: str, body: Json) -> ApiError:
    """An object that has left the state in which this could be done; the reply carries the object itself."""
    no = ApiError(message, code=f"{name}_unexpected_state", kept=True)
    no.body["error"][name] = {**body}
    return no
