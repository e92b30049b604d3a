"""Private keys that come into an image by COPY."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from doctor_seeds import COMPOSE, edit, exactly, found, place

if TYPE_CHECKING:
    from pathlib import Path

    from doctor_seeds import Examine

    from aicos_tls.doctor.model import Finding

WHOLE = "FROM nginx:alpine\nCOPY proxy/default.conf /etc/nginx/conf.d/default.conf\n{}\n"


def from_the_root(shop: Path, line: str = "COPY . /site", context: str = ".") -> None:
    """Let the proxy be built from the project directory, by a Dockerfile with this line."""
    edit(shop / COMPOSE, "build: ./proxy", f"build: {{context: {context}, dockerfile: proxy/Dockerfile}}")
    (shop / "proxy/Dockerfile").write_text(WHOLE.format(line))
    (shop / ".dockerignore").write_text("api\nworker\n")  # or the code of the others would be the proxy's, too


def in_image(examine: Examine) -> list[Finding]:
    return [finding for finding in examine().findings if finding.check == "key-in-image"]


def test_a_warning_with_the_line_to_add(shop: Path, examine: Examine) -> None:
    exactly((from_the_root, "key-in-image", "proxy/Dockerfile:3", "shop-proxy"), shop, examine)
    (finding,) = found(examine())
    assert finding.text == "COPY . /site takes the private keys of certs/ into the image"
    assert finding.todo == "aicos-tls enable, or add this line to .dockerignore: certs/"
    (shop / ".dockerignore").write_text("api\nworker\ncerts\n")
    assert found(examine()) == []


def test_the_ignore_file_of_the_dockerfile_counts_alone(shop: Path, examine: Examine) -> None:
    from_the_root(shop)
    (shop / ".dockerignore").write_text("certs\n")
    own = shop / "proxy/Dockerfile.dockerignore"
    own.write_text("node_modules\n")
    assert [f.todo for f in in_image(examine)] == [
        "aicos-tls enable, or add this line to proxy/Dockerfile.dockerignore: certs/"
    ]
    own.write_text("**/*-key.pem\n")
    assert in_image(examine) == []


@pytest.mark.parametrize(
    ("line", "copies"),
    [
        ("COPY certs /etc/certs", True),
        ("COPY --chown=1:1 ./certs/ /etc/certs", True),
        ('COPY ["certs", "api", "/etc/"]', True),
        ("ADD * /site/", True),
        ("COPY certs/*.pem /etc/", True),
        ("copy . .", True),
        ("COPY certs/ca-cert.pem /etc/", False),
        ("COPY certs/*-cert.pem /etc/", False),
        ("COPY api worker /site/", False),
        ("COPY --from=nginx:alpine . .", False),
        ("COPY --exclude=certs . .", False),
        ("COPY --exclude=*-key.pem certs /etc/certs", False),
        ("COPY --exclude=api . .", True),
        ("# COPY . .", False),
        ("RUN --mount=type=bind,target=. ls", False),
    ],
)
def test_what_a_line_copies(shop: Path, examine: Examine, line: str, *, copies: bool) -> None:
    from_the_root(shop, line)
    assert [(f.check, place(f)) for f in in_image(examine)] == (
        [("key-in-image", "proxy/Dockerfile:3")] if copies else []
    )


@pytest.mark.parametrize(
    ("ignored", "copies"),
    [
        ("node_modules\n.git", True),
        ("*\n!certs", True),
        ("certs\n!certs/proxy-key.pem", True),
        ("*\n!proxy", False),
        ("**/certs", False),
        ("certs/*-key.pem", False),
    ],
)
def test_ignore_files(shop: Path, examine: Examine, ignored: str, *, copies: bool) -> None:
    from_the_root(shop)
    (shop / ".dockerignore").write_text(ignored)
    assert bool(in_image(examine)) is copies


def test_what_docker_compose_says_itself_is_not_said(shop: Path, examine: Examine) -> None:
    from_the_root(shop)
    (shop / ".dockerignore").write_bytes(b"\xff\n")
    assert in_image(examine) == []
