"""A town of small stand-in programs, run by the real supervisor: ``python stand_ins.py [flaw]``.

Each program adds its name to `VAR_DIR`/listening.txt once it can be asked to stop, to ended.txt when it is. Flaws:
`deaf` (a worker ignores the request and has a child), `mortal` (a worker dies once), `no-migration`,
`slow-installation`, `installed` (a town stands there).
"""

import os
import sys
from pathlib import Path

from demo.lancer import Impossible, Programs, run_town
from demo.supervisor import Process

NOTE = """
import os, signal, subprocess, sys, time
def note(trace):
    with open(os.environ["VAR_DIR"] + "/" + trace, "a") as file:
        file.write(sys.argv[1] + "\\n")
"""
LIVE = """
def end(*_):
    note("ended.txt")
    sys.exit()
signal.signal(signal.SIGTERM, end)
note("listening.txt")
"""
WAIT = "time.sleep(600)\n"
SITE = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if self.path == "/pret" else 404)
        self.end_headers()
        self.wfile.write(b'{"base": true, "redis": true, "relais": false}')
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Site).serve_forever()
"""
DEAF = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
note("listening.txt")
"""
MORTAL = """
import os, pathlib
trace = pathlib.Path(os.environ["VAR_DIR"], "died.txt")
if not trace.exists():
    trace.touch()
    sys.exit(3)
"""
INSTALL = """
import json, os, pathlib, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS starts (instant timestamptz DEFAULT now())")
    connection.execute("INSERT INTO starts DEFAULT VALUES")
    starts = connection.execute("SELECT count(*) FROM starts").fetchone()[0]
account = {"role": "Famille", "identifiant": "lea@exemple.fr", "mot_de_passe": "starts %d" % starts, "page": "/foyer"}
pathlib.Path(os.environ["VAR_DIR"], "comptes.json").write_text(json.dumps([account]))
"""


def python(code: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", NOTE + code, *arguments)


def programs(flaw: str) -> Programs:
    worker = {"deaf": DEAF + WAIT, "mortal": LIVE + MORTAL + WAIT}.get(flaw, LIVE + WAIT)
    return Programs(
        migrate=python("raise SystemExit('la table manque')" if flaw == "no-migration" else ""),
        installed=lambda url: flaw == "installed",
        install=python("import time; time.sleep(600)" if flaw == "slow-installation" else INSTALL),
        outside=(Process("dehors", python(LIVE + WAIT, "dehors"), rank=2),),
        web=Process("web", python(LIVE + SITE, "web"), rank=0),
        behind=(Process("ouvrier", python(worker, "ouvrier"), rank=1, stop_seconds=1.0),),
    )


if __name__ == "__main__":
    try:
        run_town(os.environ, programs(sys.argv[1]))
    except Impossible as reason:
        sys.exit(str(reason))
    assert Path(os.environ["VAR_DIR"]).exists()
