"""Pages of producers."""

from flask import Blueprint

bp = Blueprint("producteurs", __name__)
