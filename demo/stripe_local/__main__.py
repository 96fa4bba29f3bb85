"""Start the local Stripe: python -m demo.stripe_local --port 8002 --state var/stripe.db … (see --help)"""

import argparse
import threading
from pathlib import Path

from demo.small_server import listen, serve
from demo.stripe_local.api import Api
from demo.stripe_local.clock import Clock
from demo.stripe_local.faults import Faults
from demo.stripe_local.router import route
from demo.stripe_local.server import create_app, sweep
from demo.stripe_local.storage import Store
from demo.stripe_local.webhooks import DEFAULT_EVENTS, Webhooks


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m demo.stripe_local", description="A stateful local Stripe: no card is real."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8002)
    parser.add_argument("--state", type=Path, required=True, help="the SQLite file, created when absent")
    parser.add_argument("--secret-key", default="sk_test_local", help="the only API key accepted")
    parser.add_argument("--webhook-url", help="where events are posted; none: they are only recorded")
    parser.add_argument("--webhook-secret", default="whsec_local")
    parser.add_argument("--webhook-events", default=",".join(DEFAULT_EVENTS), help="types, by commas; * for all")
    parser.add_argument("--public-url", help="how browsers reach this server (default http://127.0.0.1:PORT)")
    parser.add_argument("--clock-shift-file", type=Path, help="a file holding seconds to add to the clock")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    store = Store(asked.state, Clock(asked.clock_shift_file))
    types = None if asked.webhook_events == "*" else tuple(asked.webhook_events.split(","))
    webhooks = Webhooks(store, asked.webhook_url, asked.webhook_secret, types)
    api = Api(store, Faults(), asked.secret_key, route)
    public_url = (asked.public_url or f"http://127.0.0.1:{asked.port}").rstrip("/")
    server = listen(asked.host, asked.port, create_app(store, api, webhooks, public_url))
    webhooks.start()
    threading.Thread(target=sweep, args=(store,), name="sweep", daemon=True).start()
    print(f"Stripe local : {public_url}", flush=True)
    serve(server)
    store.close()


if __name__ == "__main__":
    main()
