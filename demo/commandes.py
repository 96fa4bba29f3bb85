"""`flask demo installer` and `flask demo jouer`.

`flask` imports this file whatever command is asked, so what a command does is imported by the command: the relay and
the timetable of an installation carry nothing of the demo town.
"""

from datetime import date, datetime

import click


@click.group("demo", help="La ville de démonstration.")
def demo() -> None:
    """A plain group: these commands need no web application."""


@demo.command("installer")
@click.option("--foyers", default=600, show_default=True, type=click.IntRange(1, 200_000))
@click.option("--graine", default=7, show_default=True, help="Même graine et même jour : même ville.")
@click.option("--jour", type=click.DateTime(["%Y-%m-%d"]), help="Le jour de la ville ; sinon aujourd’hui.")
@click.option("--si-vide", is_flag=True, help="Ne rien dire si une ville est déjà là.")
def commande_installer(foyers: int, graine: int, jour: datetime | None, *, si_vide: bool) -> None:
    """Installer la ville : maisons, fermes, foyers, douze semaines passées."""
    from demo.installer import installer  # noqa: PLC0415

    made = installer(foyers=foyers, graine=graine, jour=_jour(jour))
    if made.empreinte is not None:
        click.echo(f"{made.foyers} foyers installés. Empreinte : {made.empreinte}")
    elif not si_vide:
        raise click.ClickException("Cette base contient déjà des foyers : rien n’a été changé. `make reset` la vide.")


@demo.command("jouer")
@click.option("--json", "en_json", is_flag=True, help="Les chiffres en JSON, pour les recalculer.")
@click.option("--foyers", default=600, show_default=True, type=click.IntRange(1, 20_000))
@click.option("--graine", default=7, show_default=True)
@click.option("--jour", type=click.DateTime(["%Y-%m-%d"]), default="2026-11-20", show_default=True)
@click.option(
    "--image", help="Depuis cette image de conteneur, deux de chaque ; DATABASE_URL et REDIS_URL sont à donner."
)
def commande_jouer(foyers: int, graine: int, jour: datetime, image: str | None, *, en_json: bool) -> None:
    """Jouer une semaine entière : vrai relais, vrais ouvriers, seule l’horloge est avancée."""
    from demo.actes import TropLong  # noqa: PLC0415
    from demo.jouer import jouer  # noqa: PLC0415
    from demo.lancer import Impossible  # noqa: PLC0415
    from demo.supervisor import Stopped  # noqa: PLC0415
    from kernel.embedded import EngineFailure  # noqa: PLC0415

    try:
        code = jouer(foyers=foyers, graine=graine, jour=jour.date(), en_json=en_json, image=image)
    except (Impossible, EngineFailure) as reason:
        raise click.ClickException(str(reason)) from None
    except TropLong as late:
        raise click.ClickException(f"Plus rien n’avance depuis cinq minutes, en attendant : {late}.") from None
    except Stopped:
        raise click.ClickException("La ville est arrêtée avant la fin de sa semaine.") from None
    raise SystemExit(code)


def _jour(given: datetime | None) -> date | None:
    return given.date() if given else None
