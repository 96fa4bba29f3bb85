"""What the town's people have done of late, beside its weeks: proxies and cartes, messages done without, attestations
to check, a hand-out moved, days closed, letters that wait."""

import random
from datetime import datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from demo.habitants import ESSAYEE
from foyers import pieces
from foyers.dossiers import place_du_qf
from foyers.models import Compte, Foyer, JustificatifQF, Maison, Membre
from foyers.models_messages import PreferenceMessage, Sorte
from kernel import pdf, uploads
from kernel.clock import PARIS
from kernel.formats import mois
from kernel.sealed import unseal
from kernel.web.access import Role
from paniers.courriels.annonces import annoncer_non_retires
from paniers.distributions import Horaire, deplacer
from paniers.fermetures import fermer
from paniers.models.retrait import CarteRetrait, Procuration
from paniers.models.semaines import Semaine
from paniers.regles.etats import EtatSemaine

PART_DES_PROCHES, PART_DES_CARTES, PART_SANS_RAPPEL = 0.05, 0.06, 0.03
FOYERS_PAR_ATTESTATION, ATTESTATIONS = 40, 3
DEPLACEE, FERMEE = "Capuche", "Bajatière"
PROCHES = (("Nadia", "Benali"), ("Marcel", "Girard"), ("Inès", "Moreau"), ("Yusuf", "Kaya"))

ATTESTATION = """
<!doctype html><html lang="fr"><meta charset="utf-8"><title>Attestation</title>
<style>
  @page {{ size: A4; margin: 22mm }}
  body {{ font: 12pt/1.6 Atkinson, sans-serif }}
  h1 {{ font-size: 17pt; border-bottom: 2pt solid; padding-bottom: 4mm }}
  .valeur {{ font-size: 22pt; font-weight: bold; border: 1.5pt solid; padding: 4mm 6mm; margin: 8mm 0 }}
</style>
<p>Caisse d’allocations inventée<br>1 rue du Modèle, 38000 Grenoble</p>
<h1>Attestation de quotient familial</h1>
<p>{nom}</p>
<p>Quotient familial du mois de {mois}&nbsp;:</p>
<p class="valeur">{valeur} €</p>
<p>Document d’exemple, dessiné pour la ville de démonstration. Il ne vaut rien ailleurs.</p></html>
"""


def habiter(session: Session, rng: random.Random, maintenant: datetime) -> None:
    """Let the town look lived in at `maintenant`; its first household, with which visitors try it, is left as it is."""
    foyers = session.execute(select(Foyer.id, Foyer.canal).order_by(Foyer.id)).all()[ESSAYEE + 1 :]
    _retraits_par_d_autres(session, rng, foyers=[row.id for row in foyers], maintenant=maintenant)
    held = [row.id for row in foyers if row.canal == "papier" or rng.random() < PART_DES_CARTES]
    _ajouter(session, CarteRetrait, [{"foyer_id": key, "faite_le": maintenant - timedelta(days=20)} for key in held])
    without = [row.id for row in foyers if rng.random() < PART_SANS_RAPPEL]
    said = {"sorte": Sorte.RETRAIT, "recoit": False, "changee_le": maintenant - timedelta(days=12)}
    _ajouter(session, PreferenceMessage, [said | {"foyer_id": key} for key in without])
    _attestations(session, min(ATTESTATIONS, (len(foyers) + 1) // FOYERS_PAR_ATTESTATION), maintenant)
    _a_venir(session, maintenant)
    _dernieres_nouvelles(session, maintenant)


def _ajouter(
    session: Session, table: type[CarteRetrait | PreferenceMessage | Procuration], lignes: list[dict[str, object]]
) -> None:
    if lignes:
        session.execute(insert(table), lignes)


def _retraits_par_d_autres(session: Session, rng: random.Random, *, foyers: list[int], maintenant: datetime) -> None:
    given = maintenant - timedelta(days=30)
    rows: list[dict[str, object]] = []
    for key in foyers:
        if rng.random() < PART_DES_PROCHES:
            prenom, nom = rng.choice(PROCHES)
            rows.append(
                {"foyer_id": key, "prenom": prenom, "nom": nom, "du": given.date(), "au": None, "donnee_le": given}
            )
    _ajouter(session, Procuration, rows)


def _attestations(session: Session, combien: int, maintenant: datetime) -> None:
    """The agents of Le Patio find some to check: a page drawn by us, sent through the door that families use."""
    waiting = session.execute(
        select(JustificatifQF, Membre.prenom, Membre.nom)
        .join(Foyer, Foyer.id == JustificatifQF.foyer_id)
        .join(Maison, Maison.id == Foyer.maison_id)
        .join(Membre, (Membre.foyer_id == Foyer.id) & Membre.referent)
        .where(JustificatifQF.verifie_le.is_(None), JustificatifQF.refuse_le.is_(None))
        .order_by(Maison.nom != "Le Patio", JustificatifQF.id)
        .limit(combien)
    )
    for given, prenom, nom in waiting.all():
        value = unseal(given.valeur_scellee, place_du_qf(given.foyer_id))
        page = pdf.write(ATTESTATION.format(nom=f"{prenom} {nom}", mois=mois(given.mois), valeur=value))
        sent = max(given.declare_le, maintenant - timedelta(days=3))
        pieces.deposer(session, given.foyer_id, uploads.pages_of(page), par=None, le=sent)


def _a_venir(session: Session, maintenant: datetime) -> None:
    """One maison hands out a day later in three weeks or so; another is closed the week after, which waits for a
    decision."""
    coming = session.scalars(
        select(Semaine)
        .where(Semaine.etat == EtatSemaine.OUVERTE, Semaine.cloture_le > maintenant)
        .order_by(Semaine.retrait_le)
    ).all()
    places = {place.nom: place.id for place in session.scalars(select(Maison))}
    who = session.scalars(select(Compte.id).where(Compte.role == Role.COORDINATION)).first()
    said = maintenant - timedelta(days=1)
    if len(coming) > 2:
        later = Horaire(coming[2].retrait_le + timedelta(days=1))
        reason = "La grande salle sert de bureau de vote ce jour-là."
        deplacer(session, coming[2].id, places[DEPLACEE], later, motif=reason, instant=said, par=who)
    if len(coming) > 3:
        day = coming[3].retrait_le
        reason = "Travaux dans la cuisine."
        first, last = day - timedelta(days=1), day + timedelta(days=1)
        fermer(session, maison_id=places[FERMEE], du=first, au=last, motif=reason, instant=said, par=who)


def _dernieres_nouvelles(session: Session, maintenant: datetime) -> None:
    """Whoever did not come to the last hand-out is written to: by mail when the town starts, or by a letter that
    waits at its maison."""
    over = session.scalars(
        select(Semaine).where(Semaine.etat == EtatSemaine.TERMINEE).order_by(Semaine.retrait_le.desc()).limit(1)
    ).first()
    if over is not None and maintenant.astimezone(PARIS).date() - over.retrait_le <= timedelta(days=7):
        annoncer_non_retires(session, over.id)
