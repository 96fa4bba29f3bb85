"""A stateful Stripe on this machine: the part of its API that we use, over HTTP, with its webhooks and its bad days.

The real `stripe` library drives it; no card is real and nothing leaves the machine. One process, one SQLite file:
what was answered survives a restart and a kill. Faults, waiting webhooks and lists live under /_local/ (loopback only).
"""
