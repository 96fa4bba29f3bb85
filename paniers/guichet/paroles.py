"""What is said at the door: a title and a sentence for each answer, none of them about money."""

from datetime import datetime

from kernel.clock import PARIS, now, today
from kernel.formats import heure, instant, jour_annee
from kernel.web.words import _
from paniers.queries.remise import PanierVu
from paniers.retraits import Reponse, Verdict
from paniers.solidarite import Fin


def titre(verdict: Verdict) -> str:
    return {
        Verdict.REMIS: _("Remis"),
        Verdict.DEJA_REMIS: _("Déjà remis"),
        Verdict.AUTRE_MAISON: _("Une autre maison"),
        Verdict.AUTRE_JOUR: _("Un autre jour"),
        Verdict.PAS_AUJOURD_HUI: _("Un autre jour"),
        Verdict.SANS_PANIER: _("Pas de panier cette fois"),
        Verdict.ANNULE: _("Panier annulé"),
        Verdict.A_DONNER: _("Panier à donner"),
        Verdict.DONNE: _("Panier donné"),
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
        Verdict.DONNE: _donne(found),
        Verdict.SANS_PANIER: _("Aucun panier n’est préparé pour cette famille. Cherchez-la par son nom."),
        Verdict.CARTE_REMPLACEE: _("Une autre carte a pris la place de celle-ci. Cherchez la famille par son nom."),
        Verdict.A_DONNER: _("Cette famille donne son panier cette semaine. Elle a changé d’avis ? Ouvrez son panier."),
        Verdict.ANNULE: _("Ce panier a été annulé. Le foyer a été prévenu et n’a rien à payer pour lui."),
    }.get(answer.verdict, _("Ce code ne se lit pas. Cherchez la famille par son nom ou son numéro."))


def _deja_remis(le: datetime | None) -> str:
    if le is None:
        return _("Ce panier a déjà été remis. Quelqu’un du foyer est peut-être passé.")
    if le.astimezone(PARIS).date() == today():
        return _("Ce panier a été remis à %(heure)s. Quelqu’un du foyer est peut-être passé.", heure=heure(le))
    return _("Ce panier a été remis %(instant)s.", instant=instant(le))


def _donne(found: PanierVu | None) -> str:
    """Kindly: nobody is to blame, and nothing was lost."""
    if found is None or found.don is None:
        return _("Ce panier a été donné à la solidarité.")
    if found.a_donner:
        return _("Cette famille a donné son panier %(quand)s : %(a)s.", quand=instant(found.don.le), a=found.don.a)
    return _(
        "Il n’avait pas été retiré : il a été donné %(quand)s (%(a)s). Rien n’est perdu, le prochain l’attendra.",
        quand=instant(found.don.le),
        a=found.don.a,
    )


def _autre_jour(found: PanierVu | None) -> str:
    if found is None:
        return _("Ce bon est celui d’un autre jour. Cherchez la famille par son nom.")
    return _(
        "Ce bon est celui du %(jour)s. Cherchez la famille par son nom : un autre panier l’attend peut-être.",
        jour=jour_annee(found.retrait_le),
    )


def cloture(fin: Fin) -> str:
    """What became of the baskets that nobody fetched."""
    if not fin.gardes and not fin.donnes:
        return _("La journée est close : tous les paniers ont trouvé leur famille.")
    told = [_("La journée est close.")]
    if fin.donnes:
        told.append(donnes(fin.donnes))
    if fin.gardes == 1:
        told.append(_("1 panier est gardé jusqu’à demain : il peut encore être remis."))
    elif fin.gardes:
        told.append(_("%(n)s paniers sont gardés jusqu’à demain : ils peuvent encore être remis.", n=fin.gardes))
    return " ".join(told)


def donnes(nombre: int) -> str:
    if nombre == 1:
        return _("1 panier est noté comme donné.")
    return _("%(n)s paniers sont notés comme donnés.", n=nombre)
