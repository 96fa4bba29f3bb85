"""`flask foyers importer`: a centre's spreadsheet from a terminal."""

from collections.abc import Iterable
from pathlib import Path

import click

from foyers.importation.doublons import DISTINCT
from kernel import clock
from kernel.db import transaction
from kernel.errors import Refus
from kernel.table_files import read_table
from kernel.tables import MAX_BYTES
from paniers.importation.decisions import Decisions, lire_decisions
from paniers.importation.fichiers import propositions_csv, remarques_csv
from paniers.importation.paroles import MOTIFS, bilan, verdict
from paniers.importation.propositions import FUSIONNER
from paniers.importation.rapport import Rapport
from paniers.importation.reprise import Demande, essayer
from paniers.importation.reprise import importer as tout_importer

MONTREES = 40
Chemin = click.Path(path_type=Path, dir_okay=False)


@click.command("importer")
@click.argument("fichier", type=click.Path(exists=True, path_type=Path, dir_okay=False))
@click.option("--essai", is_flag=True, help="Dire ce qui serait fait, sans rien écrire.")
@click.option(
    "--decisions", type=click.Path(exists=True, path_type=Path, dir_okay=False), help="CSV : ligne, décision."
)
@click.option("--fusionner-probables", is_flag=True, help="Tenir chaque doublon probable pour le même foyer.")
@click.option("--garder-distincts", is_flag=True, help="Tenir chaque doublon probable pour un autre foyer.")
@click.option("--ecrire-doublons", type=Chemin, help="Écrire en CSV les doublons probables, à décider.")
@click.option("--ecrire-remarques", type=Chemin, help="Écrire en CSV toutes les remarques.")
def importer(
    fichier: Path,
    *,
    essai: bool,
    decisions: Path | None,
    fusionner_probables: bool,
    garder_distincts: bool,
    ecrire_doublons: Path | None,
    ecrire_remarques: Path | None,
) -> None:
    """Reprendre les foyers et leurs abonnements d’un tableur (.xlsx, .csv). Tout, ou rien."""
    if fusionner_probables and garder_distincts:
        raise click.UsageError("--fusionner-probables et --garder-distincts se contredisent.")
    for_all = FUSIONNER if fusionner_probables else DISTINCT if garder_distincts else None
    try:
        decided = lire_decisions(_lire(decisions), for_all) if decisions else Decisions(pour_toutes=for_all)
        demande = Demande(read_table(_lire(fichier)), clock.now(), decisions=decided)
        with transaction() as session:
            told = (essayer if essai else tout_importer)(session, demande)
    except Refus as refus:
        raise click.ClickException(refus.sentence) from None
    for path, content in ((ecrire_doublons, propositions_csv(told)), (ecrire_remarques, remarques_csv(told))):
        if path is not None:
            path.write_bytes(content)
    for line in raconter(told, essai=essai):
        click.echo(line)
    if told.bloque:
        raise SystemExit(1)


def raconter(told: Rapport, *, essai: bool) -> Iterable[str]:
    """The report, as lines of a terminal."""
    yield told.nature
    yield from told.notes
    for fault in told.fautes[:MONTREES]:
        mark = "✗" if fault.grave else "·"
        yield f"{mark} ligne {fault.ligne}, {fault.colonne}, « {fault.lu} » : {fault.phrase}"
    more = len(told.fautes) - MONTREES + told.fautes_en_plus
    if more > 0:
        yield f"… et {more} autres remarques (--ecrire-remarques les donne)."
    for proposed in [p for p in told.propositions if p.decision is None][:MONTREES]:
        for known in proposed.candidats:
            yield (
                f"? ligne {proposed.ligne}, {proposed.fiche.nom} : le même foyer que {known.nom}, {known.maison} "
                f"({known.cible.replace(':', ' ')}, {MOTIFS[known.motif]}) ?"
            )
    yield ", ".join(f"{count} {name}" for name, count in bilan(told)) + "."
    yield verdict(told, essai=essai)


def _lire(path: Path) -> bytes:
    """The file, and no more of it than can be imported."""
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)
