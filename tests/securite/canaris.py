"""Personal data that stands nowhere else: if it is found in a log, it was logged."""

PRENOM, NOM = "Canarille", "Canaricourt"
EMAIL = "canari.rare@exemple.test"
TELEPHONE = "0612987654"
QUOTIENT = "48731"
MOT_DE_PASSE = "quatre serins jaunes chantent"
JETON = "jetonSecretDuCanari"
TOUS = (PRENOM, NOM, EMAIL, TELEPHONE, "612987654", QUOTIENT, MOT_DE_PASSE, "serins", JETON, "canari.rare")
