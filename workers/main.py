"""What `dramatiq workers.main` loads: the broker and every actor of the circuit."""

import logging

from kernel.logs import init_logs
from workers.circuit import CIRCUIT
from workers.runtime import broker

init_logs()
for chatty in ("stripe", "weasyprint", "fontTools"):
    logging.getLogger(chatty).setLevel(logging.WARNING)

__all__ = ["CIRCUIT", "broker"]
