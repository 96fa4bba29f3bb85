"""The signed link of a mail that leads to a payment: no password, valid for thirty days, for one échéance."""

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from kernel import clock
from kernel.errors import Refus
from kernel.settings import get_settings

TRENTE_JOURS = 30 * 24 * 3600
JETON_LE_PLUS_LONG = 200


class _Signeur(TimestampSigner):
    """Signs with the installation's clock, which a demo town moves."""

    def get_timestamp(self) -> int:
        return int(clock.now().timestamp())


def lien_pour_payer(echeance_id: int) -> str:
    """The address that pays an échéance."""
    return f"{get_settings().public_url}/paiements/lien/{jeton(echeance_id)}"


def jeton(echeance_id: int) -> str:
    return _signeur().dumps(echeance_id)


def echeance_du_jeton(jeton: str) -> int:
    """The échéance that a link pays. Raises Refus when the link is forged, cut short, or too old."""
    abime = "Ce lien est incomplet ou abîmé. Reprenez-le dans le courriel, ou passez à votre maison."
    if len(jeton) > JETON_LE_PLUS_LONG:
        raise Refus(abime, status=404)
    try:
        return int(_signeur().loads(jeton, max_age=TRENTE_JOURS))
    except SignatureExpired:
        raise Refus(
            "Ce lien a plus de trente jours : il ne s’ouvre plus. Connectez-vous à votre compte pour payer, ou passez à"
            " votre maison.",
            status=410,
        ) from None
    except (BadSignature, ValueError, TypeError):
        raise Refus(abime, status=404) from None


def _signeur() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(get_settings().secret_key, salt="paiement d’une échéance", signer=_Signeur)
