"""Signed links for producers: no password, valid for three weeks, for one order and one purpose.

Opening a link changes nothing; only the button on its page does.
"""

from datetime import timedelta

from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer

from kernel import clock
from kernel.errors import Refus
from kernel.settings import get_settings

TROIS_SEMAINES = timedelta(days=21)
JETON_LE_PLUS_LONG = 300


class _SigneurALHeure(TimestampSigner):
    """Stamps by the one clock, so that a demo town's links age with its weeks."""

    def get_timestamp(self) -> int:
        return int(clock.now().timestamp())


def jeton_de_commande(commande_id: int) -> str:
    """What stands at the end of the link in a producer's mail."""
    return _signeur().dumps(commande_id)


def commande_du_jeton(jeton: str) -> int:
    """The order that a link names. Raises Refus when the link is forged, cut short, or too old."""
    if len(jeton) > JETON_LE_PLUS_LONG:
        raise Refus(_ABIME, status=404)
    try:
        commande_id, signed_at = _signeur().loads(jeton, return_timestamp=True)
    except BadSignature:
        raise Refus(_ABIME, status=404) from None
    if clock.now() - signed_at > TROIS_SEMAINES:
        raise Refus(_TROP_VIEUX, status=410)
    return int(commande_id)


_ABIME = "Ce lien est incomplet ou abîmé. Reprenez-le dans le courriel, ou appelez la coordination."
_TROP_VIEUX = (
    "Ce lien a plus de trois semaines : il ne s’ouvre plus. Appelez la coordination, elle vous en enverra un autre."
)


def _signeur() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(get_settings().secret_key, salt="commande d’un producteur", signer=_SigneurALHeure)
