"""Signed links: what an e-mail opens without a password, for one purpose and a time.

Opening a link changes nothing; only the button on its page does. Links are stamped by the one clock, so that a demo
town's links age with its weeks.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer

from kernel import clock
from kernel.errors import Refus
from kernel.settings import get_settings

LONGEST = 300


class _Stamp(TimestampSigner):
    def get_timestamp(self) -> int:
        return int(clock.now().timestamp())


@dataclass(frozen=True, slots=True)
class Link:
    """A kind of link. `purpose` keeps it apart from all others; the two sentences are what a person reads."""

    purpose: str
    lasts: timedelta
    broken: str
    too_old: str

    def sign(self, content: object) -> str:
        """The token that stands at the end of the address; `content` is small JSON, and can be read by its holder."""
        return self._signer().dumps(content)

    def read(self, token: str) -> Any:
        """What was signed. Raises Refus: 404 when the token is forged or cut short, 410 when it is too old."""
        if len(token) > LONGEST:
            raise Refus(self.broken, status=404)
        try:
            content, signed_at = self._signer().loads(token, return_timestamp=True)
        except BadSignature:
            raise Refus(self.broken, status=404) from None
        if clock.now() - signed_at > self.lasts:
            raise Refus(self.too_old, status=410)
        return content

    def _signer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(get_settings().secret_key, salt=self.purpose, signer=_Stamp)
