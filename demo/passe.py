"""The demo town's past: twelve weeks closed, ordered, handed out and paid, by the very use cases of real life.

Only what people and banks do is written in bulk here: hand-outs, producers' answers, payments that succeeded or not.
"""

import random
from collections.abc import Sequence
from copy import copy
from datetime import date, datetime, time, timedelta

from sqlalchemy import Row, Select, insert, select, text
from sqlalchemy.orm import Session

from demo import impayes, soirees
from demo.caisses import SEMAINES_AU_GUICHET, tenir_la_caisse
from demo.habitants import SEMAINES_PASSEES
from demo.imprevus import completer, deux_tiers
from demo.saison import composer_et_publier, offrir
from demo.souscriptions import premier_retrait
from foyers.models import Canal, Compte, Foyer
from kernel import clock
from kernel.clock import PARIS, paris
from kernel.web.access import Role
from paiements import grand_livre
from paiements.grand_livre import APasser, Ligne
from paiements.models.grand_livre import CompteGL
from paniers.cloture import cloturer
from paniers.commandes import commander, repondre
from paniers.models.producteurs import Commande
from paniers.models.semaines import Abonnement, AbonnementVersion, Calendrier, Choix, NatureChoix, Panier, Semaine
from paniers.regles import calendrier
from paniers.regles.etats import EtatSemaine
from paniers.retraits import livrer, terminer
from paniers.semaines import DELAI_DE_CLOTURE, ouvrir_semaines

PART_DES_ABSENTS = 0.05
PART_DES_REFUS = 0.03
SEMAINES_A_REGLER = 2
"""A household that pays at its maison is behind by as many weeks."""


def vivre(session: Session, rng: random.Random, jour: date, maintenant: datetime) -> None:
    """Play every week from twelve weeks ago to the one that is open at `maintenant`, each step at its own hour."""
    rythme = session.scalars(select(Calendrier)).one()
    coordination = session.scalars(select(Compte.id).where(Compte.role == Role.COORDINATION)).first()
    for number in range(SEMAINES_PASSEES):
        week = _ouvrir(session, rythme, premier_retrait(jour) + timedelta(weeks=number))
        _avant_la_cloture(session, rng, week, coordination)
        held = number - (SEMAINES_PASSEES - SEMAINES_AU_GUICHET)
        short = number == SEMAINES_PASSEES - 1
        _mener(session, rng, week, coordination, court=short, au_guichet=held if held >= 0 else None)
        impayes.remettre(session, week, number)
        impayes.aider(session, week, number)
        _oublier_les_faits(session)
    soirees.passer(session, copy(rng), maintenant)
    _oublier_les_faits(session)
    _la_suite(session, rng, jour, maintenant, coordination)
    clock.set_now(maintenant)


def _ouvrir(session: Session, rythme: Calendrier, retrait_le: date) -> Semaine:
    steps = calendrier.etapes(retrait_le, rythme)
    week = Semaine(
        code=steps.code,
        retrait_le=steps.retrait_le,
        offres_jusqu_a=steps.offres_jusqu_a,
        publication_le=steps.publication_le,
        cloture_le=steps.cloture_le,
        commande_le=steps.commande_le,
    )
    session.add(week)
    session.flush()
    return week


def _avant_la_cloture(session: Session, rng: random.Random, week: Semaine, coordination: int | None) -> None:
    """Farms offer, the coordination composes, a few families say that they will not come."""
    clock.set_now(week.offres_jusqu_a - timedelta(hours=9))
    offrir(session, rng, week, _abonnes(session, week), clock.now())
    clock.set_now(week.publication_le - timedelta(hours=2))
    composer_et_publier(session, rng, week, clock.now(), coordination)
    subscribed = session.scalars(
        select(AbonnementVersion.abonnement_id)
        .where(AbonnementVersion.debut <= week.retrait_le, AbonnementVersion.fin >= week.retrait_le)
        .where(AbonnementVersion.depuis < week.cloture_le)
        .where(AbonnementVersion.abonnement_id.not_in(_abonnements_sur_papier()))
        .order_by(AbonnementVersion.abonnement_id)
    ).all()
    away = [abonnement_id for abonnement_id in subscribed if rng.random() < PART_DES_ABSENTS]
    said = {"semaine_id": week.id, "nature": NatureChoix.PAS_CETTE_SEMAINE}
    said_at = week.cloture_le - timedelta(hours=5)
    if away:
        session.execute(insert(Choix), [said | {"abonnement_id": one, "fait_le": said_at} for one in away])


def _abonnements_sur_papier() -> Select[int]:
    """Of families without a screen: they say nothing from home."""
    return select(Abonnement.id).join(Foyer, Foyer.id == Abonnement.foyer_id).where(Foyer.canal == Canal.PAPIER)


def _sur_papier(session: Session, week: Semaine) -> int | None:
    """The first basket of a family that letters reach: at Le Patio, in every town of two households or more."""
    theirs = select(Panier.id).where(Panier.semaine_id == week.id, Panier.abonnement_id.in_(_abonnements_sur_papier()))
    return session.scalars(theirs.order_by(Panier.foyer_id).limit(1)).first()


