"""Form-encoded nested parameters (`metadata[k]`, `line_items[0][quantity]`), decoded and checked as Stripe does."""

import re
from typing import Any
from urllib.parse import parse_qsl

from demo.stripe_local.errors import ApiError

_BRACKETS = re.compile(r"\[([^\]]*)\]")
_DEEPEST = 8


def decode(body: str) -> dict[str, Any]:
    """`a[b]=1&c[]=2&d[0][e]=3` → {"a": {"b": "1"}, "c": ["2"], "d": [{"e": "3"}]}; values stay text."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        root, _, rest = name.partition("[")
        path = [root, *_BRACKETS.findall("[" + rest)] if rest else [root]
        if len(path) > _DEEPEST:
            raise ApiError("Invalid request: parameters are nested too deeply.", param=root)
        _plant(tree, path, value)
    return {name: _with_lists(name, branch) for name, branch in tree.items()}


def _plant(tree: dict[str, Any], path: list[str], value: str) -> None:
    for step in path[:-1]:
        branch = tree.setdefault(step, {})
        if not isinstance(branch, dict):
            raise ApiError("Invalid request: a parameter is both a value and a hash.", param=path[0])
        tree = branch
    last = path[-1] or str(len(tree))
    tree[last] = value


def _with_lists(called: str, branch: Any) -> Any:
    if called == "metadata" or not isinstance(branch, dict):
        return branch
    grown = {name: _with_lists(name, value) for name, value in branch.items()}
    if grown and all(name.isdigit() for name in grown):
        return [grown[name] for name in sorted(grown, key=int)]
    return grown


def names(text: str) -> tuple[str, ...]:
    """Words separated by blanks, for the long lists of fields that Stripe's objects have."""
    return tuple(text.split())


class Params:
    """The parameters of one request; a name that the route does not know is refused, as Stripe does."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def only(self, *names: str) -> None:
        for name in self.values:
            if name not in names and name != "expand":
                raise ApiError(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str | None:
        """The value, or None when absent or empty."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise ApiError(f"Invalid string: {name}", param=name)
        if value is not None and len(value) > 5000:
            raise ApiError(f"Invalid string: {name} is too long", code="parameter_invalid_string", param=name)
        return value or None

    def required(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            raise ApiError(f"Missing required param: {name}.", code="parameter_missing", param=name)
        return value

    def one_of(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.text(name) or default
        if value not in allowed:
            choices = ", ".join(allowed)
            raise ApiError(f"Invalid {name}: must be one of {choices}", param=name)
        return value

    def integer(self, name: str, default: int | None = None) -> int | None:
        value = self.text(name)
        if value is None:
            return default
        if not re.fullmatch(r"-?\d{1,12}", value, re.ASCII):
            raise ApiError(f"Invalid integer: {value[:50]}", code="parameter_invalid_integer", param=name)
        return int(value)

    def flag(self, name: str) -> bool:
        value = self.text(name)
        if value not in (None, "true", "false"):
            raise ApiError(f"Invalid boolean: {name}", param=name)
        return value == "true"

    def hash(self, name: str) -> "Params":
        value = self.values.get(name) or {}
        if not isinstance(value, dict):
            raise ApiError(f"Invalid object: {name}", param=name)
        return Params(value)

    def array(self, name: str) -> list[Any]:
        value = self.values.get(name) or []
        if not isinstance(value, list):
            raise ApiError(f"Invalid array: {name}", param=name)
        return value

    def metadata(self) -> dict[str, str]:
        """At most 50 keys of 40 characters, values of 500; an empty value asks for the key's removal."""
        values = self.hash("metadata").values
        if len(values) > 50:
            raise ApiError("Metadata can have at most 50 keys.", param="metadata")
        for name, value in values.items():
            if not isinstance(value, str) or len(name) > 40 or len(value) > 500:
                raise ApiError("Metadata values can have up to 500 characters.", param=f"metadata[{name}]")
        return values


def merged(metadata: dict[str, str], change: dict[str, str]) -> dict[str, str]:
    """Stripe's update of metadata: keys are added or replaced, an empty value removes its key."""
    return {name: value for name, value in {**metadata, **change}.items() if value != ""}


def amount(params: Params, name: str = "amount") -> int:
    """Cents, between the least (50) and the most (99,999,999) that Stripe takes for one payment in euros."""
    params.required(name)
    cents = params.integer(name) or 0
    if cents < 50:
        message = (
            "Amount must be at least €0.50 eur" if cents >= 1 else "This value must be greater than or equal to 1."
        )
        code = "amount_too_small" if cents >= 1 else "parameter_invalid_integer"
        raise ApiError(message, code=code, param=name)
    if cents > 99_999_999:
        raise ApiError("Amount must be no more than €999,999.99", code="amount_too_large", param=name)
    return cents
