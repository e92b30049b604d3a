"""Faults of code, containers and secrets; advice."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from doctor_seeds import (
    COMPOSE,
    Fault,
    edit,
    exactly,
    name_of,
)
from support import need

if TYPE_CHECKING:
    from pathlib import Path

    from doctor_seeds import Examine


def not_ignored(shop: Path) -> None:
    (shop / ".gitignore").write_text("")
    (shop / "certs/.gitignore").unlink(missing_ok=True)


def in_git(shop: Path) -> None:
    subprocess.run([need("git"), "add", "-f", "certs/api-key.pem"], cwd=shop, check=True)


def server_without_tls(shop: Path) -> None:
    (shop / "api/server.js").write_text("require('http').createServer((a, b) => b.end()).listen(3000);\n")


def settings_missing(shop: Path) -> None:
    edit(shop / COMPOSE, "      UVICORN_SSL_KEYFILE: /app/certs/worker-key.pem\n", "")


def proxy_without_tls(shop: Path) -> None:
    (shop / "proxy/default.conf").write_text("server {\n    listen 8080;\n    root /srv;\n}\n")


def other_certificate_names(shop: Path) -> None:
    edit(shop / "api/server.js", "api-cert.pem", "shop-api.crt")


def http_in_code(shop: Path) -> None:
    with (shop / "api/server.js").open("a") as stream:
        stream.write("const worker = process.env.WORKER_URL || 'http://shop-worker:8000';\n")


def http_in_proxy(shop: Path) -> None:
    edit(shop / "proxy/default.conf", "https://shop-api", "http://shop-api")


def http_in_example(shop: Path) -> None:
    (shop / ".env.example").write_text("WORKER_URL=http://shop-worker:8000\n")


def http_in_unknown_file(shop: Path) -> None:
    (shop / "worker/settings.ini").write_text("[api]\nurl = http://shop-api:3000\n")


def user_in_compose(shop: Path) -> None:
    edit(shop / COMPOSE, "    build: ./api\n", '    build: ./api\n    user: "1000:1000"\n')


def user_in_dockerfile(shop: Path) -> None:
    edit(shop / "api/Dockerfile", "CMD", "USER node\nCMD")


def user_made_in_dockerfile(shop: Path) -> None:
    edit(shop / "worker/Dockerfile", "WORKDIR", "RUN useradd -u 10001 app\nUSER app\nWORKDIR")


def user_without_id(shop: Path) -> None:
    edit(shop / "worker/Dockerfile", "WORKDIR", "RUN useradd app\nUSER app\nWORKDIR")
    os.chown(shop / "certs/worker-key.pem", 1000, 1000)


def user_of_the_image(shop: Path) -> None:
    edit(shop / "proxy/Dockerfile", "nginx:alpine", "nginxinc/nginx-unprivileged:alpine")


def capabilities_dropped(shop: Path) -> None:
    edit(shop / COMPOSE, "    build: ./api\n", "    build: ./api\n    cap_drop: [ALL]\n")
    os.chown(shop / "certs/api-key.pem", 1000, 1000)


def directory_closed(shop: Path) -> None:
    user_in_compose(shop)
    os.chown(shop / "certs/api-key.pem", 1000, 1000)
    (shop / "certs").chmod(0o700)


def no_curl_on_alpine(shop: Path) -> None:
    edit(shop / "api/Dockerfile", "RUN apk add --no-cache curl\n", "")


def no_curl_in_slim(shop: Path) -> None:
    edit(shop / "worker/Dockerfile", "apt-get update && apt-get install -y --no-install-recommends curl && ", "")


def no_shell(shop: Path) -> None:
    edit(shop / "worker/Dockerfile", "python:3.11-slim", "gcr.io/distroless/python3")


def old_busybox(shop: Path) -> None:
    edit(shop / "proxy/Dockerfile", "nginx:alpine", "busybox:1.35")


def corporate_ca(shop: Path) -> None:
    edit(shop / COMPOSE, "API_HOST: shop-api", "API_HOST: shop-api\n      SSL_CERT_FILE: /etc/corporate.pem")


def corporate_ca_in_image(shop: Path) -> None:
    edit(shop / "api/Dockerfile", "WORKDIR", "ENV NODE_EXTRA_CA_CERTS=/etc/corporate.pem\nWORKDIR")


FAULTS: list[Fault] = [
    (directory_closed, "directory-mode", "certs", ""),
    (not_ignored, "key-in-git", ".gitignore", ""),
    (in_git, "key-in-git", "certs/api-key.pem", ""),
    (server_without_tls, "no-tls-code", "api/Dockerfile:5", "shop-api"),
    (settings_missing, "no-tls-code", "worker/Dockerfile:5", "shop-worker"),
    (proxy_without_tls, "no-tls-code", "proxy/Dockerfile:1", "shop-proxy"),
    (other_certificate_names, "code-certificates", "api/server.js:11", "shop-api"),
    (http_in_code, "http-url", "api/server.js:17", "shop-api"),
    (http_in_proxy, "http-url", "proxy/default.conf:7", "shop-proxy"),
    (http_in_example, "http-look", ".env.example:1", ""),
    (http_in_unknown_file, "http-url", "worker/settings.ini:2", ""),
    (user_in_compose, "key-user", f"{COMPOSE}:4", "shop-api"),
    (user_in_dockerfile, "key-user", "api/Dockerfile:5", "shop-api"),
    (user_made_in_dockerfile, "key-user", "worker/Dockerfile:4", "shop-worker"),
    (user_without_id, "key-user-unknown", "worker/Dockerfile:4", "shop-worker"),
    (user_of_the_image, "key-user", f"{COMPOSE}:32", "shop-proxy"),
    (capabilities_dropped, "key-user", f"{COMPOSE}:2", "shop-api"),
    (no_curl_on_alpine, "healthcheck-program", f"{COMPOSE}:15", "shop-api"),
    (no_curl_in_slim, "healthcheck-program", f"{COMPOSE}:30", "shop-worker"),
    (no_shell, "healthcheck-program", f"{COMPOSE}:30", "shop-worker"),
    (old_busybox, "healthcheck-program", f"{COMPOSE}:42", "shop-proxy"),
    (corporate_ca, "own-ca", f"{COMPOSE}:26", "shop-worker"),
    (corporate_ca_in_image, "own-ca", "api/Dockerfile:3", "shop-api"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
def test_exactly_what_was_seeded_is_found(shop: Path, examine: Examine, fault: Fault) -> None:
    exactly(fault, shop, examine)
