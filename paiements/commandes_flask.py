"""`flask regie …`: the régie's founding act, loaded from its file."""

from pathlib import Path

import click
from flask.cli import AppGroup

from kernel.db import transaction
from kernel.errors import Refus
from paiements import regie_donnees

regie = AppGroup("regie", help="La régie de recettes : son acte, ses caisses, ses mandataires.")


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
