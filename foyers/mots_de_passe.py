"""Passwords: long, not among the best known, not one's own name; no rules of composition (CNIL 2022-100, ASVS 5.0).

Only an argon2id hash is kept. Its cost (19 MiB, 2 passes) is OWASP's: several people sign in at once on a small
machine.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _

from foyers.folding import plier
from kernel.errors import Refus

LONGUEUR_MIN = 12
LONGUEUR_MAX = 200
_PERSONNEL_MIN = 4  # shorter parts of a name stand in many innocent words
_RESTE_MIN = 5

# What lists of leaked passwords hold in French and English, folded, from 12 signs on; and our own pages' example.
_CONNUS_TEXTE = """
    motdepasse12 motdepasse123 motdepasse1234 motdepassemotdepasse monmotdepasse unmotdepasse lemotdepasse
    azertyuiop12 azertyuiop123 azertyuiopqs azertyuiopqsdfghjklm qwertyuiop12 qwertyuiop123 qwertyuiopas
    123456789012 1234567890123 1234567890123456 12345678901234567890 012345678901 0123456789012 123456789123
    123456123456 098765432109 987654321098 112233445566 password1234 password12345 passwordpassword
    motdepasse2024 motdepasse2025 motdepasse2026 motdepasse2027 bienvenue123 bienvenue2025 bienvenue2026
    administrateur administrator adminadminadmin jetaimejetaime jetaimemoncoeur jetaimemonamour doudoudoudou
    loulouloulou chouchouchouchou soleilsoleil marseille1313 iloveyouiloveyou qwerty123456 azerty123456
    abcdefghijkl abcdefghijklm abcdefghijklmnopqrstuvwxyz abc123abc123 aqwzsxedcrfv 1q2w3e4r5t6y 1a2z3e4r5t6y
    lechatdortsurletoit quatremotsauhasard
    paniersolidaire paniersolidaires centresocial maisondeshabitants grenoble38000 grenoblegrenoble
"""
_CONNUS = frozenset(_CONNUS_TEXTE.split())

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def verifier_force(mot_de_passe: str, personnel: Iterable[str] = ()) -> None:
    """Raises Refus if the password is too short, too long, well known, or made of the person's own `personnel` data."""
    if len(mot_de_passe) < LONGUEUR_MIN:
        raise Refus(_("Choisissez un mot de passe d’au moins 12 caractères : une petite phrase convient."), status=422)
    if len(mot_de_passe) > LONGUEUR_MAX:
        raise Refus(_("Choisissez un mot de passe d’au plus 200 caractères."), status=422)
    compact = _compact(mot_de_passe)
    if compact in _CONNUS or len(set(mot_de_passe)) < 4:
        raise Refus(_("Ce mot de passe est trop connu. Choisissez par exemple quatre mots au hasard."), status=422)
    if _trop_personnel(compact, personnel):
        raise Refus(
            _("Ce mot de passe ressemble trop à votre nom ou à votre adresse. Ajoutez-y d’autres mots."), status=422
        )


def hacher(mot_de_passe: str) -> str:
    """What is stored of a password. Checks nothing: see `verifier_force`."""
    return _hasher.hash(_normal(mot_de_passe))


def est_le_bon(empreinte: str | None, mot_de_passe: str) -> bool:
    """Whether the password fits. Takes as long when there is no account (`empreinte` None) as when there is one."""
    if len(mot_de_passe) > LONGUEUR_MAX:
        return False
    try:
        _hasher.verify(empreinte or _leurre(), _normal(mot_de_passe))
    except (VerificationError, InvalidHashError):
        return False
    return empreinte is not None


def a_rehacher(empreinte: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(empreinte)


@lru_cache(maxsize=1)
def _leurre() -> str:
    return _hasher.hash("a password that opens nothing")


def _normal(mot_de_passe: str) -> str:
    # The same accents typed on two keyboards give the same password.
    return unicodedata.normalize("NFKC", mot_de_passe)


def _compact(text: str) -> str:
    return plier(text).replace(" ", "")


def _trop_personnel(compact: str, personnel: Iterable[str]) -> bool:
    """Whether little is left of the password without the person's own names, address and number."""
    parts = {part for text in personnel for part in (*plier(text).split(), _compact(text))}
    left = compact
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _PERSONNEL_MIN:
            left = left.replace(part, "")
    return left != compact and len(left) < _RESTE_MIN
