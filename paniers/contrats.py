"""Contracts with producers: opened, ended on another day, and the prices that are agreed in them.

What a published basket was made with is not undone: a list or an end that would leave one of its offers above the
agreed price, or without one, is refused, unless the coordination had accepted that offer.
"""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from kernel.errors import Introuvable, Refus
from kernel.formats import jour_annee
from paniers.models.contrats import Contrat, PrixConvenu
from paniers.models.producteurs import Composition, CompositionLigne, Offre, Producteur, Produit
from paniers.models.semaines import Semaine
from paniers.offres import PRIX_LE_PLUS_HAUT
from paniers.prix_convenus import a_accepter

ANNEES_AU_PLUS = 4
"""A framework contract for purchases lasts four years at most (Code de la commande publique, L2125-1)."""
NUMERO_LE_PLUS_LONG = 40


def ouvrir(
    session: Session, *, producteur_id: int, numero: str, debut: date, fin: date, instant: datetime, par: int | None
) -> Contrat:
    """Open a contract for the pick-ups from `debut` to `fin`.

    Raises Refus for days that cannot be, a number that is taken, or days that another contract of the producer holds.
    """
    _tenir_la_ferme(session, producteur_id)
    number = " ".join(numero.split())
    if not number or len(number) > NUMERO_LE_PLUS_LONG:
        raise Refus("Écrivez le numéro du contrat, en quarante signes au plus.", status=422)
    _exiger_bonne_duree(debut, fin)
    if session.scalars(select(Contrat.id).where(func.lower(Contrat.numero) == number.lower())).first() is not None:
        raise Refus(f"Le contrat {number} existe déjà. Donnez un autre numéro à celui-ci.")
    _exiger_seul(session, producteur_id, debut, fin)
    contract = Contrat(
        producteur_id=producteur_id, numero=number, debut=debut, fin=fin, saisi_le=instant, saisi_par=par
    )
    session.add(contract)
    session.flush()  # its id goes into the prices
    return contract


def finir(session: Session, contrat_id: int, fin: date) -> None:
    """End the contract on another day, earlier or later. Raises Refus where a published basket would lose its price."""
    contract = _verrouiller(session, contrat_id)
    _exiger_bonne_duree(contract.debut, fin)
    _exiger_seul(session, contract.producteur_id, contract.debut, fin, sauf=contract.id)
    first, last = sorted((contract.fin, fin))
    _tenir_les_semaines(session, first, last)
    contract.fin = fin
    session.flush()  # the check below reads it
    _exiger_paniers_tenus(session, contract, Semaine.retrait_le.between(first, last))


def convenir(session: Session, contrat_id: int, effet_le: date, prix: Mapping[int, int]) -> None:
    """Agree on a list, product → centimes before tax, from `effet_le` on; it replaces one of the same day.

    1. lock the contract, then the weeks that the list prices, so that no offer is entered meanwhile; 2. write the list;
    3. check the published baskets. Raises Refus.
    """
    contract = _verrouiller(session, contrat_id)
    if not contract.debut <= effet_le <= contract.fin:
        raise Refus(
            f"Le contrat va du {jour_annee(contract.debut)} au {jour_annee(contract.fin)} : "
            "choisissez un jour entre les deux.",
            status=422,
        )
    if not prix:
        raise Refus("Écrivez au moins un prix.", status=422)
    if any(not 0 < price <= PRIX_LE_PLUS_HAUT for price in prix.values()):
        raise Refus("Un prix convenu va de 0,01 € à 200,00 €.", status=422)
    if set(session.scalars(select(Produit.id).where(Produit.id.in_(prix)))) != set(prix):
        raise Refus("Un de ces produits n’est pas dans la liste. Rechargez la page.", status=422)
    _tenir_les_semaines(session, effet_le, contract.fin)
    session.execute(delete(PrixConvenu).where(PrixConvenu.contrat_id == contract.id, PrixConvenu.effet_le == effet_le))
    session.add_all(
        PrixConvenu(contrat_id=contract.id, effet_le=effet_le, produit_id=product, prix=price)
        for product, price in prix.items()
    )
    session.flush()  # the check below reads them
    _exiger_paniers_tenus(session, contract, Semaine.retrait_le.between(effet_le, contract.fin))


def _verrouiller(session: Session, contrat_id: int) -> Contrat:
    """The contract, held with its farm. Raises Introuvable."""
    contract = session.get(Contrat, contrat_id)
    if contract is None:
        raise Introuvable
    _tenir_la_ferme(session, contract.producteur_id)
    session.refresh(contract)
    return contract


def _tenir_la_ferme(session: Session, producteur_id: int) -> None:
    """Two contracts of one farm wait for one another, its offers do not. Raises Introuvable."""
    if session.get(Producteur, producteur_id, with_for_update={"key_share": True}, populate_existing=True) is None:
        raise Introuvable


def _tenir_les_semaines(session: Session, du: date, au: date) -> None:
    """Whoever offers or composes in these weeks waits, and then reads the new prices."""
    session.execute(
        select(Semaine.id)
        .where(Semaine.retrait_le.between(du, au))
        .order_by(Semaine.id)
        .with_for_update(key_share=True)
    )


def _exiger_bonne_duree(debut: date, fin: date) -> None:
    if fin < debut:
        raise Refus("Le contrat finit avant de commencer. Vérifiez les deux jours.", status=422)
    if (fin.year - ANNEES_AU_PLUS, fin.month, fin.day) >= (debut.year, debut.month, debut.day):
        raise Refus("Un contrat dure quatre ans au plus. Choisissez une fin plus proche.", status=422)


def _exiger_seul(session: Session, producteur_id: int, debut: date, fin: date, *, sauf: int | None = None) -> None:
    others = select(Contrat).where(
        Contrat.producteur_id == producteur_id, Contrat.debut <= fin, Contrat.fin >= debut, Contrat.id != (sauf or 0)
    )
    other = session.scalars(others.order_by(Contrat.debut).limit(1)).first()
    if other is not None:
        raise Refus(
            f"Le contrat {other.numero} de ce producteur va déjà du {jour_annee(other.debut)} au "
            f"{jour_annee(other.fin)}. Choisissez d’autres jours, ou finissez-le plus tôt."
        )


def _exiger_paniers_tenus(session: Session, contract: Contrat, days: ColumnElement[bool]) -> None:
    broken = session.execute(
        select(Produit.nom, Semaine.retrait_le)
        .select_from(CompositionLigne)
        .join(Composition, Composition.id == CompositionLigne.composition_id)
        .join(Offre, Offre.id == CompositionLigne.offre_id)
        .join(Semaine, Semaine.id == Offre.semaine_id)
        .join(Produit, Produit.id == Offre.produit_id)
        .where(Composition.publiee_le.is_not(None), Offre.producteur_id == contract.producteur_id, days, a_accepter())
        .order_by(Semaine.retrait_le.desc())
        .limit(1)
    ).first()
    if broken is not None:
        product, day = broken
        raise Refus(
            f"« {product} » est dans le panier publié du {jour_annee(day)}, à un prix que cela ne permettrait plus. "
            "Choisissez un jour plus tardif, ou gardez ce prix."
        )
