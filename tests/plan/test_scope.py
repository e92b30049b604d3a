from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.plan.policy import Policy
from aicos_tls.plan.scope import common_prefix, decide, short_names

if TYPE_CHECKING:
    from support import Project


@pytest.mark.parametrize(
    ("names", "prefix"),
    [
        (["aicos-web", "aicos-api"], "aicos-"),
        (["webapp", "webapi"], ""),
        (["my_app_web", "my_app_api"], "my_app_"),
        (["aicos-", "aicos-api"], ""),
        (["app-one", "app-other"], "app-"),
        (["alone-api"], ""),
        (["a", "a"], ""),
    ],
)
def test_the_common_prefix_ends_with_a_word(names: list[str], prefix: str) -> None:
    assert common_prefix(names) == prefix


@pytest.mark.parametrize(
    ("services", "recorded", "expected"),
    [
        (["x-ca", "x-web"], {}, {"x-ca": "x-ca", "x-web": "web"}),
        (["ca", "ca-service"], {}, {"ca": "ca-service", "ca-service": "ca-service-service"}),
        (["CA", "web"], {}, {"CA": "CA-service", "web": "web"}),
        (["My_Api.v2", "web"], {}, {"My_Api.v2": "My_Api.v2", "web": "web"}),
        (["a-web", "web"], {"a-web": "web"}, {"a-web": "web", "web": "web-service"}),
    ],
)
def test_short_names(services: list[str], recorded: dict[str, str], expected: dict[str, str], project: Project) -> None:
    project("services:\n" + "".join(f"  {name}: {{build: .}}\n" for name in services))
    assert short_names(load([Path("docker-compose.yml")]), Policy(), recorded) == expected


@pytest.mark.parametrize(
    ("service", "policy", "inside", "reason"),
    [
        ("build: .", Policy(), True, "built here"),
        ("image: acme/the-shop-web:1", Policy(), True, "ends in the service's name"),
        ("image: acme/shop-front", Policy(), True, "shares the project's prefix shop-"),
        ("image: nginx", Policy(), False, "public"),
        ("image: ghcr.io/acme/other", Policy(), False, "from ghcr.io"),
        ("image: acme/other", Policy(), False, "not built here"),
        ("command: x", Policy(), False, "neither build: nor image:"),
        ("image: nginx", Policy(include=("shop-web",)), True, "--include"),
        ("image: nginx", Policy(only=("shop-web",)), True, "--only"),
        ("image: nginx", Policy(all=True), True, "--all"),
        ("build: .", Policy(exclude=("shop-web",)), False, "--exclude"),
        ("build: .", Policy(only=("shop-db",)), False, "--only"),
    ],
)
def test_scope(service: str, policy: Policy, inside: bool, reason: str, project: Project) -> None:  # noqa: FBT001
    project(f"services:\n  shop-web: {{{service}}}\n  shop-db: {{image: postgres}}\n")
    decision = decide(load([Path("docker-compose.yml")]), policy)["shop-web"]
    assert decision.in_scope is inside
    assert reason in decision.reason
