"""A process that forks a worker for each charge to try, so that a crash costs milliseconds.

It reads lines "paiement_id guard" on its standard input, forks a child that charges that payment as a worker would, and
answers with the child's pid, then with how it ended. Its settings come from its environment. `guard` "sans" takes the
guard away in the child: no reading first, a new key each time.
"""

import os
import sys
import uuid

from paiements import passerelle
from paiements.en_ligne import prelevements
from paiements.passerelle import Indisponible, Ordre, prestataire_stripe

vrai = prestataire_stripe.prelever


def sans_la_garde() -> None:
    def autre_cle(ordre: Ordre) -> passerelle.Resultat:
        return vrai(Ordre(str(uuid.uuid4()), ordre.montant, ordre.client, ordre.carte, ordre.libelle))

    prestataire_stripe.prelever = autre_cle
    prestataire_stripe.retrouver = lambda client_stripe, cle: None


def charger(paiement_id: int, garde: str) -> None:
    if garde == "sans":
        sans_la_garde()
    try:
        prelevements.prelever(paiement_id)
    except Indisponible:
        os._exit(75)
    except BaseException as error:  # noqa: BLE001  (the parent must hear of anything)
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(70)
    os._exit(0)


def main() -> None:
    import stripe  # noqa: F401, PLC0415  (loaded once, here, not in each child)

    for line in sys.stdin:
        paiement_id, garde = line.split()
        go, wait = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.read(go, 1)  # the parent of all is watching the wires before anything is sent
            charger(int(paiement_id), garde)
        print(pid, flush=True)
        sys.stdin.readline()
        os.write(wait, b"!")
        os.close(go)
        os.close(wait)
        print(os.waitpid(pid, 0)[1], flush=True)


if __name__ == "__main__":
    main()
