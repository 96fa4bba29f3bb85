"""`python -m tests.scenarios.pepiniere`: the nursery, which forks the processes of a workshop.

Everything heavy is loaded here once, so that a relay or a worker starts in milliseconds; settings are read in the
child, from its own environment. Each line of standard input asks for a process, {"command", "environment", "log"};
its id is answered. Every process leads a group of its own, and is sent SIGTERM when this one dies.
"""

import json
import os
import runpy
import signal
import sys

import dramatiq.brokers.redis
import dramatiq.cli
import flask.cli

import foyers.comptes
import kernel.mail
import paiements.echeances
import paniers.horaires
import workers.broker
import workers.commands
from kernel.embedded_process import die_with_parent

LOADED = (dramatiq.brokers.redis, foyers.comptes, kernel.mail, paiements.echeances, paniers.horaires, workers.broker)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead leave by themselves
    for line in sys.stdin:
        asked = json.loads(line)
        with_parent = die_with_parent(signal.SIGTERM)
        pid = os.fork()
        if pid == 0:
            with_parent()
            become(asked["command"], asked["environment"], asked["log"])
        print(pid, flush=True)


def become(command: list[str], environment: dict[str, str], log: str) -> None:
    """Be that program until it ends, and end with it."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, path, flags in ((0, os.devnull, os.O_RDONLY), (1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)):
        os.dup2(os.open(path, flags, 0o600), number)
    os.dup2(1, 2)
    os.environ.clear()
    os.environ.update(environment)
    program, *sys.argv[1:] = command
    sys.argv[0] = program
    status = 70
    try:
        status = run(program)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def run(program: str) -> int:
    if program == "dramatiq":
        return int(dramatiq.cli.main())  # type: ignore[no-untyped-call]
    if program == "flask":
        flask.cli.main()
    else:
        runpy.run_module(program, run_name="__main__")
    return 0


if __name__ == "__main__":
    main()
