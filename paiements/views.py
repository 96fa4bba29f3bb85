from flask import Blueprint

bp = Blueprint("paiements", __name__)
