"""Faults of compose files, and of the record of the last run."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from doctor_seeds import (
    COMPOSE,
    Fault,
    edit,
    exactly,
    found,
    name_of,
    place,
)

if TYPE_CHECKING:
    from pathlib import Path

    from doctor_seeds import Examine


def no_mount(shop: Path) -> None:
    edit(shop / COMPOSE, "      - ./certs:/app/certs:ro\n", "")


def other_mount(shop: Path) -> None:
    edit(shop / COMPOSE, "./certs:/app/certs:ro", "./old:/app/certs:ro")


def no_tls_enabled(shop: Path) -> None:
    edit(shop / COMPOSE, "      - TLS_ENABLED=true\n", "")


def tls_enabled_is_false(shop: Path) -> None:
    edit(shop / COMPOSE, 'TLS_ENABLED: "true"', 'TLS_ENABLED: "false"')


def other_path(shop: Path) -> None:
    edit(shop / COMPOSE, "TLS_CERT_PATH=/app/certs", "TLS_CERT_PATH=/certs")


def variable_unknown(shop: Path) -> None:
    edit(shop / COMPOSE, "TLS_ENABLED=true", "TLS_ENABLED=${TLS:-off}")


def http_url(shop: Path) -> None:
    edit(shop / COMPOSE, "https://shop-worker", "http://shop-worker")


def http_in_env_file(shop: Path) -> None:
    edit(shop / "api/api.env", "https", "http")


def http_scheme(shop: Path) -> None:
    edit(shop / COMPOSE, "API_SCHEME: https", "API_SCHEME: http")


def http_command_added(shop: Path) -> None:
    edit(shop / COMPOSE, "    build: ./proxy\n", "    build: ./proxy\n    labels: {up: 'http://shop-api:3000'}\n")


def http_by_host(shop: Path) -> None:
    edit(shop / COMPOSE, "API_HOST: shop-api", "API_HOST: shop-api\n      BY: http://host.docker.internal:3000")


def http_healthcheck(shop: Path) -> None:
    edit(shop / COMPOSE, "--insecure https://localhost:8000", "http://localhost:8000")


def healthcheck_without_scheme(shop: Path) -> None:
    edit(shop / COMPOSE, "curl -f --insecure https://localhost:8000/health", "curl -f localhost:8000/health")


def healthcheck_variable(shop: Path) -> None:
    test = '["CMD", "sh", "-c", "U=http://localhost:8080/x; wget $$U"]'
    edit(
        shop / COMPOSE,
        '["CMD", "wget", "-q", "--spider", "--no-check-certificate", "https://localhost:8080/health"]',
        test,
    )


def healthcheck_without_flag(shop: Path) -> None:
    edit(shop / COMPOSE, '"--insecure", ', "")


def wget_without_flag(shop: Path) -> None:
    edit(shop / COMPOSE, '"--no-check-certificate", ', "")


def healthcheck_of_another(shop: Path) -> None:
    test = "\n    healthcheck: {test: curl -f http://shop-api:3000/health}\n"
    edit(shop / COMPOSE, "    image: postgres:15-alpine\n", f"    image: postgres:15-alpine{test}")


def image_healthcheck(shop: Path) -> None:
    edit(shop / COMPOSE, "    healthcheck:\n      test: curl -f --insecure https://localhost:8000/health\n", "")
    test = "HEALTHCHECK CMD curl -f http://localhost:8000/health\n"
    edit(shop / "worker/Dockerfile", "WORKDIR", f"{test}WORKDIR")


def record_gone(shop: Path) -> None:
    shutil.rmtree(shop / ".aicos-tls")


def changed_file_gone(shop: Path) -> None:
    (shop / "api/api.env").rename(shop / "api/other.env")
    edit(shop / COMPOSE, "api/api.env", "api/other.env")


def conflict(shop: Path) -> None:
    edit(shop / COMPOSE, "https://shop-worker:8000", "https://shop-worker:8000/v2")


def interrupted(shop: Path) -> None:
    (shop / ".aicos-tls/journal.json").write_text("{}")


FAULTS: list[Fault] = [
    (no_mount, "mount", f"{COMPOSE}:2", "shop-api"),
    (other_mount, "mount", f"{COMPOSE}:7", "shop-api"),
    (no_tls_enabled, "tls-variable", f"{COMPOSE}:2", "shop-api"),
    (tls_enabled_is_false, "tls-variable", f"{COMPOSE}:26", "shop-worker"),
    (other_path, "tls-variable", f"{COMPOSE}:11", "shop-api"),
    (variable_unknown, "tls-variable", f"{COMPOSE}:10", "shop-api"),
    (http_url, "http-url", f"{COMPOSE}:9", "shop-api"),
    (http_in_env_file, "http-url", "api/api.env:1", "shop-api"),
    (http_scheme, "http-url", f"{COMPOSE}:24", "shop-worker"),
    (http_command_added, "http-url", f"{COMPOSE}:34", "shop-proxy"),
    (http_by_host, "http-by-host", f"{COMPOSE}:26", "shop-worker"),
    (http_healthcheck, "healthcheck-http", f"{COMPOSE}:30", "shop-worker"),
    (healthcheck_without_scheme, "healthcheck-http", f"{COMPOSE}:30", "shop-worker"),
    (healthcheck_variable, "healthcheck-http", f"{COMPOSE}:42", "shop-proxy"),
    (healthcheck_without_flag, "healthcheck-flag", f"{COMPOSE}:15", "shop-api"),
    (wget_without_flag, "healthcheck-flag", f"{COMPOSE}:42", "shop-proxy"),
    (healthcheck_of_another, "http-url", f"{COMPOSE}:46", "shop-db"),
    (record_gone, "record-gone", ".aicos-tls/record.json", ""),
    (changed_file_gone, "record-file-gone", "api/api.env", ""),
    (conflict, "record-conflict", f"{COMPOSE}:9", ""),
    (interrupted, "run-interrupted", ".aicos-tls", ""),
]


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
def test_exactly_what_was_seeded_is_found(shop: Path, examine: Examine, fault: Fault) -> None:
    exactly(fault, shop, examine)


def test_the_healthcheck_of_the_image_counts_where_the_compose_file_has_none(shop: Path, examine: Examine) -> None:
    image_healthcheck(shop)
    said = {(f.check, place(f), f.service) for f in found(examine())}
    assert ("healthcheck-http", "worker/Dockerfile:3", "shop-worker") in said
    edit(shop / "worker/Dockerfile", "curl -f http:", "curl -fk https:")
    assert {check for check, *_ in said} - {f.check for f in found(examine())} == {"healthcheck-http"}
