"""Which services are in scope, and what their certificate files are called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicos_tls.compose.load import load
from aicos_tls.compose.model import Project, Service
from aicos_tls.plan.policy import Policy
from aicos_tls.plan.scope import common_prefix, decide, short_names

if TYPE_CHECKING:
    from support import Project as MakeProject


def project_of(*names: str) -> Project:
    return Project(Path(), [], {name: Service(name, []) for name in names})


@pytest.mark.parametrize(
    ("names", "prefix"),
    [
        ([], ""),
        (["aicos-api"], ""),
        (["aicos-api", "aicos-web"], "aicos-"),
        (["a_b_api", "a_b_web"], "a_b_"),
        (["a-b-api", "a-b-apiv2"], "a-b-"),
        (["api", "api-v2"], ""),
        (["app-", "app-x"], ""),
        (["api", "apiv2"], ""),
        (["webapp", "website"], ""),
        (["x-a", "y-a"], ""),
        (["shop.api", "shop.web"], ""),
    ],
)
def test_the_common_prefix_is_not_cut_within_a_word(names: list[str], prefix: str) -> None:
    assert common_prefix(names) == prefix


@pytest.mark.parametrize(
    ("names", "policy", "recorded", "expected"),
    [
        (["aicos-api", "aicos-web"], {}, {}, ["api", "web"]),
        (["api", "web"], {}, {}, ["api", "web"]),
        (["app-ca", "app-web"], {}, {}, ["app-ca", "web"]),
        (["ca", "web"], {}, {}, ["ca-service", "web"]),
        (["CA", "web"], {}, {}, ["CA-service", "web"]),
        (["ca", "ca-service"], {}, {}, ["ca-service", "ca-service-service"]),
        (["ca-service", "ca"], {}, {}, ["ca-service", "ca-service-service"]),
        (["API", "api"], {}, {}, ["API", "api-service"]),
        (["x-api", "api", "web"], {"strip_prefix": "x-"}, {}, ["api", "api-service", "web"]),
        (["x-api", "x-web"], {"strip_prefix": ""}, {}, ["x-api", "x-web"]),
        (["x-", "x-web"], {"strip_prefix": "x-"}, {}, ["x-", "web"]),
        (["x-api", "x-new"], {}, {"x-api": "x-api"}, ["x-api", "new"]),
        (["x-api", "y-new"], {}, {"x-api": "api", "gone": "new"}, ["api", "y-new"]),
        (["x-api", "x-b"], {}, {"x-api": "b"}, ["b", "x-b"]),
    ],
)
def test_short_names(names: list[str], policy: dict[str, Any], recorded: dict[str, str], expected: list[str]) -> None:
    assert list(short_names(project_of(*names), Policy(**policy), recorded).values()) == expected


@given(st.lists(st.text(alphabet="aAcC-_v", min_size=1, max_size=6), unique=True, max_size=6))
def test_short_names_never_collide(names: list[str]) -> None:
    found = short_names(project_of(*names), Policy(), {})
    lowered = [short.lower() for short in found.values()]
    assert len(set(lowered)) == len(names)
    assert "ca" not in lowered


@pytest.mark.parametrize(
    ("body", "policy", "expected"),
    [
        ("build: .", {}, (True, "it is built here (build:)")),
        ("build: .", {"exclude": ("shop-api",)}, (False, "excluded (--exclude)")),
        ("build: .", {"only": ("shop-web",)}, (False, "not among those asked for (--only)")),
        ("image: redis", {"only": ("shop-api",)}, (True, "asked for (--only)")),
        ("image: redis", {"include": ("shop-api",)}, (True, "asked for (--include)")),
        ("image: redis", {"all": True}, (True, "asked for (--all)")),
        ("command: x", {}, (False, "it has neither build: nor image:")),
        ("image: redis:7", {}, (False, "its image redis:7 is a public one: it does not read the TLS settings")),
        ("image: me/shop-api:1", {}, (True, "its image me/shop-api:1 ends in the service's name")),
        ("image: me/shop-x", {}, (True, "its image me/shop-x shares the project's prefix shop-")),
        ("image: me/other", {}, (False, "its image me/other is not built here")),
        ("image: r.io/me/other", {}, (False, "its image r.io/me/other is not built here (from r.io)")),
    ],
)
def test_each_decision_has_its_reason(
    project: MakeProject, body: str, policy: dict[str, Any], expected: tuple[bool, str]
) -> None:
    project(f"services:\n  shop-api: {{{body}}}\n  shop-web: {{image: nginx}}\n")
    decision = decide(load([Path("docker-compose.yml")]), Policy(**policy))["shop-api"]
    assert (decision.in_scope, decision.reason) == expected


@pytest.mark.parametrize("image", ["r.io/mirrors/redis:7", "me/redis"])
def test_a_service_named_after_its_program_says_nothing_about_whose_image_it_is(
    project: MakeProject, image: str
) -> None:
    project(f"services:\n  redis: {{image: '{image}'}}\n  web: {{build: .}}\n")
    decision = decide(load([Path("docker-compose.yml")]), Policy())["redis"]
    assert (decision.in_scope, decision.reason) == (
        False,
        f"its image {image} is not built here, and redis is a program that many publish",
    )
