"""What clients get so that they trust the CA besides the public roots."""

from __future__ import annotations

import pytest

from aicos_tls.serving.model import Bind, Merge, Needs, Place, RuntimeFile, Setting
from aicos_tls.serving.trust import joined, trust

PLACE = Place("/app/certs", "api")


@pytest.mark.parametrize(
    ("runtime", "name", "before", "after"),
    [
        ("Node", "NODE_EXTRA_CA_CERTS", None, "/app/certs/ca-cert.pem"),
        ("Node", "NODE_EXTRA_CA_CERTS", "/corp.pem", "/corp.pem"),
        ("Python", "PYTHONPATH", "/app", "/app/certs/runtime/python:/app"),
        ("Go", "SSL_CERT_DIR", None, "/etc/ssl/certs:/etc/pki/tls/certs:/app/certs"),
    ],
)
def test_only_what_adds(runtime: str, name: str, before: str | None, after: str) -> None:
    (setting,) = trust(runtime, PLACE).settings
    assert (setting.name, setting.onto(before)) == (name, after)


def test_a_runtime_that_would_have_to_replace_its_roots_gets_nothing() -> None:
    assert trust("Ruby", PLACE) == Needs()
    assert trust("", PLACE) == Needs()


def test_the_first_of_two_counts() -> None:
    one = Needs((Setting("A", "1"),), mounts=(Bind("a", "/a"),), healthcheck_stays=True)
    two = Needs((Setting("A", "2"), Setting("B", "2", Merge.BUNDLE)), files=(RuntimeFile("f", ""),))
    assert joined(one, two) == Needs(
        (Setting("A", "1"), Setting("B", "2", Merge.BUNDLE)),
        mounts=(Bind("a", "/a"),),
        files=(RuntimeFile("f", ""),),
        healthcheck_stays=True,
    )
