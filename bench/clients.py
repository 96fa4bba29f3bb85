"""Many browsers in one process: sockets that are kept open, one loop, no more Python for each answer than it takes.

The clients share the machine with what they measure: they take the less of it, the truer the figures.
"""

import selectors
import socket
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it goes over the wire; the statuses that are good answers, and what the first of them has in it."""

    wire: bytes
    statuses: tuple[int, ...] = (200,)
    wanted: bytes = b""


@dataclass(slots=True)
class Heard:
    """What came back: each answer's seconds, status and end (clock); those not as wanted (status, the first bytes)."""

    seconds: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    wrong: list[tuple[int, bytes]] = field(default_factory=list)
    started: float = 0.0

    def quantile(self, share: float) -> float:
        """Seconds within which this share of the answers came."""
        ordered = sorted(self.seconds)
        return ordered[round(share * (len(ordered) - 1))]

    def rate(self, status: int = 200) -> float:
        """Answers of that status a second, up to the last of them."""
        ends = [end for end, one in zip(self.ends, self.statuses, strict=True) if one == status]
        return len(ends) / (max(ends) - self.started)

    def add(self, more: "Heard") -> None:
        """What was heard at another time too."""
        self.seconds += more.seconds
        self.statuses += more.statuses
        self.ends += more.ends
        self.wrong += more.wrong


def get(path: str, cookie: str = "", *, wanted: bytes = b"") -> Asked:
    return Asked(_head("GET", path, cookie) + b"\r\n", wanted=wanted)


def post(
    path: str,
    cookie: str,
    fields: dict[str, str],
    *,
    statuses: tuple[int, ...] = (200,),
    wanted: bytes = b"",
    by_script: bool = False,
) -> Asked:
    """A form, as its page sends it, or `by_script` as the page's script does."""
    body = urlencode(fields).encode()
    form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    form += "X-Requested-With: fetch\r\n" if by_script else ""
    return Asked(_head("POST", path, cookie, form) + b"\r\n" + body, statuses, wanted)


def _head(method: str, path: str, cookie: str, more: str = "") -> bytes:
    sent = f"Cookie: {cookie}\r\n" if cookie else ""
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n{sent}{more}".encode()


class _Browser:
    """One socket: what it still has to ask, what it waits for."""

    def __init__(self, port: int, asks: Iterator[Asked]) -> None:
        self.port, self.asks = port, asks
        self.asked: Asked | None = None
        self.since = 0.0
        self.come = b""
        self.socket = self._connect()

    def _connect(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def ask(self, since: float | None = None) -> bool:
        """Send what comes next, its time counted from `since` (now, by default). False: there is nothing left."""
        self.asked = next(self.asks, None)
        if self.asked is None:
            return False
        self.since, self.come = since or time.perf_counter(), b""
        self.socket.sendall(self.asked.wire)
        return True

    def hear(self) -> tuple[int, bytes] | None:
        """Read what has come; the status and the body once all of it is there."""
        piece = self.socket.recv(1 << 18)
        if not piece:
            raise ConnectionError("the server closed a connection")
        self.come += piece
        head, found, body = self.come.partition(b"\r\n\r\n")
        if not found:
            return None
        lowered = head.lower()
        at = lowered.find(b"content-length:")
        if at < 0:
            raise ConnectionError(f"an answer without its length: {head[:200]!r}")
        if len(body) < int(lowered[at + 15 :].split(b"\r\n", 1)[0]):
            return None
        zipped = b"content-encoding: gzip" in lowered
        return int(head[9:12]), zlib.decompress(body, 31) if zipped else body


def crowd(port: int, scripts: Sequence[Iterator[Asked]]) -> Heard:
    """As many browsers as scripts, each asking again as soon as it is answered, until all have asked everything."""
    heard = Heard()
    with selectors.DefaultSelector() as selector, _opened(port, scripts) as browsers:
        heard.started = time.perf_counter()
        for browser in browsers:
            if browser.ask():
                selector.register(browser.socket, selectors.EVENT_READ, browser)
        while selector.get_map():
            for browser in _speaking(selector, PATIENCE):
                if _listen(browser, heard) and not browser.ask():
                    selector.unregister(browser.socket)
    return heard


def paced(port: int, asks: Iterator[Asked], *, rate: float, seconds: float, browsers: int = 32) -> Heard:
    """Ask `rate` times a second whatever comes back, each time counted from when it was due.

    An answer that comes late so delays no question, and the time that a question waits for a free socket counts.
    """
    heard = Heard()
    sent, total = 0, round(rate * seconds)
    with selectors.DefaultSelector() as selector, _opened(port, [asks] * browsers) as every:
        idle = list(every)
        for browser in every:
            selector.register(browser.socket, selectors.EVENT_READ, browser)
        start = heard.started = time.perf_counter()
        while len(heard.seconds) < total:
            while idle and sent < total and start + sent / rate <= time.perf_counter():
                idle.pop().ask(since=start + sent / rate)
                sent += 1
            waits = not idle or sent == total
            pause = PATIENCE if waits else max(0.0, start + sent / rate - time.perf_counter())
            idle += [browser for browser in _speaking(selector, pause, must=waits) if _listen(browser, heard)]
    return heard


@contextmanager
def _opened(port: int, scripts: Sequence[Iterator[Asked]]) -> Iterator[list[_Browser]]:
    """A browser for each script, its socket open."""
    browsers = [_Browser(port, script) for script in scripts]
    try:
        yield browsers
    finally:
        for browser in browsers:
            browser.socket.close()


def _speaking(selector: selectors.BaseSelector, seconds: float, *, must: bool = True) -> list[_Browser]:
    """The browsers that something has come for. Raises TimeoutError when something `must` come and does not."""
    ready = selector.select(seconds)
    if must and not ready:
        raise TimeoutError(f"no answer in {seconds:.0f} s")
    return [key.data for key, _ in ready]


def _listen(browser: _Browser, heard: Heard) -> bool:
    """Whether a whole answer has come, which is then noted."""
    answer = browser.hear()
    if answer is None or browser.asked is None:
        return False
    status, body = answer
    end = time.perf_counter()
    heard.seconds.append(end - browser.since)
    heard.statuses.append(status)
    heard.ends.append(end)
    good = browser.asked.statuses
    if status not in good or (status == good[0] and browser.asked.wanted not in body):
        heard.wrong.append((status, body[:300]))
    return True
