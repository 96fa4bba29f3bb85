"""The week, seen by the coordination."""

from flask import Blueprint

bp = Blueprint("coordination", __name__)
