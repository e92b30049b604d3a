"""`[[connection]]` tables as they are read: what is taken, and what is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from aicos_tls import budgets
from aicos_tls.connections.model import PUBLISHED, Strength
from aicos_tls.connections.protocols import Protocol
from aicos_tls.connections.seen import seen, seen_in, unknown_services
from aicos_tls.errors import TlsError

FILE = Path("aicos-tls.toml")
GOOD = '[[connection]]\nclient = "web"\nserver = "api"\nport = 8001\n'


def test_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "aicos-tls.toml"
    assert seen(path) == ()
    path.write_text(
        'key-type = "p256"\n\n[[connection]]\nclient = "web"\nserver = "api"\nport = 8001\nprotocol = "grpc"\n'
        "seen = 2026-11-25\n\n[[connection]]\n"
        'client = "(published)"\nserver = "web"\nport = 80\ntls = true # by hand\n'
    )
    first, second = seen(path)
    assert (first.key, first.protocol, first.tls) == (("web", "api", 8001), Protocol.GRPC, False)
    assert (first.evidence.kind, first.evidence.strength, first.evidence.seen) == (
        "network",
        Strength.SEEN,
        "2026-11-25",
    )
    assert (second.client, second.protocol, second.tls) == (PUBLISHED, Protocol.UNKNOWN, True)
    assert (second.evidence.kind, second.evidence.strength, second.evidence.seen) == (
        "aicos-tls.toml",
        Strength.STATED,
        "",
    )
    assert [str(each.evidence.where) for each in (first, second)] == [f"{path}:3", f"{path}:10"]
    assert second.evidence.text == "(published) → web:80"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("connection = 3\n", 0, "no list of tables"),
        ('[connection]\nclient = "web"\n', 0, "no list of tables"),
        ("connection = [1]\n", 0, "no list of tables"),
        (GOOD + 'clint = "x"\n', 5, "unknown key 'clint'"),
        ('[[connection]]\nserver = "api"\nport = 1\n', 1, "without a client"),
        ('[[connection]]\nclient = "web"\nport = 1\n', 1, "without a server"),
        ('[[connection]]\nclient = "web"\nserver = "api"\n', 1, "without a port"),
        (GOOD + GOOD.replace('"web"', '"a b"'), 6, "client 'a b' is no name"),
        (GOOD.replace('"api"', f'"{PUBLISHED}"'), 3, "no name of a service"),
        (GOOD.replace('"api"', "7"), 3, "server 7 is no name"),
        (GOOD.replace("8001", "0"), 4, "port 0 is no number from 1 to 65535"),
        (GOOD.replace("8001", "65536"), 4, "port 65536"),
        (GOOD.replace("8001", '"8001"'), 4, "port '8001'"),
        (GOOD.replace("8001", "true"), 4, "port True"),
        (GOOD.replace("8001", "0x" + "f" * 5000), 4, "of so many digits"),
        (GOOD + 'protocol = "htp"\n', 5, "unknown protocol 'htp'"),
        (GOOD + "protocol = ['http']\n", 5, "unknown protocol"),
        (GOOD + 'tls = "yes"\n', 5, "tls is true or false"),
        (GOOD + 'seen = "yesterday"\n', 5, "no date"),
        (GOOD + "seen = 2026-11-25T10:00:00\n", 5, "no date"),
        ("[[connection]]\nclient = [\n", 0, "not valid TOML"),
    ],
)
def test_what_makes_no_sense(text: str, line: int, words: str) -> None:
    with pytest.raises(TlsError, match=r"aicos-tls\.toml") as caught:
        seen_in(text, FILE)
    assert words in caught.value.message
    assert caught.value.where
    assert caught.value.where.line == line


def test_lines_are_not_guessed() -> None:
    other = 'strip-prefix = """\n[[connection]]\n"""\n'
    (found,) = seen_in(other + GOOD, FILE)
    assert str(found.evidence.where) == "aicos-tls.toml"


def test_too_many() -> None:
    with pytest.raises(TlsError, match="more than 5,000 connections"):
        seen_in(GOOD * (budgets.CONNECTIONS + 1), FILE)


def test_services_that_are_gone() -> None:
    found = seen_in(GOOD + GOOD.replace("web", PUBLISHED) + GOOD.replace("api", "old"), FILE)
    gone = list(unknown_services(found, {"web", "api"}))
    assert gone == [(found[2], "web → old:8001: there is no service 'old': ignored")]
