from flask import Blueprint

bp = Blueprint("foyers", __name__)
comptes_bp = Blueprint("comptes", __name__)
