"""The pick-up at the maison."""

from flask import Blueprint

bp = Blueprint("guichet_paniers", __name__)
