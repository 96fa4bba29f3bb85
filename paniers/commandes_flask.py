"""`flask semaine …` and `flask verifier`."""

from flask.cli import AppGroup

semaine = AppGroup("semaine", help="La semaine : clôturer, commander, terminer.")
verifier = AppGroup("verifier", help="Vérifier tous les invariants.")
