"""`flask foyers …`: what an operator does about accounts from a terminal."""

import click
from flask.cli import AppGroup

from foyers.cles import resceller
from foyers.comptes import creer_compte, lire_identifiant, purger_connexions
from foyers.queries import maisons
from kernel.db import transaction
from kernel.errors import Refus
from kernel.sealed import Unsealable
from kernel.web.access import Role

foyers = AppGroup("foyers", help="Accounts of the team and of families.")

EQUIPE = [role.value for role in Role if role is not Role.HABITANT]


@foyers.command("creer-compte")
@click.option("--nom", required=True, help="Name shown on pages.")
@click.option("--role", type=click.Choice(EQUIPE), required=True)
@click.option("--identifiant", required=True, help="E-mail or telephone to sign in with.")
@click.option("--maison", "codes", multiple=True, help="Code of a maison where an agent or a bénévole works.")
@click.password_option("--mot-de-passe", prompt="Mot de passe")
def creer(nom: str, role: str, identifiant: str, codes: tuple[str, ...], mot_de_passe: str) -> None:
    """Create an account of the team; families sign up by themselves or at the counter."""
    try:
        with transaction() as session:
            known = {maison.code: maison.id for maison in maisons(session)}
            unknown = [code for code in codes if code not in known]
            if unknown:
                raise click.BadParameter(f"{', '.join(unknown)} (known: {', '.join(known)})", param_hint="--maison")
            creer_compte(
                session,
                nom=nom,
                role=Role(role),
                identifiant=lire_identifiant(identifiant),
                mot_de_passe=mot_de_passe,
                maisons=[known[code] for code in codes],
            )
    except Refus as refus:
        raise click.ClickException(refus.sentence) from None
    click.echo(f"{nom} peut se connecter.")


@foyers.command("purger")
def purger() -> None:
    """Remove sign-ins whose time is over."""
    with transaction() as session:
        click.echo(f"{purger_connexions(session)} connexions retirées.")


@foyers.command("resceller")
def resceller_tout() -> None:
    """Seal every quotient under the first of DATA_KEYS, so that the others can be taken away."""
    total = 0
    try:
        while True:
            with transaction() as session:
                count = resceller(session)
            if not count:
                break
            total += count
    except Unsealable as reason:
        raise click.ClickException(f"A quotient does not open ({reason}): give its key back in DATA_KEYS.") from None
    click.echo(f"{total} quotients sealed anew; none is left under an older key.")
