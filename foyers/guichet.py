from flask import Blueprint

bp = Blueprint("guichet_foyers", __name__)
