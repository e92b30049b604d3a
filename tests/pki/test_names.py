from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest

from aicos_tls.errors import TlsError
from aicos_tls.pki.names import names_for


def test_given_names_come_first_and_local_ones_always() -> None:
    names = names_for(["aicos-api", "api_1"])
    assert names.dns == ("aicos-api", "api_1", "localhost")
    assert names.addresses == (IPv4Address("127.0.0.1"), IPv6Address("::1"))
    assert names.common_name == "aicos-api"


def test_nothing_given_leaves_the_local_names() -> None:
    assert names_for([]).common_name == "localhost"


def test_a_name_is_carried_once_whatever_its_case() -> None:
    assert names_for(["Api", "api", "LOCALHOST", "api."]).dns == ("Api", "LOCALHOST")


def test_addresses_are_told_from_names() -> None:
    names = names_for(["10.0.0.7", "fd00::7", "10.0.0.7", "0:0:0:0:0:0:0:1", "10.0.0"])
    assert names.addresses == (
        IPv4Address("10.0.0.7"),
        IPv6Address("fd00::7"),
        IPv6Address("::1"),
        IPv4Address("127.0.0.1"),
    )
    assert names.dns == ("10.0.0", "localhost")


@pytest.mark.parametrize(
    "name", ["a", "a" * 63, "_db", "db_", "redis-", "-x", "a.b.c", "8001", ".".join(["a" * 62] * 4)]
)
def test_names_that_clients_can_match_are_legal(name: str) -> None:
    assert names_for([name]).dns == (name, "localhost")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "it is empty"),
        (".", "it is empty"),
        ("a..b", "a label is empty"),
        (".a", "a label is empty"),
        ("a" * 64, "has 64 characters, 63 are possible"),
        (".".join(["a" * 63] * 4), "it has 255 characters, 253 are possible"),
        ("a b", "the label 'a b' has other characters"),
        ("a\n", "has other characters"),
        ("*.api", r"the label '\*' has other characters"),
        ("büro", "has other characters"),
        ("api:8001", "has other characters"),
        ("http://api", "has other characters"),
        ("fe80::1%eth0", "has other characters"),
    ],
)
def test_illegal_names_are_refused_with_their_reason(name: str, reason: str) -> None:
    with pytest.raises(TlsError, match=reason) as caught:
        names_for([name])
    assert repr(name.removesuffix(".")) in caught.value.message or repr(name) in caught.value.message


def test_a_common_name_is_the_first_name_that_fits_into_it() -> None:
    long = "a" * 40 + "." + "b" * 40
    assert names_for([long, "short"]).common_name == "short"
    assert names_for([long]).common_name == "localhost"
    assert names_for(["a" * 31 + "." + "b" * 32]).common_name == "a" * 31 + "." + "b" * 32
