"""The composition root of the web: `create_app()` puts the trades' pages on the kernel's ground.

Commands of the workers and of the demo town are found by `flask` through entry points (pyproject.toml), so this file
knows neither.
"""

import click
from flask import Flask, request, url_for
from flask_babel import Babel, get_domain, get_locale
from flask_login import current_user

import culture.coordination.factures
import culture.coordination.grilles
import culture.coordination.partenaires
import culture.coordination.saison
import culture.coordination.sorties
import culture.gestes
import culture.guichet.accompagner
import culture.guichet.billets
import culture.guichet.familles
import culture.guichet.groupes
import culture.verifications
import culture.views.partenaires
import culture.views.programme
import foyers.commandes_flask
import foyers.comptes
import foyers.effets
import foyers.gestes
import foyers.guichet
import foyers.guichet_courrier
import foyers.guichet_justificatifs
import foyers.verifications
import foyers.views
import foyers.views_messages
import kernel.metrics
import kernel.operations
import kernel.verifications
import paiements.commandes_flask
import paiements.gestes
import paiements.guichet.aides
import paiements.guichet.caisse
import paiements.guichet.compte
import paiements.guichet.recus
import paiements.mesures
import paiements.portee
import paiements.rapprochement.views
import paiements.regisseur.caisses
import paiements.regisseur.en_ligne
import paiements.regisseur.restes
import paiements.verifications
import paiements.views.familles
import paiements.views.recus
import paniers.commandes_flask
import paniers.coordination.importations
import paniers.coordination.semaine
import paniers.gestes
import paniers.guichet.familles
import paniers.guichet.jour
import paniers.guichet.porte
import paniers.importation.commande
import paniers.mesures
import paniers.producteurs.commandes
import paniers.producteurs.offres_lien
import paniers.tarif_a_venir
import paniers.verifications
import paniers.views.semaine
from kernel.db import reading
from kernel.formats import FILTERS, insecables
from kernel.logs import init_logs, init_request_logs
from kernel.settings import get_settings
from kernel.templating import STATIC, TEMPLATES
from kernel.web import health, metrics
from kernel.web.access import Role
from kernel.web.refusals import init_refusals
from kernel.web.security import init_security
from kernel.web.weight import init_weight
from kernel.web.words import said

MENUS: dict[Role | None, tuple[tuple[str, str, str], ...]] = {
    None: (
        ("paniers.accueil", "Le panier", "panier"),
        ("paniers.simulateur", "Mon prix", "euro"),
        ("culture.sorties", "Les sorties", "billet"),
    ),
    Role.HABITANT: (
        ("paniers.accueil_famille", "Ma semaine", "panier"),
        ("paniers.mon_abonnement", "Mon abonnement", "calendrier"),
        ("culture.mes_sorties", "Sorties", "billet"),
        ("paiements.mon_compte", "Mon compte", "euro"),
        ("foyers.mon_foyer", "Mon foyer", "foyer"),
    ),
    Role.AGENT: (
        ("guichet_paniers.jour", "Retrait", "scan"),
        ("guichet_foyers.recherche", "Foyers", "foyer"),
        ("caisse.jour", "Caisse", "euro"),
        ("justificatifs.file", "Justificatifs", "document"),
        ("courrier.courrier", "Lettres et appels", "telephone"),
        ("soirees.soirees", "Soirées", "billet"),
    ),
    Role.BENEVOLE: (("guichet_paniers.jour", "Retrait", "scan"),),
    Role.COORDINATION: (
        ("coordination.semaine", "La semaine", "calendrier"),
        ("coordination.offres", "Offres", "carotte"),
        ("coordination.composition", "Composition", "panier"),
        ("coordination.commandes", "Commandes", "camion"),
        ("coordination_culture.sorties", "Sorties", "billet"),
        ("guichet_paniers.jour", "Retrait", "scan"),
        ("guichet_foyers.recherche", "Foyers", "foyer"),
        ("justificatifs.file", "Justificatifs", "document"),
        ("courrier.courrier", "Lettres et appels", "telephone"),
        ("soirees.soirees", "Soirées", "billet"),
        ("rapprochement.page", "Rapprochement", "balance"),
        ("operations.en_souffrance", "En souffrance", "attention"),
    ),
    Role.PRODUCTEUR: (
        ("producteurs.mes_commandes", "Mes commandes", "camion"),
        ("producteurs.mes_offres", "Mes offres", "carotte"),
    ),
    Role.ADMINISTRATION: (
        ("coordination.semaine", "La semaine", "calendrier"),
        ("regie.caisses", "La régie", "euro"),
        ("rapprochement.page", "Rapprochement", "balance"),
        ("operations.en_souffrance", "En souffrance", "attention"),
    ),
    Role.REGISSEUR: (
        ("regie.caisses", "Caisses", "euro"),
        ("regie.quittances", "Quittances", "liste"),
        ("regie.versements", "Versements", "balance"),
        ("regie.journal", "Journal", "graphique"),
        ("en_ligne.a_regarder", "En ligne", "carte"),
        ("restes.a_recouvrer", "Restes à recouvrer", "balance"),
        ("rapprochement.page", "Rapprochement", "balance"),
        ("regie.acte", "Acte", "document"),
    ),
}

