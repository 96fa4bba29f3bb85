"""A town of any size, written by a few statements over whole sets; the quotients, which are sealed one by one, by COPY.

Keys are counted from one, so that a row knows them without asking: household `n` has subscription `n`, account `n`, the
referent `n`, and the maison that comes after each five hundred. Everything is dated around the real day.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import psycopg
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from foyers.mots_de_passe import hacher
from kernel.clock import now, today
from kernel.sealed import seal
from kernel.settings import get_settings

A_MAISON = 500
"""Households of a maison, unless a row asks for other ones."""
FIRST_OF_THE_TEAM = 10_000_000
CSRF = hashlib.sha256(b"one for all browsers of a bench").hexdigest()
TRANCHES = (
    '{"forme": "tranches", "tranches": [{"nom": "A", "jusqu_a": 400, "prix": 400},'
    ' {"nom": "B", "jusqu_a": 800, "prix": 550}, {"nom": "C", "jusqu_a": 1300, "prix": 700},'
    ' {"nom": "D", "jusqu_a": null, "prix": 900}]}'
)

_PLACES = """
INSERT INTO grille (nom, effet_le, regle, cout_reference) VALUES ('Grille', '2020-01-01', %(regle)s::jsonb, 750);
INSERT INTO calendrier (effet_le, retrait_jour, offres_jour, offres_heure, publication_jour, publication_heure,
                        cloture_jour, cloture_heure, commande_jour, commande_heure)
VALUES ('2020-01-01', 4, 4, '23:59', 5, '17:00', 7, '23:59', 1, '06:00');
INSERT INTO maison (nom, code, adresse, code_postal, ville, telephone, jours, retrait_debut, retrait_fin, places)
SELECT 'Maison ' || n, chr(65 + n / 676 %% 26) || chr(65 + n / 26 %% 26) || chr(65 + n %% 26), n || ' rue de l’Exemple',
       '38000', 'Grenoble', '+33400000000', '{1,2,3,4,5,6,7}', '08:00', '20:00', %(places)s
FROM generate_series(1, %(maisons)s) AS n;
INSERT INTO producteur (nom, contact, email, telephone, siret, adresse, livraison, livraison_heure, franchise_tva)
SELECT 'Ferme ' || n, 'Claude Essai', 'ferme' || n || '@exemple.test', '+33400000000', lpad(n::text, 14, '0'),
       'Chemin de l’Exemple, 38000 Grenoble', 'depot', '8 h', false FROM generate_series(1, 4) AS n;
INSERT INTO produit (nom, dessin, categorie, unite, mois, prix_indicatif, conservation)
SELECT nom, dessin, 'legume', 'gramme', '{1,2,3,4,5,6,7,8,9,10,11,12}', 180, 'Au frais.'
FROM (VALUES ('Carotte', 'carotte'), ('Poireau', 'poireau'), ('Pomme', 'pomme'), ('Salade', 'salade')) AS p(nom, dessin)
"""

_HOUSEHOLDS = """
INSERT INTO foyer (nom, nom_plie, maison_id, canal, email, cree_le)
SELECT nom, lower(nom), least(%(maisons)s, 1 + (n - 1) / %(maison_de)s), 'email', 'foyer' || n || '@exemple.test',
       %(debut)s
FROM generate_series(1, %(n)s) AS n CROSS JOIN LATERAL (SELECT
     (ARRAY['Benali','Martin','Diallo','Nguyen','Legoff','Petit','Santos','Moreau','Haddad','Roux'])[1 + n %% 10]
     || ' ' || chr(65 + n / 10 %% 26) || chr(97 + n / 260 %% 26) || chr(97 + n / 6760 %% 26) AS nom) AS noms ORDER BY n;
INSERT INTO membre (foyer_id, prenom, nom, nom_plie, adulte, referent)
SELECT f.id, prenom, f.nom, lower(prenom || ' ' || f.nom), true, rang = 1
FROM foyer f CROSS JOIN generate_series(1, 2) AS rang CROSS JOIN LATERAL (SELECT
     (ARRAY['Samira','Jean','Fatou','Ahmed','Lucie','Theo','Awa','Marc','Nour','Paul'])[1 + (f.id + rang * 3) %% 10]
     AS prenom) AS p ORDER BY rang, f.id;
INSERT INTO abonnement (foyer_id, souscrit_le) SELECT id, %(debut)s FROM foyer ORDER BY id;
INSERT INTO abonnement_version (abonnement_id, depuis, maison_id, nombre, debut, fin)
SELECT a.id, %(debut)s, f.maison_id, 1 + (a.id %% 12 = 0)::int, %(du)s, %(au)s
FROM abonnement a JOIN foyer f ON f.id = a.foyer_id ORDER BY a.id;
INSERT INTO compte (nom, role, email, mot_de_passe, foyer_id, cree_le)
SELECT nom, 'habitant', email, %(mot)s, id, %(debut)s FROM foyer ORDER BY id;
INSERT INTO reglement (foyer_id, mode, client_stripe)
SELECT id, CASE WHEN id <= %(cartes)s THEN 'carte' ELSE 'maison' END, 'cus_bench' || id FROM foyer;
INSERT INTO carte (foyer_id, stripe_id, marque, derniers_chiffres, expire_mois, expire_annee, enregistree_le)
SELECT id, 'pm_bench' || id, 'visa', '4242', 12, 2099, %(debut)s FROM foyer WHERE id <= %(cartes)s
"""

_TEAM = """
INSERT INTO compte (id, nom, role, email, mot_de_passe, cree_le)
SELECT %(premier)s + n, 'Agent ' || n, CASE n WHEN 0 THEN 'coordination' ELSE 'agent' END,
       'agent' || n || '@exemple.test', %(mot)s, %(debut)s FROM generate_series(0, %(agents)s) AS n;
