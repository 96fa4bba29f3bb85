"""What is said at the door: a title and a sentence for each answer, none of them about money."""

from datetime import datetime

from kernel.clock import PARIS, now, today
from kernel.formats import heure, instant, jour_annee
from kernel.web.words import _
from paniers.queries_remise import PanierVu
from paniers.retraits import Reponse, Verdict


def titre(verdict: Verdict) -> str:
    return {
        Verdict.REMIS: _("Remis"),
        Verdict.DEJA_REMIS: _("Déjà remis"),
        Verdict.AUTRE_MAISON: _("Une autre maison"),
        Verdict.AUTRE_JOUR: _("Un autre jour"),
        Verdict.PAS_AUJOURD_HUI: _("Un autre jour"),
        Verdict.SANS_PANIER: _("Pas de panier cette fois"),
        Verdict.ANNULE: _("Panier annulé"),
        Verdict.CARTE_REMPLACEE: _("Carte remplacée"),
        Verdict.ILLISIBLE: _("Code illisible"),
    }[verdict]


def phrase(answer: Reponse, found: PanierVu | None) -> str:
    """What to say and do; no reason is ever about money."""
    if answer.verdict is Verdict.REMIS:
        return _("C’est noté à %(heure)s.", heure=heure(answer.le or now()))
    if answer.verdict is Verdict.DEJA_REMIS:
        return _deja_remis(answer.le)
    if answer.verdict is Verdict.AUTRE_MAISON and found is not None:
        return _("Ce panier attend à la maison %(maison)s. Il ne peut pas être remis ici.", maison=found.maison)
    if answer.verdict is Verdict.AUTRE_JOUR:
        return _autre_jour(found)
    if answer.verdict is Verdict.PAS_AUJOURD_HUI and found is not None:
        return _(
            "Le prochain panier de cette famille l’attend %(jour)s, à la maison %(maison)s.",
            jour=jour_annee(found.retrait_le),
            maison=found.maison,
        )
    return {
        Verdict.SANS_PANIER: _("Aucun panier n’est préparé pour cette famille. Cherchez-la par son nom."),
        Verdict.CARTE_REMPLACEE: _("Une autre carte a pris la place de celle-ci. Cherchez la famille par son nom."),
        Verdict.ANNULE: _("Ce panier a été annulé. Le foyer a été prévenu et n’a rien à payer pour lui."),
    }.get(answer.verdict, _("Ce code ne se lit pas. Cherchez la famille par son nom ou son numéro."))


def _deja_remis(le: datetime | None) -> str:
    if le is None:
        return _("Ce panier a déjà été remis. Quelqu’un du foyer est peut-être passé.")
    if le.astimezone(PARIS).date() == today():
        return _("Ce panier a été remis à %(heure)s. Quelqu’un du foyer est peut-être passé.", heure=heure(le))
    return _("Ce panier a été remis %(instant)s.", instant=instant(le))


def _autre_jour(found: PanierVu | None) -> str:
    if found is None:
        return _("Ce bon est celui d’un autre jour. Cherchez la famille par son nom.")
    return _(
        "Ce bon est celui du %(jour)s. Cherchez la famille par son nom : un autre panier l’attend peut-être.",
        jour=jour_annee(found.retrait_le),
    )


def cloture(left: int) -> str:
    if not left:
        return _("La journée est close : tous les paniers ont trouvé leur famille.")
    if left == 1:
        return _("La journée est close : 1 panier n’a pas été retiré. Il peut encore être remis.")
    return _(
        "La journée est close : %(nombre)s paniers n’ont pas été retirés. Ils peuvent encore être remis.", nombre=left
    )
