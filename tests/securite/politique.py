"""The headers that stand on every answer, and what a strict content policy forbids in a page."""

import re
from html.parser import HTMLParser

from werkzeug.wrappers import Response

NONCE = re.compile(r"'nonce-([^']+)'")


def entetes(answer: Response, told: object) -> None:
    """What stands on every answer, refusals included."""
    headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy, told
    for part in ("script-src", "style-src", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
        assert part in policy, (told, part)
    assert "unsafe" not in policy, told
    assert NONCE.search(policy), ("no nonce", told)
    assert headers["X-Content-Type-Options"] == "nosniff", told
    assert headers["X-Frame-Options"] == "DENY", told
    assert headers["Referrer-Policy"] == "same-origin", told
    assert "camera=(self)" in headers["Permissions-Policy"], told
    assert "Server" not in headers, told


class _Page(HTMLParser):
    """Finds what a strict content policy forbids, and the nonces of scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[tuple[str, str]] = []
        self.nonces: set[str] = set()
        self._in: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.faults += [(tag, name) for name in given if name.startswith("on") or name == "style"]
        self.faults += [(tag, value) for value in given.values() if value.strip().lower().startswith("javascript:")]
        if tag == "script":
            self.nonces.add(given.get("nonce", ""))
            self.faults += [] if "src" in given else [(tag, "inline")]
        if tag == "style":
            self.faults.append((tag, "inline"))
        self.faults += [
            (tag, name) for name in ("src", "href") if re.match(r"https?:|//", given.get(name, "")) and tag != "a"
        ]


def fautes(answer: Response) -> list[tuple[str, str]]:
    """What the page's own policy would stop, or should: (tag, what)."""
    if answer.mimetype != "text/html":
        return []
    return fautes_du_texte(answer.get_data(as_text=True), answer.headers["Content-Security-Policy"])


def fautes_du_texte(text: str, policy: str) -> list[tuple[str, str]]:
    page = _Page()
    page.feed(text)
    served = NONCE.findall(policy)
    return page.faults + [("script", nonce) for nonce in page.nonces if nonce not in served]
