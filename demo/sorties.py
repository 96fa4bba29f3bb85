"""The demo town's season of outings: its venues, prices, posters and passes.

Posters are written and published by the use cases that the coordination's pages call, each at its own hour. Past
evenings are in `demo.soirees`, what is still to come in `demo.sorties_a_venir`.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from culture.comptabilite import cle_du_pass
from culture.events import PassDelivre
from culture.models.pass_culture import AvisFiscal, GrillePass, PassCulture
from culture.models.sorties import GrilleSortie, Lieu, SortieAccompagnateur
from culture.pass_culture import empreinte
from culture.regles.tarifs import Saison, saison_de
from culture.sorties import Programme, creer, illustrer, publier
from demo.affiches import affiche_de
from demo.programme import A_VENIR, BROUILLON, EN_GROUPE, PASSEES, SALLES, TARIFS, Affiche
from foyers.models import Compte, Foyer, Maison, Membre
from kernel import clock
from kernel.clock import paris
from kernel.outbox import publish
from kernel.settings import get_settings
from kernel.web.access import Role
from paiements import grand_livre
from paiements.grand_livre import APasser, Ligne
from paiements.models.grand_livre import CompteGL

PASSE, AVENIR = timedelta(days=84), timedelta(days=63)
JOURS_AVANT_UNE_AFFICHE = 45
PART_DES_FOYERS, AU_MOINS, AU_PATIO = 0.16, 16, 6
PART_NON_IMPOSABLE = 0.6
PLEIN = 1200


def ouvrir_la_saison(session: Session, rng: random.Random, jour: date) -> None:
    """Write the posters of the weeks around `jour` as they were written then, and issue the season's passes."""
    debut = jour - PASSE - timedelta(days=7)
    clock.set_now(paris(debut, time(9)))
    session.add(GrillePass(effet_le=debut - timedelta(days=400), reduit=0, plein=PLEIN))
    lieux, grilles = _lieux(session), _grilles(session)
    _affiches(session, jour, lieux, grilles)
    for saison in dict.fromkeys((saison_de(debut), saison_de(jour + AVENIR))):
        _delivrer(session, rng, saison, debut=debut, jour=jour)


def jours_passes(jour: date) -> Iterator[date]:
    """The day of each past outing: spread over twelve weeks, never two on one day, never the day itself."""
    step = PASSE.days / len(PASSEES)
    return (jour - timedelta(days=1 + int(step * rank)) for rank in reversed(range(len(PASSEES))))


def jours_a_venir(jour: date) -> Iterator[date]:
    """This evening, then the days of two months."""
    step = AVENIR.days / len(A_VENIR)
    return (jour + timedelta(days=int(step * rank)) for rank in range(len(A_VENIR)))


def detenteurs(session: Session) -> dict[int, list[Membre]]:
    """Household → its people who hold a pass of this town, adults first."""
    held: dict[int, list[Membre]] = {}
    rows = session.scalars(
        select(Membre)
        .where(Membre.id.in_(select(PassCulture.membre_id)))
        .order_by(Membre.foyer_id, Membre.adulte.desc(), Membre.id)
    )
    for member in rows:
        held.setdefault(member.foyer_id, []).append(member)
    return held


def _lieux(session: Session) -> list[int]:
    made = [
        Lieu(
            nom=salle.nom,
            adresse=salle.adresse,
            code_postal=salle.code_postal,
            ville=salle.ville,
            acces=salle.acces,
            contact=salle.contact,
            email=f"accueil.{rank}@scenes.example",
            telephone=f"+3340002{rank:04d}",
            noms_demandes=salle.noms,
        )
        for rank, salle in enumerate(SALLES, start=1)
    ]
    session.add_all(made)
    session.flush()
    return [one.id for one in made]


def _grilles(session: Session) -> list[int]:
    made = [GrilleSortie(nom=one.nom, forme=one.forme, seuils=list(one.seuils), prix=list(one.prix)) for one in TARIFS]
    session.add_all(made)
    session.flush()
    return [one.id for one in made]


def _affiches(session: Session, jour: date, lieux: Sequence[int], grilles: Sequence[int]) -> None:
    """Past and coming ones, and a draft. Le Patio holds one in three, this evening's among them."""
    places = session.scalars(select(Maison).order_by(Maison.nom != "Le Patio", Maison.nom)).all()
    par = session.scalars(select(Compte.id).where(Compte.role == Role.COORDINATION)).one()
    agent = session.scalars(select(Compte.id).where(Compte.role == Role.AGENT).order_by(Compte.id).limit(1)).one()
    days = zip((*PASSEES, *A_VENIR), (*jours_passes(jour), *jours_a_venir(jour)), strict=True)
    for rank, (affiche, day) in enumerate(days, start=-len(PASSEES)):
        patio = rank % 3 == 0 or rank == EN_GROUPE
        place = places[0 if patio else 1 + rank % (len(places) - 1)]
        made = creer(
            session,
            programme(affiche, day, lieu_id=lieux[affiche.salle], maison=place, grille_id=grilles[affiche.tarif]),
            instant=clock.now(),
            par=par,
        )
        session.add(SortieAccompagnateur(sortie_id=made.id, compte_id=agent if patio else par))
        publier(session, made.id, instant=clock.now(), par=par)
        if day >= jour:
            illustrer(session, made.id, *affiche_de(affiche.genre), instant=clock.now())
    draft = programme(
        BROUILLON, jour + AVENIR, lieu_id=lieux[BROUILLON.salle], maison=places[0], grille_id=grilles[BROUILLON.tarif]
    )
    creer(session, draft, instant=clock.now(), par=par)


