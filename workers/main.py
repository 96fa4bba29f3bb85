"""What `dramatiq workers.main` loads: the broker and every actor of the circuit."""

from kernel.logs import init_logs
from workers.circuit import CIRCUIT
from workers.runtime import broker

init_logs()

__all__ = ["CIRCUIT", "broker"]
