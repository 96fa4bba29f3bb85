"""`python -m tests.scenarios.relais`: the real relay, on the tests' circuit."""

from kernel.logs import init_logs
from tests.scenarios.acteurs import ROUTES, regler
from workers.commands import stop_on_signals
from workers.relay import relay

if __name__ == "__main__":
    init_logs()
    regler()
    relay(stop_on_signals(), ROUTES)
