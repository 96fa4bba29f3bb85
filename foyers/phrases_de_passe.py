"""Passwords that the counter hands to a family: words that are easy to read aloud, copy and type."""

import secrets

MOTS = 5
_LISTE = """
abeille abricot accord agenda aile aimant album algue amande ami ananas ancre anneau anorak arbre arche argile armoire
atelier atlas atome aube avion avoine bague balai balcon ballon bambou banane banc barque basilic bateau berger beurre
bijou biscuit bison bois bol bonnet botte bouchon bougie boussole bouton bras brique brise brosse cabane cactus cadre
cahier caillou calme camion canard canot carafe carotte carton casque castor cerise chaise chalet chameau chanson
chapeau charbon chariot chat chemin cheval chorale ciel cigale citron clairon classe clavier clou cloche colline
compas comptoir concert coquille corbeille corde coton coucou courge coussin crabe crayon crocus cuivre cygne dalle
damier danse dauphin demain dessin dimanche domino dragon duvet eau echarpe ecole ecran ecureuil encre epice eponge
escargot etang etoile facteur falaise farine fenouil ferme feuille ficelle filet flamme fleuve flute fontaine foret
fouet fougere fraise frisbee fromage fusain galet gant gare gaufre gazelle genou girafe givre glacier goutte graine
grange grelot grillon guitare hamac hameau haricot herbe herisson hibou horloge huile igloo image iris jardin jasmin
jonc jongleur jour journal kayak kiwi lac laine lampe lanterne lavande lettre levure lezard librairie lierre lilas
lime lion livre loutre lucarne lune lutin lyre mairie malle mangue marche marmite marron matin melon menthe merle
meule miel miroir moineau montagne moulin mousse mouton muguet murmure musique nappe navet navire neige nid noisette
nuage oasis olive ombre orage orange osier ourson outil ovale pagaie paille palette panier papier parasol parc
parfum patin pause peigne pelote pente perle persil phare piano pigeon pinceau pivoine plage planete plume poire
poivre pomme pont poterie poulie prairie prune puits radis raisin rame ravin rayon refuge regain reine renard ressort
riviere robin rocher rose roseau ruban ruche ruisseau sable sapin sardine savon scarabee sel semoule sentier serpe
sirop soie soleil sommet sorbet source sucre tambour tapis tartine tasse terrasse theatre thym tigre tilleul timbre
toile tomate tonneau torrent tortue toupie traineau trefle tresse tulipe tunnel vague valise vallon vanille velo
verger verre veste violon virgule voile volcan voyage wagon yaourt zebre zeste
"""
_MOTS = tuple(sorted(set(_LISTE.split())))


def nouvelle_phrase() -> str:
    """Five words and two figures, as ``lune-carotte-wagon-tulipe-sel-47``: more than 45 bits of chance."""
    words = [secrets.choice(_MOTS) for _ in range(MOTS)]
    return "-".join([*words, f"{secrets.randbelow(90) + 10}"])
