from __future__ import annotations

import pytest

from aicos_tls.healthchecks import Endpoint
from aicos_tls.healthchecks.urls import Owner, embedded, owner, parse

OWN = Endpoint(frozenset({"Api", "aicos-api"}))


@pytest.mark.parametrize(
    ("text", "host", "port", "has_port", "path"),
    [
        ("http://localhost", "localhost", None, False, ""),
        ("http://localhost:80/a?b#c", "localhost", 80, True, "/a?b#c"),
        ("HTTPS://u:p@Api:1?x", "Api", 1, True, "?x"),
        ("http://[::1]:8/x", "[::1]", 8, True, "/x"),
        ("http://[::1]/x", "[::1]", None, False, "/x"),
        ("http://${HOST:-a b}:${PORT:-80}/x", "${HOST:-a b}", None, True, "/x"),
        ("http://$$(hostname -i):80", "$$(hostname -i)", 80, True, ""),
        ("http://`hostname`/", "`hostname`", None, False, "/"),
        ("http://a-$X.b:80", "a-$X.b", 80, True, ""),
        ("http://h:", "h", None, True, ""),
    ],
)
def test_parts(text: str, host: str, port: int | None, has_port: bool, path: str) -> None:  # noqa: FBT001
    url = parse(f"<{text}", 1)
    assert url is not None
    assert (url.host, url.port, url.has_port, url.path, url.text) == (host, port, has_port, path, text)
    assert f"<{text}"[url.host_start : url.host_end] == host
    assert f"<{text}"[1 : url.scheme_end].lower() in {"http", "https"}


@pytest.mark.parametrize("text", ["", "x", "ftp://localhost", "http:/localhost", "http://", "//localhost", "httpx://a"])
def test_no_address(text: str) -> None:
    assert parse(text) is None


def test_without_a_scheme() -> None:
    url = parse("localhost:80/x", scheme_optional=True)
    assert url is not None
    assert (url.scheme, url.host, url.port, url.path) == ("", "localhost", 80, "/x")
    assert parse("/x", scheme_optional=True) is None
    assert parse("||", scheme_optional=True) is None
    assert parse("a b", scheme_optional=True) is None


@pytest.mark.parametrize(
    "host",
    "localhost LOCALHOST localhost. 127.0.0.1 127.1 127.0.0.53 0.0.0.0 [::1] [::] api API aicos-api ip6-localhost "
    "$HOSTNAME $$HOSTNAME ${HOSTNAME} $${HOSTNAME} $(hostname) $$(hostname) `hostname` $$(hostname -f)".replace(
        "(hostname -f)", "(hostname)"
    ).split(),
)
def test_own(host: str) -> None:
    assert owner(host, OWN) is Owner.SELF


@pytest.mark.parametrize("host", ["db", "api2", "localhost.example", "127.x", "1127.0.0.1", "10.0.0.1", "[fe80::1]"])
def test_other(host: str) -> None:
    assert owner(host, OWN) is Owner.OTHER


@pytest.mark.parametrize("host", ["$HOST", "${HOSTNAME}x", "$(hostname; id)", "a$$B", "`id`"])
def test_unknown(host: str) -> None:
    assert owner(host, OWN) is Owner.UNKNOWN


def test_every_address_in_a_text() -> None:
    urls = embedded("a http://x:1/y 'https://z' \"http://w\\\"")
    assert [url.text for url in urls] == ["http://x:1/y", "https://z", "http://w"]
    assert embedded("http:// nothing") == ()
