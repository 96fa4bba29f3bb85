"""The local mailbox, a real process: real SMTP in, pages and JSON out."""

import secrets
import signal
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.demo.outside_world import Outside, free_port, running

HOSTILE = "<script>alert('é')</script>"


@dataclass
class Post:
    outside: Outside
    smtp_port: int
    folder: Path

    def send(self, message: EmailMessage | str, to: str) -> None:
        text = message if isinstance(message, str) else message.as_bytes(policy=policy.SMTP)
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=5) as smtp:
            smtp.sendmail("paniers@ccas.example", [to], text)

    def get(self, path: str) -> requests.Response:
        return requests.get(self.outside.url + path, timeout=5)

    def messages(self, to: str) -> Any:
        return self.get(f"/messages.json?corps=1&pour={to}").json()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    yield from started(tmp_path_factory.mktemp("courrier") / "boite")


@pytest.fixture
def post(shared: Post) -> Post:
    return shared


def started(folder: Path) -> Iterator[Post]:
    port = free_port()
    options = ["--smtp-port", str(port), "--dir", str(folder)]
    for outside in running(Outside("demo.courrier_local", options, free_port(), "/sante")):
        yield Post(outside, port, folder)


def somebody() -> str:
    return f"amina.{secrets.token_hex(4)}@exemple.fr"


def letter(to: str, subject: str = "Votre bon de retrait") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Les paniers <paniers@ccas.example>", to, subject
    message["Date"] = "Thu, 26 Nov 2026 08:05:00 +0100"
    message.set_content(f"Bonjour,\nvotre page : http://127.0.0.1:8000/foyer?a=1&b=2.\n{HOSTILE}")
    message.add_alternative(f"<p>Bonjour <a href='http://127.0.0.1:8000/'>ici</a></p>{HOSTILE}", subtype="html")
    message.add_attachment(b"%PDF-1.7 ...", maintype="application", subtype="pdf", filename="bon été.pdf")
    return message


def test_a_message_sent_by_smtp_is_read_whole(post: Post) -> None:
    to = somebody()
    post.send(letter(to), to)
    (message,) = post.messages(to)
    assert (message["to"], message["subject"]) == ([to], "Votre bon de retrait")
    assert "http://127.0.0.1:8000/foyer?a=1&b=2" in message["text"]
    (file,) = message["attachments"]
    assert (file["name"], file["type"]) == ("bon été.pdf", "application/pdf")
    answer = post.get(file["url"])
    assert answer.content == b"%PDF-1.7 ..."
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert post.get(f"/messages/{message['id']}.json").json() == message


def test_the_list_and_the_message_are_escaped(post: Post) -> None:
    to = somebody()
    post.send(letter(to, HOSTILE), to)
    (message,) = post.messages(to)
    pages = [
        post.get(f"/?pour={HOSTILE}"),
        post.get(f"/?pour={to}"),
        post.get(f"/messages/{message['id']}?forme=texte"),
    ]
    assert [page.status_code for page in pages] == [200, 200, 200]
    assert all("<script" not in page.text for page in pages)
    assert "jeudi 26 novembre à 8 h 05".replace(" ", "\u00a0") in pages[2].text.replace(" ", "\u00a0")
    assert '<a href="http://127.0.0.1:8000/foyer?a=1&amp;b=2"' in pages[2].text


def test_the_html_of_a_message_is_shut_in_a_sandbox(post: Post) -> None:
    to = somebody()
    post.send(letter(to), to)
    (message,) = post.messages(to)
    assert "<iframe sandbox=" in post.get(f"/messages/{message['id']}").text
    rules = post.get(f"/messages/{message['id']}/html").headers["Content-Security-Policy"]
    assert rules.startswith("sandbox ")
    assert "allow-scripts" not in rules
    assert "default-src 'none'" in rules


def test_search_forgives_case_and_finds_one_recipient_only(post: Post) -> None:
    to, other = somebody(), somebody()
    for _ in range(2):
        post.send(letter(to), to)
    post.send(letter(other), other)
    assert len(post.messages(to.upper())) == 2
    assert "Aucun message pour cette adresse" in post.get(f"/?pour={somebody()}").text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no header at all",
        "Subject: =?unknown-8bit?q?=E9?=\nDate: yesterday\n\nx",
        "Content-Type: text/plain; charset=klingon\nFrom: <<>>\nTo: ,,,@\n\n\xe9",
        "Content-Type: multipart/mixed\nContent-Disposition: attachment; filename*=x'y'%ZZ\n\n--",
        'Content-Type: application/x; name="../../etc/passwd\\"\nContent-Disposition: attachment\n\nx',
    ],
)
def test_a_malformed_message_is_shown_all_the_same(post: Post, text: str) -> None:
    to = somebody()
    post.send(text.encode("latin-1").decode("ascii", "replace").replace("\ufffd", "?"), to)
    (message,) = post.messages(to)
    assert post.get(f"/messages/{message['id']}").status_code == 200
    assert all(post.get(file["url"]).status_code == 200 for file in message["attachments"])


@pytest.mark.parametrize(
    "path", ["/messages/x", "/messages/..%2fx", "/messages/x/html", "/messages/x.eml", "/rien", "/?page=-3"]
)
def test_what_is_not_there_is_said_kindly(post: Post, path: str) -> None:
    answer = post.get(path)
    assert answer.status_code == (200 if "page" in path else 404)
    assert "<main" in answer.text


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_messages_survive_the_end_of_the_process(tmp_path: Path, how: int) -> None:
    to = somebody()
    for post in started(tmp_path):
        post.send(letter(to), to)
        kept = post.messages(to)
        seconds = post.outside.end(how)
        assert how == signal.SIGKILL or seconds < 3  # a tenth of a second on a quiet machine
        assert [path.suffix for path in tmp_path.iterdir()] == [".eml"]
        post.outside.start()
        assert post.messages(to) == kept
        requests.delete(f"{post.outside.url}/messages.json", timeout=5).raise_for_status()
        assert list(tmp_path.iterdir()) == []
