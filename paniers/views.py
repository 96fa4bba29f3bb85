"""Pages of families."""

from flask import Blueprint

bp = Blueprint("paniers", __name__)