AU_MENU = 5
"""How many entries a menu shows, « Plus » counted: a role's first ones, so the order of `MENUS` says what is daily."""

BLUEPRINTS = (
    health.bp,
    metrics.bp,
    kernel.operations.bp,
    foyers.views.bp,
    foyers.views.comptes_bp,
    foyers.views_messages.bp,
    foyers.guichet.bp,
    foyers.guichet_justificatifs.bp,
    foyers.guichet_courrier.bp,
    paiements.views.familles.bp,
    paiements.views.recus.bp,
    paiements.guichet.compte.bp,
    paiements.guichet.aides.bp,
    paiements.guichet.caisse.bp,
    paiements.guichet.recus.bp,
    paiements.regisseur.caisses.bp,
    paiements.regisseur.en_ligne.bp,
    paiements.regisseur.restes.bp,
    paiements.rapprochement.views.bp,
    paniers.views.semaine.bp,
    paniers.guichet.jour.bp,
    paniers.guichet.familles.bp,
    paniers.coordination.semaine.bp,
    paniers.producteurs.commandes.bp,
    paniers.producteurs.offres_lien.bp,
    paniers.coordination.importations.bp,
    culture.guichet.accompagner.bp,
    culture.guichet.billets.bp,
    culture.guichet.groupes.bp,
    culture.views.programme.bp,
    culture.guichet.familles.bp,
    culture.coordination.sorties.bp,
    culture.coordination.saison.bp,
    culture.coordination.partenaires.bp,
    culture.coordination.factures.bp,
    culture.coordination.grilles.bp,
    culture.views.partenaires.bp,
)

VERIFICATIONS = (
    kernel.verifications.verifier,
    foyers.verifications.verifier,
    paiements.verifications.verifier,
    paniers.verifications.verifier,
    culture.verifications.verifier,
)

MEASURES = (*kernel.metrics.MEASURES, *paiements.mesures.MESURES, *paniers.mesures.MESURES)


def create_app() -> Flask:
    """The web application, from the environment's settings. Raises `BadSettings` when they cannot be used."""
    settings = get_settings()
    init_logs()
    app = Flask(__name__, template_folder=str(TEMPLATES), static_folder=str(STATIC))
    app.config.update(
        SIGN_IN_PATH="/connexion",
        BABEL_DEFAULT_LOCALE="fr",
        BABEL_DEFAULT_TIMEZONE="Europe/Paris",
        BABEL_TRANSLATION_DIRECTORIES=str(TEMPLATES.parent / "translations"),
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    Babel(app, locale_selector=lambda: "fr")
    init_request_logs(app)
    metrics.init_metrics(app, MEASURES)
    init_weight(app)
    init_security(app, settings)
    foyers.comptes.init_login(app)
    init_refusals(app)
    gestes = foyers.gestes.GESTES | paiements.gestes.GESTES | paniers.gestes.GESTES
    kernel.operations.init_operations(app, gestes | culture.gestes.GESTES)
    foyers.guichet.init_volets(
        app, (paniers.guichet.familles.volet, paiements.guichet.compte.volet, culture.guichet.familles.volet)
    )
    paiements.portee.init_portee(app, (paniers.guichet.porte.foyer_attendu,))
    foyers.effets.init_effets(app, paniers.tarif_a_venir.tarif_a_venir)
    _init_templates(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    foyers.commandes_flask.foyers.add_command(paniers.importation.commande.importer)
    app.cli.add_command(foyers.commandes_flask.foyers)
    app.cli.add_command(paiements.commandes_flask.regie)
    app.cli.add_command(paiements.commandes_flask.paiements)
    app.cli.add_command(paniers.commandes_flask.semaine)
    app.cli.add_command(verifier)
    return app


def _init_templates(app: Flask) -> None:
    settings = get_settings()
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        said,
        _plural,
        newstyle=True,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        navigation=navigation,
        nom_ccas=settings.nom_ccas,
        telephone_ccas=settings.telephone_ccas,
    )


def _plural(one: str, many: str, n: int) -> str:
    """In French nought is singular: « 0 panier ». The template fills in the figures, `num` and the others."""
    french = str(get_locale()).startswith("fr")
    told = get_domain().get_translations().ungettext(one, many, 1 if n == 0 and french else n)
    return insecables(str(told))


def navigation() -> dict[str, list[dict[str, object]]]:
    """The menu of whoever is reading: the pages of their role, the present one marked; `suite` opens under « Plus ».

    Five words side by side is what a telephone holds, and what an eye reads at once.
    """
    role = current_user.role if current_user.is_authenticated else None
    links: list[dict[str, object]] = [
        {"url": url_for(endpoint), "texte": text, "icone": icon, "actif": request.endpoint == endpoint}
        for endpoint, text, icon in MENUS[role]
    ]
    kept = len(links) if len(links) <= AU_MENU else AU_MENU - 1
    return {"barre": links[:kept], "suite": links[kept:]}


@click.command("verifier", help="Vérifier tous les invariants ; sort avec 1 et nomme ce qui ne tient pas.")
def verifier() -> None:
    with reading() as session:
        faults = [fault for check in VERIFICATIONS for fault in check(session)]
    for fault in faults:
        click.echo(fault)
    if faults:
        raise SystemExit(1)
    click.echo("Tout tient : comptes à zéro, un panier par abonnement et par semaine, rien de perdu.")