def programme(affiche: Affiche, jour: date, *, lieu_id: int, maison: Maison, grille_id: int) -> Programme:
    """What the coordination writes of a poster for that day."""
    begins = paris(jour, affiche.heure)
    return Programme(
        titre=affiche.titre,
        genre=affiche.genre,
        lieu_id=lieu_id,
        maison_id=maison.id,
        grille_id=grille_id,
        debut_le=begins,
        duree_minutes=affiche.minutes,
        places=affiche.places,
        cout_place=affiche.cout,
        privilege=affiche.privilege,
        texte=affiche.texte,
        rendez_vous_le=begins - timedelta(minutes=45),
        rendez_vous_lieu=f"Devant la maison des habitants {maison.nom}",
        age_minimum=affiche.age,
        autorisation_parentale=affiche.accord,
        besoins=affiche.besoins,
        ouverture_le=paris(jour - timedelta(days=JOURS_AVANT_UNE_AFFICHE), time(9)),
        cloture_le=paris(jour - timedelta(days=1), time(12)),
        annulable_jusqu_a=paris(jour - timedelta(days=2), time(18)),
    )


def _delivrer(session: Session, rng: random.Random, saison: Saison, *, debut: date, jour: date) -> None:
    """Issue the season's passes: to the first household at the full price, to most of the others free of charge.

    Those of a season that is over when the town is installed were issued long before, and cost nobody anything.
    """
    given = paris(min(jour - timedelta(days=5), max(debut, saison.du - timedelta(days=20))), time(10))
    members = _membres(session, _choisis(session))
    over = saison.au < jour
    free = {key for rank, key in enumerate(members) if over or (rank and rng.random() < PART_NON_IMPOSABLE)}
    notices = _avis(session, saison, sorted(free), given)
    rows: list[dict[str, Any]] = [
        {
            "foyer_id": foyer_id,
            "membre_id": member_id,
            "saison": saison.annee,
            "du": saison.du,
            "au": saison.au,
            "prix": 0 if foyer_id in free else PLEIN,
            "avis_id": notices.get(foyer_id),
            "delivre_le": given,
        }
        for foyer_id, people in members.items()
        for member_id in people
    ]
    made = insert(PassCulture).returning(PassCulture.id, sort_by_parameter_order=True)
    keys = session.scalars(made, rows).all()
    issued = list(zip(keys, rows, strict=True))
    _debiter(session, saison, [(key, row["foyer_id"]) for key, row in issued if row["prix"]], given)
    _tirer_les_cartes(session, issued)


def _choisis(session: Session) -> list[int]:
    """The first household, some of Le Patio's that have an account, then one in so many of all."""
    rows = session.execute(
        select(Foyer.id, Maison.nom, Foyer.canal).join(Maison, Maison.id == Foyer.maison_id).order_by(Foyer.id)
    ).all()
    patio = [row.id for row in rows[1:] if row.nom == "Le Patio" and row.canal == "email"][:AU_PATIO]
    step = max(1, min(round(1 / PART_DES_FOYERS), len(rows) // AU_MOINS))
    return list(dict.fromkeys([rows[0].id, *patio, *(row.id for row in rows[::step])]))


def _membres(session: Session, foyer_ids: Sequence[int]) -> dict[int, list[int]]:
    people: dict[int, list[int]] = {foyer_id: [] for foyer_id in foyer_ids}
    rows = session.execute(select(Membre.foyer_id, Membre.id).where(Membre.foyer_id.in_(foyer_ids)).order_by(Membre.id))
    for foyer_id, key in rows:
        people[foyer_id].append(key)
    return people


def _avis(session: Session, saison: Saison, foyer_ids: Sequence[int], vu_le: datetime) -> dict[int, int]:
    """The tax notices that were shown for the free ones."""
    rows: list[dict[str, Any]] = [
        {
            "foyer_id": foyer_id,
            "annee": saison.annee - 1,
            "empreinte": empreinte(f"{saison.annee % 100:02d}38{foyer_id:09d}"),
            "vu_le": vu_le,
            "valide_jusqu_au": saison.au,
        }
        for foyer_id in foyer_ids
    ]
    if not rows:
        return {}
    made = session.scalars(insert(AvisFiscal).returning(AvisFiscal.id, sort_by_parameter_order=True), rows)
    return dict(zip(foyer_ids, made, strict=True))


def _debiter(session: Session, saison: Saison, payants: Sequence[tuple[int, int]], le: datetime) -> None:
    label = f"{get_settings().nom_pass_culture} {saison.nom}"
    grand_livre.passer_en_lot(
        session,
        [
            APasser(
                cle=cle_du_pass(pass_id),
                jour=le.date(),
                libelle=label,
                mouvements=[
                    Ligne(CompteGL.FOYER, PLEIN, foyer_id=foyer_id),
                    Ligne(CompteGL.ADHESIONS, -PLEIN),
                ],
            )
            for pass_id, foyer_id in payants
        ],
    )


def _tirer_les_cartes(session: Session, faits: Sequence[tuple[int, dict[str, Any]]]) -> None:
    """The cards of the households whose pages visitors open are drawn when the town starts; the others on demand."""
    shown = list(dict.fromkeys(row["foyer_id"] for _key, row in faits))[: AU_PATIO + 1]
    publish(session, *(PassDelivre(key) for key, row in faits if row["foyer_id"] in shown))
