"""`flask semaine …`: the week's steps by hand. Each is the very step of the timetable, safe to run again."""

from collections.abc import Callable, Set
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel import clock
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.formats import euros, instant, jour_annee
from paiements import echeances
from paniers import donnees
from paniers.cloture import cloturer
from paniers.commandes import commander
from paniers.models.semaines import Semaine
from paniers.regles.etats import LIBELLES, EtatSemaine
from paniers.retraits import terminer
from paniers.semaines import par_code

T = TypeVar("T")

semaine = AppGroup("semaine", help="La semaine : clôturer, prélever, commander, terminer, état.")
quelle = click.option(
    "--semaine", "code", metavar="2026-W48", help="La semaine ; sinon la première où cette étape est due."
)


@semaine.command("cloturer")
@quelle
def commande_cloturer(code: str | None) -> None:
    """Figer les paniers de la semaine, débiter les foyers, ouvrir les échéances."""
    done = _faire(code, {EtatSemaine.OUVERTE}, lambda session, week, now: cloturer(session, week, instant=now))
    if done.deja_faite:
        click.echo("Cette semaine était déjà clôturée : rien n’a changé.")
    else:
        click.echo(f"{done.paniers} paniers figés, pour {euros(done.total)}.")


@semaine.command("prelever")
def commande_prelever() -> None:
    """Redemander les prélèvements qui n’ont pas encore de réponse."""
    with transaction() as session:
        count = echeances.relancer(session, clock.now() + echeances.ATTENTE)
    click.echo(f"{count} prélèvements redemandés.")


@semaine.command("commander")
@quelle
def commande_commander(code: str | None) -> None:
    """Émettre les commandes aux producteurs."""
    orders = _faire(code, {EtatSemaine.CLOTUREE}, lambda session, week, now: commander(session, week, instant=now))
    click.echo(f"{len(orders)} commandes émises." if orders else "Rien à commander : les commandes étaient parties.")


@semaine.command("terminer")
@quelle
def commande_terminer(code: str | None) -> None:
    """Noter les paniers non retirés et finir la semaine."""
    ordered = {EtatSemaine.COMMANDEE, EtatSemaine.LIVREE}
    _faire(code, ordered, lambda session, week, now: terminer(session, week, instant=now))
    click.echo("La semaine est terminée.")


@semaine.command("charger")
@click.argument("fichier", type=click.Path(path_type=Path))
def commande_charger(fichier: Path) -> None:
    """Charger les maisons, le calendrier, les grilles, les producteurs et les produits d’un fichier TOML."""
    try:
        data = donnees.lire(fichier)
        with transaction() as session:
            new = donnees.charger(session, data)
    except Refus as refus:
        raise click.ClickException(refus.sentence) from None
    click.echo("Nouveaux : " + ", ".join(f"{count} {kind}" for kind, count in new.items()) + ".")


@semaine.command("etat")
def commande_etat() -> None:
    """Dire où en est chaque semaine."""
    with reading() as session:
        for week in session.scalars(select(Semaine).order_by(Semaine.retrait_le)):
            state = LIBELLES[EtatSemaine(week.etat)]
            dates = f"retrait {jour_annee(week.retrait_le)}, clôture {instant(week.cloture_le)}"
            click.echo(f"{week.code}  {state:<10}  {dates}")


def _faire(code: str | None, etats: Set[EtatSemaine], step: Callable[[Session, int, datetime], T]) -> T:
    """Run a step on the named week, or on the first in such a state; a Refus ends the command with its sentence."""
    try:
        with transaction() as session:
            week = par_code(session, code) if code else _premiere(session, etats)
            return step(session, week.id, clock.now())
    except Refus as refus:
        raise click.ClickException(refus.sentence) from None


def _premiere(session: Session, etats: Set[EtatSemaine]) -> Semaine:
    week = session.scalars(select(Semaine).where(Semaine.etat.in_(etats)).order_by(Semaine.retrait_le).limit(1)).first()
    if week is None:
        raise Refus(f"Aucune semaine n’est {' ou '.join(sorted(LIBELLES[etat] for etat in etats))}.")
    return week
