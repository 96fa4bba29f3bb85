"""The web server of the world outside: threads, connections kept open, silence, and a stop well within a second."""

import signal
import threading
from types import FrameType
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server


class QuietHandler(WSGIRequestHandler):
    """Nothing is logged, and replies are not held back by Nagle's algorithm."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


def listen(host: str, port: int, app: Flask) -> BaseWSGIServer:
    """Take the port; raises SystemExit when it is taken already."""
    return make_server(host, port, app, threaded=True, request_handler=QuietHandler)


def serve(server: BaseWSGIServer) -> None:
    """Answer until SIGTERM or Ctrl-C. Calls still open die with the process, as in a kill."""

    def stop(signum: int, frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