def _mener(
    session: Session,
    rng: random.Random,
    week: Semaine,
    coordination: int | None,
    *,
    court: bool,
    au_guichet: int | None,
) -> None:
    """Close, order, deliver, hand out, be paid. `court`: a farm had less than was ordered, the basket changed, and a
    family that letters reach did not come; `au_guichet` counts the weeks in which a till was held, from 0.
    """
    clock.set_now(week.cloture_le + DELAI_DE_CLOTURE)
    cloturer(session, week.id, instant=clock.now())
    clock.set_now(week.commande_le)
    orders = commander(session, week.id, instant=clock.now())
    for order in orders:
        repondre(session, order.id, message=None, instant=clock.now() + timedelta(hours=rng.randint(1, 9)))
    if court and orders:
        _corriger(session, week, orders[-1], coordination)
    clock.set_now(paris(week.retrait_le, time(15)))
    livrer(session, week.id, par=coordination, instant=clock.now())
    _retirer(session, rng, week, sauf=_sur_papier(session, week) if court else None)
    _payer(session, rng, week)
    soirees.passer(session, copy(rng), clock.now())
    if au_guichet is not None:
        tenir_la_caisse(session, rng, week.retrait_le, au_guichet)
    clock.set_now(paris(week.retrait_le + timedelta(days=1), time(0, 5)))
    terminer(session, week.id, instant=clock.now())


def _corriger(session: Session, week: Semaine, order: Commande, coordination: int | None) -> None:
    """Tuesday: the farm that had confirmed finds less in its field; the basket is corrected, and all confirm again."""
    clock.set_now(week.commande_le + timedelta(hours=28))
    short = deux_tiers(session, order.id)
    repondre(session, order.id, message="La grêle est passée.", disponibles=short, instant=clock.now())
    session.flush()
    clock.set_now(week.commande_le + timedelta(hours=31))
    completer(session, week, "La grêle a pris une part de la récolte.", coordination)
    for again in session.scalars(
        select(Commande).where(Commande.semaine_id == week.id, Commande.etat == "emise").order_by(Commande.id)
    ).all():
        repondre(session, again.id, message=None, instant=clock.now() + timedelta(hours=2))


_RETIRER = text(
    """
    WITH venus AS (
        UPDATE panier p SET etat = 'remis'
          FROM unnest(cast(:paniers AS bigint[]), cast(:heures AS timestamptz[])) AS v(id, le)
         WHERE p.id = v.id RETURNING p.id, v.le)
    INSERT INTO retrait (panier_id, moyen, par, le) SELECT id, 'scan', NULL, le FROM venus
    """
)


def _retirer(
    session: Session,
    rng: random.Random,
    week: Semaine,
    maintenant: datetime | None = None,
    *,
    sauf: int | None = None,
) -> None:
    """Nearly everybody comes, most in the first hour; or those who have come by `maintenant`; nobody for `sauf`."""
    query = text("SELECT id FROM panier WHERE semaine_id = :s ORDER BY abonnement_id")
    opening = paris(week.retrait_le, time(17))
    visits = [
        (basket, opening + timedelta(minutes=min(118, rng.expovariate(1 / 40))))
        for basket in session.execute(query, {"s": week.id}).scalars()
        if rng.random() < 0.955 and basket != sauf
    ]
    come = [visit for visit in visits if maintenant is None or visit[1] <= maintenant]
    session.execute(_RETIRER, {"paniers": [basket for basket, _ in come], "heures": [hour for _, hour in come]})


_A_PAYER = text(
    """
    SELECT p.id, p.foyer_id, p.echeance_id, p.montant, p.nature FROM paiement p
     WHERE p.etat = 'prepare' AND p.nature = 'prelevement' ORDER BY p.foyer_id
    """
)
_PAYER_EN_LIGNE = text(
    """
    INSERT INTO paiement (foyer_id, echeance_id, nature, montant, cle, etat, demande_le)
    SELECT e.foyer_id, e.id, 'en_ligne', e.montant, gen_random_uuid(), 'prepare', :le
      FROM echeance e WHERE e.reglee_le IS NULL AND e.ouverte_le < :avant AND e.mode = 'maison'
       AND e.foyer_id <> ALL(:en_peine)
     ORDER BY e.foyer_id, e.cle
    RETURNING id, foyer_id, echeance_id, montant, nature
    """
)
_CONCLURE = text(
    """
    WITH conclus AS (
        SELECT * FROM unnest(cast(:ids AS bigint[]), cast(:etats AS text[])) AS c(id, etat)
    ), etapes AS (
        INSERT INTO paiement_etape (paiement_id, de, vers, cause, le)
        SELECT id, 'prepare', 'inconnu', 'demande', :le FROM conclus
        UNION ALL SELECT id, 'inconnu', etat, 'stripe', :le FROM conclus
    ), reglees AS (
        UPDATE echeance e SET reglee_le = :le FROM conclus c JOIN paiement p ON p.id = c.id
         WHERE e.id = p.echeance_id AND c.etat = 'reussi'
    )
    UPDATE paiement p SET etat = c.etat, tente_le = :le, conclu_le = :le,
           stripe_id = 'pi_demo' || lpad(p.id::text, 8, '0'),
           code_refus = CASE c.etat WHEN 'refuse' THEN 'insufficient_funds' END
      FROM conclus c WHERE p.id = c.id
    """
)

