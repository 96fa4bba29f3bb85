"""A mailbox on this machine: what is sent by SMTP to the loopback is kept as files and can be read in a browser."""
