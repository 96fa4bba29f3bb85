"""`flask regie …`: the régie's founding act, loaded from its file; `flask paiements …`: the reconciliation."""

from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from kernel import clock
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.formats import euros
from paiements.passerelle import Indisponible
from paiements.rapprochement import nuit, queries
from paiements.regie import donnees as regie_donnees

regie = AppGroup("regie", help="La régie de recettes : son acte, ses caisses, ses mandataires.")


paiements = AppGroup("paiements", help="L’argent : rapprocher Stripe, le grand livre et les caisses.")


@regie.command("charger")
@click.argument("fichier", type=click.Path(path_type=Path))
def commande_charger(fichier: Path) -> None:
    """Charger l’acte, les caisses et les mandataires d’un fichier TOML."""
    try:
        data = regie_donnees.lire(fichier)
        with transaction() as session:
            regie_donnees.charger(session, data)
    except Refus as refus:
        raise click.ClickException(refus.sentence) from None
    click.echo(f"{data.regie.nom} : {len(data.acte)} actes, {len(data.caisse)} caisses.")


@paiements.command("rapprocher")
@click.option("--jour", type=click.DateTime(["%Y-%m-%d"]), help="Jusqu’à la fin de ce jour ; par défaut, aujourd’hui.")
def commande_rapprocher(jour: datetime | None) -> None:
    """Rapprocher maintenant ; sort avec 1 et nomme chaque écart s’il en reste."""
    try:
        nuit.rapprocher_le(jour.date() if jour else clock.today())
    except Refus as refus:
        raise click.ClickException(refus.sentence) from None
    except Indisponible:
        raise click.ClickException("Stripe ne répond pas. Réessayez dans quelques minutes.") from None
    with reading() as session:
        found = queries.ecarts(session)
    for one in found:
        sides = f"{euros(one.ailleurs)} d’un côté, {euros(one.grand_livre)} au grand livre"
        click.echo(f"{queries.NOMS[one.nature]} {one.piece} : {sides}.")
    if found:
        raise SystemExit(1)
    click.echo("Tout est égal.")