Attendu = Row[tuple[int, int, int, int, str]]


def _payer(session: Session, rng: random.Random, week: Semaine, maintenant: datetime | None = None) -> None:
    """Saved cards are charged after the cut-off; who pays at the maison pays online some weeks later (if it is not
    `maintenant` yet, not at all)."""
    charged, evening = week.cloture_le + timedelta(minutes=10), paris(week.retrait_le, time(18))
    if maintenant is not None:
        charged = min(charged, maintenant)
    due = session.execute(_A_PAYER).all()
    _conclure(session, [(row, "refuse" if rng.random() < PART_DES_REFUS else "reussi") for row in due], charged)
    if maintenant is not None and maintenant < evening:
        return
    before = week.cloture_le - timedelta(weeks=SEMAINES_A_REGLER) + timedelta(hours=1)
    given = {"le": charged, "avant": before, "en_peine": impayes.en_peine(session)}
    late = session.execute(_PAYER_EN_LIGNE, given).all()
    outings = session.execute(soirees.PAYER, {"le": charged, "avant": week.cloture_le.date()}).all()
    _conclure(session, [(row, "reussi") for row in (*late, *outings)], evening)


def _conclure(session: Session, payments: Sequence[tuple[Attendu, str]], instant: datetime) -> None:
    if not payments:
        return
    paid = [row for row, state in payments if state == "reussi"]
    grand_livre.passer_en_lot(session, [_ecriture(row, instant) for row in paid])
    session.execute(
        _CONCLURE,
        {"ids": [row.id for row, _ in payments], "etats": [state for _, state in payments], "le": instant},
    )


def _ecriture(row: Attendu, instant: datetime) -> APasser:
    return APasser(
        cle=f"paiement:{row.id}",
        jour=instant.astimezone(PARIS).date(),
        libelle="Prélèvement sur votre carte" if row.nature == "prelevement" else "Paiement en ligne",
        mouvements=[
            Ligne(CompteGL.STRIPE, row.montant),
            Ligne(CompteGL.FOYER, -row.montant, foyer_id=row.foyer_id),
        ],
    )


def _la_suite(session: Session, rng: random.Random, jour: date, maintenant: datetime, coordination: int | None) -> None:
    """The weeks still to come: the next two have offers; a published basket where its Friday is past.

    A week whose cut-off is past but not its pick-up is closed, charged, ordered and handed out here as far as it has
    come, and its orders' facts are left to the relay: vouchers and mails are made when the town starts.
    """
    clock.set_now(maintenant)
    ouvrir_semaines(session, jour)
    coming = session.scalars(select(Semaine).where(Semaine.etat == EtatSemaine.OUVERTE).order_by(Semaine.retrait_le))
    for week in coming.all()[:3]:
        if maintenant < week.offres_jusqu_a - timedelta(days=7):
            continue
        clock.set_now(min(maintenant, week.offres_jusqu_a - timedelta(hours=9)))
        offrir(session, rng, week, _abonnes(session, week), clock.now())
        clock.set_now(min(maintenant, week.publication_le - timedelta(hours=2)))
        if maintenant >= week.publication_le:
            composer_et_publier(session, rng, week, clock.now(), coordination)
        _en_cours_de_semaine(session, rng, week, maintenant, coordination)


def _en_cours_de_semaine(
    session: Session, rng: random.Random, week: Semaine, maintenant: datetime, coordination: int | None
) -> None:
    if maintenant < week.cloture_le + DELAI_DE_CLOTURE:
        return
    clock.set_now(week.cloture_le + DELAI_DE_CLOTURE)
    cloturer(session, week.id, instant=clock.now())
    _payer(session, rng, week, maintenant)
    _oublier_les_faits(session)
    if maintenant >= week.commande_le:
        clock.set_now(week.commande_le)
        commander(session, week.id, instant=clock.now())
    arrival = paris(week.retrait_le, time(15))
    if maintenant >= arrival:
        clock.set_now(arrival)
        livrer(session, week.id, par=coordination, instant=arrival)
        _retirer(session, rng, week, maintenant)


def _abonnes(session: Session, week: Semaine) -> int:
    """How many baskets the week may count: what a farm is told as a forecast."""
    return len(
        session.scalars(
            select(Abonnement.id)
            .join(AbonnementVersion, AbonnementVersion.abonnement_id == Abonnement.id)
            .where(AbonnementVersion.debut <= week.retrait_le, AbonnementVersion.fin >= week.retrait_le)
        ).all()
    )


def _oublier_les_faits(session: Session) -> None:
    """What the past told, it told long ago: the relay has nothing to deliver, but papers of the tills, and cards."""
    session.execute(
        text(
            "DELETE FROM outbox_fact WHERE expanded_at IS NULL"
            " AND name NOT IN ('QuittanceEmise', 'VersementFait', 'RestesArretes', 'TirageDemande', 'PassDelivre')"
        )
    )
