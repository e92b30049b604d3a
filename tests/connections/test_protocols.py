"""Schemes as people and libraries write them."""

from __future__ import annotations

import pytest

from aicos_tls.connections.protocols import PORTS, SCHEMES, Protocol, scheme_of


@pytest.mark.parametrize(
    ("text", "protocol", "port", "tls"),
    [
        ("http", Protocol.HTTP, 80, False),
        ("HTTPS", Protocol.HTTP, 443, True),
        ("jdbc:postgresql", Protocol.POSTGRES, 5432, False),
        ("r2dbc:mysql", Protocol.MYSQL, 3306, False),
        ("mongodb+srv", Protocol.MONGODB, 27017, False),
        ("postgresql+psycopg2", Protocol.POSTGRES, 5432, False),
        ("kafka+ssl", Protocol.KAFKA, 9092, True),
        ("amqps", Protocol.AMQP, 5671, True),
        ("grpc", Protocol.GRPC, None, False),
    ],
)
def test_schemes(text: str, protocol: Protocol, port: int | None, *, tls: bool) -> None:
    found = scheme_of(text)
    assert found is not None
    assert (found.protocol, found.port, found.tls) == (protocol, port, tls)


@pytest.mark.parametrize("text", ["", "ftp", "file", "jdbc:", "git+ssh"])
def test_others_are_none(text: str) -> None:
    assert scheme_of(text) is None


def test_usual_ports_agree_with_the_schemes() -> None:
    by_port = {scheme.port: scheme.protocol for scheme in SCHEMES.values()}
    for port, protocol in PORTS.items():
        assert by_port.get(port, protocol) is protocol
