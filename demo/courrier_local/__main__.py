"""Start the mailbox: python -m demo.courrier_local --smtp-port 8025 --port 8003 --dir var/courrier"""

import argparse
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from demo.courrier_local.mailbox import Mailbox
from demo.courrier_local.pages import create_app
from demo.small_server import listen, serve

LARGEST = 32 * 1024 * 1024


class Reception:
    """What aiosmtpd calls: 250 is said only once the file is written."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        self._mailbox.add(content, list(envelope.rcpt_tos))
        return "250 OK"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m demo.courrier_local", description="A local mailbox: nothing leaves."
    )
    parser.add_argument("--host", default="127.0.0.1", help="of the pages; SMTP listens on the loopback only")
    parser.add_argument("--port", type=int, default=8003)
    parser.add_argument("--smtp-port", type=int, default=8025)
    parser.add_argument("--dir", type=Path, required=True, help="the folder of the messages, created when absent")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    mailbox = Mailbox(asked.dir)
    smtp = Controller(
        Reception(mailbox), hostname="127.0.0.1", port=asked.smtp_port, data_size_limit=LARGEST, enable_SMTPUTF8=True
    )
    smtp.start()
    server = listen(asked.host, asked.port, create_app(mailbox))
    print(f"Courrier local : http://127.0.0.1:{asked.port}", flush=True)
    serve(server)
    smtp.stop(no_assert=True)


if __name__ == "__main__":
    main()
