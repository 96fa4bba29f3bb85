"""The households of the demo town: people, quotients and accounts, drawn from its seed. All is invented."""

import random
from datetime import date, time, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from demo.lieux import MAISONS, NOMS_DE_FAMILLE, PRENOMS, REVENUS
from foyers.dossiers import place_du_qf
from foyers.folding import plier
from foyers.models import Canal, Compte, Foyer, JustificatifQF, Maison, Membre, Source
from kernel.clock import paris
from kernel.db import Base
from kernel.sealed import seal
from kernel.web.access import Role

Ligne = dict[str, Any]
"""A row about to be inserted with many others."""

SEMAINES_PASSEES = 12
ESSAYEE, SUR_PAPIER = 0, 1
"""Two households that every town has: the one with which visitors try it, and one of Le Patio that letters reach."""


def peupler(
    session: Session, rng: random.Random, jour: date, *, maisons: list[Maison], combien: int, empreinte: str
) -> list[Foyer]:
    """Households with their people, quotients and accounts, spread over the maisons; two of them every town has."""
    weights = [lieu.poids for lieu in MAISONS]
    patio = next(m for m in maisons if m.nom == "Le Patio")
    drawn = [rng.choices(maisons, weights)[0] for _ in range(combien)]
    made = [_foyer(rng, jour, patio if number == SUR_PAPIER else maison, number) for number, maison in enumerate(drawn)]
    session.add_all(made)
    session.flush()
    members: list[Ligne] = []
    quotients: list[Ligne] = []
    accounts: list[Ligne] = []
    for foyer, revenu in zip(made, _revenus(rng, combien), strict=True):
        members += _membres(rng, foyer)
        quotients += _quotient(rng, jour, foyer, revenu)
        if foyer.email or foyer.telephone:
            accounts.append(
                {
                    "nom": f"{members[-1]['prenom']} {foyer.nom}",
                    "role": Role.HABITANT,
                    "email": foyer.email,
                    "telephone": None if foyer.email else foyer.telephone,
                    "mot_de_passe": empreinte,
                    "foyer_id": foyer.id,
                    "cree_le": foyer.cree_le,
                }
            )
    inserer(session, Membre, members)
    inserer(session, JustificatifQF, quotients)
    inserer(session, Compte, accounts)
    return made


def _foyer(rng: random.Random, jour: date, maison: Maison, number: int) -> Foyer:
    nom = rng.choice(NOMS_DE_FAMILLE)
    known = {ESSAYEE: Canal.EMAIL, SUR_PAPIER: Canal.PAPIER}
    canal = known.get(number) or rng.choices((Canal.EMAIL, Canal.SMS, Canal.PAPIER), (80, 12, 8))[0]
    since = jour - timedelta(weeks=SEMAINES_PASSEES + 1, days=rng.randint(1, 300))
    slug = plier(nom).replace(" ", "-").encode("ascii", "ignore").decode()
    return Foyer(
        nom=nom,
        nom_plie=plier(nom),
        maison_id=maison.id,
        canal=canal,
        email=f"{slug}.{number}@habitants.example" if canal is Canal.EMAIL else None,
        telephone=f"+3363998{number:04d}" if canal is not Canal.PAPIER else None,
        cree_le=paris(since, time(rng.randint(9, 17), rng.randint(0, 59))),
    )


def _membres(rng: random.Random, foyer: Foyer) -> list[Ligne]:
    adults = rng.choices((1, 2), (45, 55))[0]
    children = rng.choices((0, 1, 2, 3, 4), (35, 25, 22, 12, 6))[0]
    people = [_membre(rng, foyer, adulte=n < adults) for n in range(adults + children)]
    people[0]["referent"] = True
    # Last in the list: the account made next bears the referent's first name.
    return [*people[1:], people[0]]


def _membre(rng: random.Random, foyer: Foyer, *, adulte: bool) -> Ligne:
    prenom = rng.choice(PRENOMS)
    return {
        "foyer_id": foyer.id,
        "prenom": prenom,
        "nom": foyer.nom,
        "nom_plie": plier(f"{prenom} {foyer.nom}"),
        "adulte": adulte,
        "referent": False,
    }


def _revenus(rng: random.Random, combien: int) -> list[tuple[int, int] | None]:
    """The range of each household's quotient, or None without proof: in the proportions of `REVENUS`, whatever the
    number of households, dealt at random."""
    whole = sum(part for _, part in REVENUS)
    dealt: list[tuple[int, int] | None] = []
    upto = 0
    for revenu, part in REVENUS:
        upto += part
        dealt += [revenu] * (combien * upto // whole - len(dealt))
    rng.shuffle(dealt)
    return dealt


def _quotient(rng: random.Random, jour: date, foyer: Foyer, revenu: tuple[int, int] | None) -> list[Ligne]:
    """Most have shown a proof; some have just declared and wait for a check; some have given nothing."""
    if revenu is None:
        return []
    recent = rng.random() < 0.05
    declared = paris(jour - timedelta(days=rng.randint(2, 18)), time(10)) if recent else foyer.cree_le
    month = declared.date().replace(day=1)
    return [
        {
            "foyer_id": foyer.id,
            "valeur_scellee": seal(str(rng.randint(*revenu)), place_du_qf(foyer.id)),
            "mois": month,
            "source": Source.DECLARATION if recent else rng.choices((Source.CAF, Source.MSA), (92, 8))[0],
            "declare_le": declared,
            "verifie_le": None if recent else declared + timedelta(days=1),
            "valide_jusqu_au": None if recent else jour + timedelta(days=rng.randint(20, 330)),
        }
    ]


def inserer(session: Session, table: type[Base], lignes: list[Ligne]) -> None:
    """All rows in one statement."""
    if lignes:
        session.execute(insert(table), lignes)