INSERT INTO compte_maison (compte_id, maison_id)
SELECT %(premier)s + n, 1 + (n - 1) %% %(maisons)s FROM generate_series(1, %(agents)s) AS n;
INSERT INTO connexion (empreinte, compte_id, ouverte_le, expire_le)
SELECT sha256(('bench-' || id)::bytea), id, %(maintenant)s, %(maintenant)s + interval '11 hours' FROM compte;
ANALYZE
"""

_WEEK = """
INSERT INTO semaine (code, retrait_le, offres_jusqu_a, publication_le, cloture_le, commande_le)
VALUES (%(code)s, %(retrait)s, %(cloture)s - interval '3 days', %(cloture)s - interval '2 days', %(cloture)s,
        %(cloture)s + interval '6 hours');
INSERT INTO offre (semaine_id, producteur_id, produit_id, variete, quantite, lot, prix, saisie_le, acceptee_le)
SELECT s.id, n, n, '', 1000000000, 5000, 180, %(debut)s, %(debut)s
FROM semaine s CROSS JOIN generate_series(1, 4) AS n WHERE s.code = %(code)s;
INSERT INTO composition (semaine_id, publiee_le, cout, poids)
SELECT id, publication_le, 690, 3600 FROM semaine WHERE code = %(code)s;
INSERT INTO composition_ligne (composition_id, offre_id, quantite)
SELECT c.id, o.id, 900 FROM composition c JOIN offre o USING (semaine_id) JOIN semaine s ON s.id = c.semaine_id
WHERE s.code = %(code)s
"""


@dataclass(frozen=True, slots=True)
class Week:
    """A week of the town: its key, and its cut-off."""

    id: int
    retrait_le: date
    cloture_le: datetime


def settle(address: str, households: int, *, a_maison: int = A_MAISON, agents: int = 1, by_card: float = 0.5) -> None:
    """Maisons, households with their quotient and subscription, a team, and a signed-in browser for each account.

    Account `FIRST_OF_THE_TEAM` is of the coordination, the next `agents` are agents, of one maison after another.
    """
    given = {
        "n": households,
        "maisons": max(1, households // a_maison),
        "maison_de": a_maison,
        "places": 4 * a_maison,
        "regle": TRANCHES,
        "maintenant": now(),
        "mot": hacher("a password that nobody types"),
        "debut": now() - timedelta(days=90),
        "du": today() - timedelta(days=60),
        "au": today() + timedelta(days=300),
        "cartes": round(households * by_card),
        "premier": FIRST_OF_THE_TEAM,
        "agents": agents,
    }
    with psycopg.connect(address, cursor_factory=psycopg.ClientCursor) as there:
        there.execute(_PLACES, given)
        there.execute(_HOUSEHOLDS, given)
        there.execute(_TEAM, given)
        _quotients(there, households)


def _quotients(there: psycopg.Connection[tuple[object, ...]], households: int) -> None:
    """Nine households in ten have one, checked; the others pay the top price."""
    given, until = now() - timedelta(days=80), today() + timedelta(days=200)
    month = given.date().replace(day=1)
    columns = "foyer_id, valeur_scellee, mois, source, declare_le, verifie_le, valide_jusqu_au"
    with there.cursor() as cursor, cursor.copy(f"COPY justificatif_qf ({columns}) FROM STDIN") as lines:
        for foyer in range(1, households + 1):
            if foyer % 10:
                value = seal(str(200 + foyer * 37 % 1400), f"justificatif_qf:{foyer}")
                lines.write_row((foyer, value, month, "caf", given, given, until))
    there.execute("ANALYZE justificatif_qf")


def weeks(address: str, retraits: Sequence[date]) -> list[Week]:
    """Open, composed weeks of these pick-up days, which are still to be closed; each cut-off is past an hour ago."""
    with psycopg.connect(address, cursor_factory=psycopg.ClientCursor) as there:
        return [_week(there, day) for day in retraits]


def _week(there: psycopg.Connection[tuple[object, ...]], day: date) -> Week:
    year, week, _ = day.isocalendar()
    code, cutoff = f"{year}-W{week:02d}", now() - timedelta(hours=7)
    given = {"code": code, "retrait": day, "cloture": cutoff, "debut": now() - timedelta(days=90)}
    there.execute(_WEEK, given)
    row = there.execute("SELECT id FROM semaine WHERE code = %s", (code,)).fetchone()
    assert row is not None
    return Week(int(str(row[0])), day, cutoff)


def cookie_of(compte_id: int) -> str:
    """The cookie of the account's browser, as signing in leaves it."""
    signer = SecureCookieSessionInterface().get_signing_serializer(_signed(get_settings().secret_key))
    assert signer is not None
    return f"session={signer.dumps({'_user_id': f'bench-{compte_id}', '_fresh': True, 'csrf_token': CSRF})}"


def csrf_token() -> str:
    """The token that forms carry in any of these browsers."""
    return str(URLSafeTimedSerializer(get_settings().secret_key, salt="wtf-csrf-token").dumps(CSRF))


@lru_cache(maxsize=1)
def _signed(key: str) -> Flask:
    """An application that signs as ours does, and does nothing else."""
    bare = Flask("bench")
    bare.secret_key = key
    return bare
