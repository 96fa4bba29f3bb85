"""`expand[]=latest_charge.balance_transaction`: ids replaced by the objects they name."""

from typing import Any

from demo.stripe_local.errors import Json
from demo.stripe_local.objects import listing
from demo.stripe_local.storage import Tx

_DEEPEST = 4


def expand(tx: Tx, body: Json, paths: list[str]) -> Json:
    """Replace the named ids in `body` (in each row, for a path that begins with `data`); unknown
    paths change nothing.
    """
    for path in paths:
        _open(tx, body, path.split(".")[:_DEEPEST])
    return body


def _open(tx: Tx, node: Any, path: list[str]) -> None:
    if isinstance(node, list):
        for row in node:
            _open(tx, row, path)
    elif path and isinstance(node, dict):
        name, rest = path[0], path[1:]
        if name == "line_items" and node.get("object") == "checkout.session":
            lines = tx.private(node["id"]).get("line_items", [])
            node["line_items"] = listing(f"/v1/checkout/sessions/{node['id']}/line_items", lines, has_more=False)
        value = node.get(name)
        if isinstance(value, str):
            node[name] = tx.find(value) or value
        _open(tx, node.get(name), rest)
