"""What the actors of baskets were doing, in the coordination's words, for the page of deliveries en souffrance."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.models import Foyer, Maison
from kernel.formats import jour
from kernel.operations import Geste, Payload
from paniers.models.attente import Attente, AvisTerme
from paniers.models.distributions import Distribution
from paniers.models.importation import Importation
from paniers.models.producteurs import Commande, DemandeOffre, Producteur
from paniers.models.retrait import Arrivee, CarteRetrait
from paniers.models.semaines import Abonnement, AbonnementVersion, Semaine


def _commandes(session: Session, payloads: Sequence[Payload]) -> list[str]:
    rows = session.execute(
        select(Commande.id, Commande.numero, Producteur.nom)
        .join(Producteur, Producteur.id == Commande.producteur_id)
        .where(Commande.id.in_(_cles(payloads, "commande_id")))
    )
    words = {row.id: f"{row.nom}, commande {row.numero}" for row in rows}
    return [words.get(payload.get("commande_id", 0), "") for payload in payloads]


def _semaines(session: Session, payloads: Sequence[Payload]) -> list[str]:
    keys = _cles(payloads, "semaine_id")
    rows = session.execute(select(Semaine.id, Semaine.retrait_le).where(Semaine.id.in_(keys)))
    words = {row.id: f"paniers du {jour(row.retrait_le)}" for row in rows}
    return [words.get(payload.get("semaine_id", 0), "") for payload in payloads]


def _maisons(session: Session, payloads: Sequence[Payload]) -> list[str]:
    keys = _cles(payloads, "maison_id")
    names = dict(session.execute(select(Maison.id, Maison.nom).where(Maison.id.in_(keys))).all())
    weeks = _semaines(session, payloads)
    places = [names.get(payload.get("maison_id", 0), "") for payload in payloads]
    return [", ".join(filter(None, pair)) for pair in zip(places, weeks, strict=True)]


def _distributions(session: Session, payloads: Sequence[Payload]) -> list[str]:
    rows = session.execute(
        select(Distribution.id, Semaine.retrait_le, Maison.nom)
        .join(Semaine, Semaine.id == Distribution.semaine_id)
        .outerjoin(Maison, Maison.id == Distribution.maison_id)
        .where(Distribution.id.in_(_cles(payloads, "distribution_id")))
    )
    words = {row.id: f"{row.nom or 'toute la ville'}, paniers du {jour(row.retrait_le)}" for row in rows}
    return [words.get(payload.get("distribution_id", 0), "") for payload in payloads]


def _abonnements(session: Session, payloads: Sequence[Payload]) -> list[str]:
    """Where and since when; the household stays unnamed."""
    rows = session.execute(
        select(Abonnement.id, Abonnement.souscrit_le, Maison.nom)
        .join(AbonnementVersion, AbonnementVersion.abonnement_id == Abonnement.id)
        .join(Maison, Maison.id == AbonnementVersion.maison_id)
        .where(Abonnement.id.in_(_cles(payloads, "abonnement_id")), AbonnementVersion.jusqu_a.is_(None))
    )
    words = {row.id: f"{row.nom}, abonnement pris {jour(row.souscrit_le)}" for row in rows}
    return [words.get(payload.get("abonnement_id", 0), "") for payload in payloads]


def _cartes(session: Session, payloads: Sequence[Payload]) -> list[str]:
    """Where the household belongs; it stays unnamed."""
    rows = session.execute(
        select(CarteRetrait.id, Maison.nom)
        .join(Foyer, Foyer.id == CarteRetrait.foyer_id)
        .join(Maison, Maison.id == Foyer.maison_id)
        .where(CarteRetrait.id.in_(_cles(payloads, "carte_id")))
    )
    words = {row.id: row.nom for row in rows}
    return [words.get(payload.get("carte_id", 0), "") for payload in payloads]


def _attentes(session: Session, payloads: Sequence[Payload]) -> list[str]:
    """Where and since when; the household stays unnamed."""
    rows = session.execute(
        select(Attente.id, Attente.depuis, Maison.nom)
        .join(Maison, Maison.id == Attente.maison_id)
        .where(Attente.id.in_(_cles(payloads, "attente_id")))
    )
    words = {row.id: f"{row.nom}, inscription du {jour(row.depuis)}" for row in rows}
    return [words.get(payload.get("attente_id", 0), "") for payload in payloads]


def _avis(session: Session, payloads: Sequence[Payload]) -> list[str]:
    rows = session.execute(select(AvisTerme.id, AvisTerme.fin).where(AvisTerme.id.in_(_cles(payloads, "avis_id"))))
    words = {row.id: f"dernier panier {jour(row.fin)}" for row in rows}
    return [words.get(payload.get("avis_id", 0), "") for payload in payloads]


def _arrivees(session: Session, payloads: Sequence[Payload]) -> list[str]:
    rows = session.execute(
        select(Arrivee.id, Maison.nom, Semaine.retrait_le)
        .join(Maison, Maison.id == Arrivee.maison_id)
        .join(Semaine, Semaine.id == Arrivee.semaine_id)
        .where(Arrivee.id.in_(_cles(payloads, "arrivee_id")))
    )
    words = {row.id: f"{row.nom}, paniers du {jour(row.retrait_le)}" for row in rows}
    return [words.get(payload.get("arrivee_id", 0), "") for payload in payloads]


def _importations(session: Session, payloads: Sequence[Payload]) -> list[str]:
    keys = _cles(payloads, "importation_id")
    rows = session.execute(select(Importation.id, Importation.deposee_le).where(Importation.id.in_(keys)))
    words = {row.id: f"fichier déposé {jour(row.deposee_le)}" for row in rows}
    return [words.get(payload.get("importation_id", 0), "") for payload in payloads]


def _demandes(session: Session, payloads: Sequence[Payload]) -> list[str]:
    rows = session.execute(
        select(DemandeOffre.id, Producteur.nom, Semaine.retrait_le)
        .join(Producteur, Producteur.id == DemandeOffre.producteur_id)
        .join(Semaine, Semaine.id == DemandeOffre.semaine_id)
        .where(DemandeOffre.id.in_(_cles(payloads, "demande_id")))
    )
    words = {row.id: f"{row.nom}, paniers du {jour(row.retrait_le)}" for row in rows}
    return [words.get(payload.get("demande_id", 0), "") for payload in payloads]


def _cles(payloads: Sequence[Payload], name: str) -> list[int]:
    return [payload[name] for payload in payloads if isinstance(payload.get(name), int)]


GESTES = {
    "confirmer_abonnement": Geste("Écrire à une famille que son abonnement est pris", _abonnements),
    "annoncer_place": Geste("Écrire à une famille qu’une place l’attend", _attentes),
    "annoncer_expiration": Geste("Écrire à une famille que sa place n’est plus gardée", _attentes),
    "annoncer_fin_de_terme": Geste("Écrire à une famille que son abonnement se termine bientôt", _avis),
    "preparer_bon_commande": Geste("Préparer le bon de commande d’un producteur", _commandes),
    "envoyer_commande": Geste("Envoyer sa commande à un producteur", _commandes),
    "relancer_commande": Geste("Demander à un producteur de répondre à sa commande", _commandes),
    "demander_offres": Geste("Demander ses offres à un producteur", _demandes),
    "annoncer_reponse": Geste("Prévenir la coordination de la réponse d’un producteur", _commandes),
    "preparer_bons": Geste("Préparer les bons de retrait et le dossier d’une maison", _maisons),
    "annoncer_manque": Geste("Prévenir la coordination de ce qui manque dans une maison", _arrivees),
    "preparer_feuille": Geste("Préparer la feuille du jour d’une maison", _maisons),
    "preparer_carte": Geste("Préparer la carte de retrait d’une famille", _cartes),
    "annoncer_panier_corrige": Geste("Écrire aux familles d’une maison que le panier change", _maisons),
    "annoncer_non_retires": Geste("Écrire aux familles qui n’ont pas retiré leur panier", _semaines),
    "annoncer_distribution": Geste("Prévenir les familles d’un changement de distribution", _distributions),
    "alerter_d_un_doute": Geste("Prévenir la coordination d’une distribution à décider", _semaines),
    "alerter_sans_composition": Geste("Prévenir la coordination que la composition manque", _semaines),
    "essayer_importation": Geste("Essayer un tableur de foyers", _importations),
    "importer_foyers": Geste("Importer un tableur de foyers", _importations),
}
