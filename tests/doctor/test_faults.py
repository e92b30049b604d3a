"""Ways to break a project, each seeded alone: exactly that is found, and nothing in a project that is whole."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from doctor_seeds import (
    COMPOSE,
    ENABLED,
    NOW,
    authority,
    edit,
    encrypt,
    other_authority,
    reissue,
    short_key,
    without_identifier,
    write,
)

from aicos_tls.doctor.model import CHECKS, Severity
from aicos_tls.pki import KeyType, Profile, keys
from aicos_tls.pki.authority import new_authority

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from doctor_seeds import Examine

    from aicos_tls.commands.doctor import Result
    from aicos_tls.doctor.model import Finding

KNOWN = {"ca-key-mounted", "node-verify-off", "port-published"}
"""What is said of every project that follows the guide to the letter."""

API = ("shop-api",)


def found(result: Result) -> list[Finding]:
    return [finding for finding in result.findings if finding.check not in KNOWN]


def place(finding: Finding) -> str:
    assert finding.where is not None
    line = f":{finding.where.line}" if finding.where.line else ""
    return f"{os.path.relpath(finding.where.path)}{line}"


def test_nothing_is_found_in_a_project_that_is_whole(shop: Path, examine: Examine) -> None:
    result = examine()
    assert found(result) == []
    assert {finding.check for finding in result.findings} == KNOWN
    assert not result.faulty
    assert (result.services, result.servers) == (3, 3)
    (shop / "certs/ca-key.pem").unlink()
    assert {finding.check for finding in examine().findings} == KNOWN - {"ca-key-mounted"}


def test_nothing_is_found_with_an_override_file(override_shop: Path, examine: Examine) -> None:
    result = examine()
    assert (override_shop / "docker-compose.tls.yml").is_file()
    assert found(result) == []
    assert result.servers == 3


# -- the compose file ---------------------------------------------------------------------------------------------


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


# -- certificates -------------------------------------------------------------------------------------------------


def no_directory(shop: Path) -> None:
    shutil.rmtree(shop / "certs")


def directory_is_a_file(shop: Path) -> None:
    shutil.rmtree(shop / "certs")
    (shop / "certs").write_text("")


def no_ca(shop: Path) -> None:
    (shop / "certs/ca-cert.pem").unlink()


def no_certificate(shop: Path) -> None:
    (shop / "certs/api-cert.pem").unlink()


def no_key(shop: Path) -> None:
    (shop / "certs/api-key.pem").unlink()


def no_pair(shop: Path) -> None:
    no_certificate(shop)
    no_key(shop)


def garbage(shop: Path) -> None:
    (shop / "certs/api-cert.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")


def binary_key(shop: Path) -> None:
    (shop / "certs/api-key.pem").write_bytes(b"\0" * 100)


def huge_ca(shop: Path) -> None:
    with (shop / "certs/ca-cert.pem").open("ab") as stream:
        stream.truncate(33 * 1024 * 1024)


def key_is_a_directory(shop: Path) -> None:
    no_key(shop)
    (shop / "certs/api-key.pem").mkdir()


def key_leads_nowhere(shop: Path) -> None:
    no_key(shop)
    (shop / "certs/api-key.pem").symlink_to("elsewhere.pem")


def garbage_ca_key(shop: Path) -> None:
    (shop / "certs/ca-key.pem").write_text("nothing")


def passphrase(shop: Path) -> None:
    encrypt(shop / "certs/api-key.pem")


def open_key(shop: Path) -> None:
    (shop / "certs/api-key.pem").chmod(0o644)


def group_reads_key(shop: Path) -> None:
    (shop / "certs/api-key.pem").chmod(0o640)


def open_ca_key(shop: Path) -> None:
    (shop / "certs/ca-key.pem").chmod(0o604)


def closed_certificate(shop: Path) -> None:
    (shop / "certs/api-cert.pem").chmod(0o600)


def writable_certificate(shop: Path) -> None:
    (shop / "certs/ca-cert.pem").chmod(0o666)


def writable_directory(shop: Path) -> None:
    (shop / "certs").chmod(0o777)


def mismatch(shop: Path) -> None:
    (shop / "certs/api-key.pem").write_bytes(keys.to_pem(keys.generate(KeyType.P256)))


def ca_key_of_another(shop: Path) -> None:
    (shop / "certs/ca-key.pem").write_bytes(keys.to_pem(keys.generate(KeyType.P256)))


def ca_is_a_leaf(shop: Path) -> None:
    (shop / "certs/ca-key.pem").unlink()
    shutil.copy(shop / "certs/api-cert.pem", shop / "certs/ca-cert.pem")


def other_ca(shop: Path) -> None:
    (shop / "certs/ca-key.pem").unlink()
    write(shop / "certs/ca-cert.pem", other_authority(NOW).certificate)


def foreign_leaf(shop: Path) -> None:
    reissue(shop, "api", API, NOW, by=other_authority(NOW))


def without_name(shop: Path) -> None:
    reissue(shop, "worker", ("worker",), NOW)


def alias_added(shop: Path) -> None:
    edit(shop / COMPOSE, "    build: ./proxy\n", "    build: ./proxy\n    hostname: front\n")


def expired(shop: Path) -> None:
    reissue(shop, "api", API, NOW - timedelta(days=200))


def not_yet(shop: Path) -> None:
    leaf_now = NOW + timedelta(days=2)
    reissue(shop, "api", API, leaf_now)


def soon(shop: Path) -> None:
    reissue(shop, "api", API, NOW, days=20)


def weak_key(shop: Path) -> None:
    reissue(shop, "api", API, NOW, key=short_key())


def weak_form(shop: Path) -> None:
    without_identifier(shop, "api", API, NOW)


def weak_signature(shop: Path) -> None:
    certs = shop / "certs"
    (certs / "e").write_text(
        "subjectAltName=DNS:shop-api,DNS:localhost,IP:127.0.0.1,IP:::1\n"
        "authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n"
    )
    command = (
        "openssl req -new -key api-key.pem -subj /CN=api -out r && openssl x509 -req -in r -sha1 -days 3650 "
        "-CA ca-cert.pem -CAkey ca-key.pem -set_serial 5 -extfile e -out api-cert.pem 2>&1 && rm r e"
    )
    subprocess.run(command, shell=True, cwd=certs, check=True)  # noqa: S602 - a script, as people have them


def replaced(shop: Path) -> None:
    reissue(shop, "api", API, NOW)


def ca_of_a_script(shop: Path) -> None:
    """The same CA as a script makes it: without a key usage."""
    ca = authority(shop)
    builder = (
        x509.CertificateBuilder(subject_name=ca.certificate.subject, issuer_name=ca.certificate.subject)
        .public_key(ca.key.public_key())
        .serial_number(5)
        .not_valid_before(ca.certificate.not_valid_before_utc)
        .not_valid_after(ca.certificate.not_valid_after_utc)
    )
    for extension in ca.certificate.extensions:
        if not isinstance(extension.value, x509.KeyUsage):
            builder = builder.add_extension(extension.value, critical=extension.critical)
    write(shop / "certs/ca-cert.pem", builder.sign(ca.key, SHA256()))


def ca_expired(shop: Path) -> None:
    """The CA of a year ago, the key of today."""
    ca = authority(shop)
    old = new_authority("shop", ca.key, Profile(KeyType.P256, 10), now=ENABLED)
    write(shop / "certs/ca-cert.pem", old.certificate)


def orphan(shop: Path) -> None:
    shutil.copy(shop / "certs/api-cert.pem", shop / "certs/old-cert.pem")


# -- secrets, code, containers ------------------------------------------------------------------------------------


def not_ignored(shop: Path) -> None:
    (shop / ".gitignore").write_text("")


def in_git(shop: Path) -> None:
    subprocess.run(["git", "add", "-f", "certs/api-key.pem"], cwd=shop, check=True)


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


FAULTS: list[tuple[Callable[[Path], None], str, str, str]] = [
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
    (no_directory, "cert-missing", "certs", ""),
    (directory_is_a_file, "cert-missing", "certs", ""),
    (no_ca, "cert-missing", "certs/ca-cert.pem", ""),
    (no_certificate, "cert-missing", "certs/api-cert.pem", "shop-api"),
    (no_key, "key-missing", "certs/api-key.pem", "shop-api"),
    (no_pair, "cert-missing", "certs/api-cert.pem", "shop-api"),
    (garbage, "cert-unreadable", "certs/api-cert.pem", "shop-api"),
    (binary_key, "key-unreadable", "certs/api-key.pem", "shop-api"),
    (huge_ca, "cert-unreadable", "certs/ca-cert.pem", ""),
    (key_is_a_directory, "key-unreadable", "certs/api-key.pem", "shop-api"),
    (key_leads_nowhere, "key-unreadable", "certs/api-key.pem", "shop-api"),
    (garbage_ca_key, "key-unreadable", "certs/ca-key.pem", ""),
    (passphrase, "key-encrypted", "certs/api-key.pem", "shop-api"),
    (open_key, "key-mode", "certs/api-key.pem", "shop-api"),
    (group_reads_key, "key-mode", "certs/api-key.pem", "shop-api"),
    (open_ca_key, "key-mode", "certs/ca-key.pem", ""),
    (closed_certificate, "cert-mode", "certs/api-cert.pem", "shop-api"),
    (writable_certificate, "cert-mode", "certs/ca-cert.pem", ""),
    (writable_directory, "directory-mode", "certs", ""),
    (directory_closed, "directory-mode", "certs", ""),
    (mismatch, "key-mismatch", "certs/api-key.pem", "shop-api"),
    (ca_key_of_another, "key-mismatch", "certs/ca-key.pem", ""),
    (ca_is_a_leaf, "ca-not-ca", "certs/ca-cert.pem", ""),
    (other_ca, "cert-untrusted", "certs/ca-cert.pem", ""),
    (foreign_leaf, "cert-untrusted", "certs/api-cert.pem", "shop-api"),
    (without_name, "cert-name", "certs/worker-cert.pem", "shop-worker"),
    (alias_added, "cert-name-spare", "certs/proxy-cert.pem", "shop-proxy"),
    (expired, "cert-expired", "certs/api-cert.pem", "shop-api"),
    (not_yet, "cert-not-yet-valid", "certs/api-cert.pem", "shop-api"),
    (soon, "cert-expires-soon", "certs/api-cert.pem", "shop-api"),
    (weak_key, "weak-key", "certs/api-cert.pem", "shop-api"),
    (weak_form, "weak-certificate", "certs/api-cert.pem", "shop-api"),
    (weak_signature, "weak-certificate", "certs/api-cert.pem", "shop-api"),
    (replaced, "record-certificate", "certs/api-cert.pem", ""),
    (ca_of_a_script, "weak-ca", "certs/ca-cert.pem", ""),
    (ca_expired, "cert-expired", "certs/ca-cert.pem", ""),
    (orphan, "orphan", "certs/old-cert.pem", ""),
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


@pytest.mark.parametrize(("seed", "check", "where", "service"), FAULTS, ids=[seed.__name__ for seed, *_ in FAULTS])
def test_exactly_what_was_seeded_is_found(
    shop: Path, examine: Examine, seed: Callable[[Path], None], check: str, where: str, service: str
) -> None:
    seed(shop)
    result = examine()
    assert [(f.check, place(f), f.service) for f in found(result)] == [(check, where, service)]
    assert result.faulty is (CHECKS[check].severity is Severity.FAULT)
    assert found(result)[0].todo


def test_the_healthcheck_of_the_image_counts_where_the_compose_file_has_none(shop: Path, examine: Examine) -> None:
    image_healthcheck(shop)
    said = {(f.check, place(f), f.service) for f in found(examine())}
    assert ("healthcheck-http", "worker/Dockerfile:3", "shop-worker") in said
    edit(shop / "worker/Dockerfile", "curl -f http:", "curl -fk https:")
    assert {check for check, *_ in said} - {f.check for f in found(examine())} == {"healthcheck-http"}


OVERRIDE = "docker-compose.tls.yml"


def override_gone(shop: Path) -> None:
    (shop / OVERRIDE).unlink()
    (shop / ".env").unlink()


def override_unused(shop: Path) -> None:
    (shop / ".env").unlink()


def override_http(shop: Path) -> None:
    edit(shop / OVERRIDE, "https://shop-worker", "http://shop-worker")


def override_without_mount(shop: Path) -> None:
    edit(shop / OVERRIDE, "./certs:/app/certs:ro", "./old:/app/certs:ro")


def override_healthcheck(shop: Path) -> None:
    edit(shop / OVERRIDE, "https://localhost:3000", "http://localhost:3000")


def variable_in_base(shop: Path) -> None:
    edit(shop / COMPOSE, "      API_HOST: shop-api", "      API_HOST: shop-api\n      PROXY: http://shop-proxy:8080")


OVERRIDDEN: list[tuple[Callable[[Path], None], set[tuple[str, str]]]] = [
    (override_unused, {("override-unused", "")}),
    (override_http, {("http-url", "shop-api")}),
    (override_without_mount, {("mount", "shop-api")}),
    (override_healthcheck, {("healthcheck-http", "shop-api")}),
    (variable_in_base, {("http-url", "shop-worker"), ("plan-differs", "")}),
]


@pytest.mark.parametrize(("seed", "expected"), OVERRIDDEN, ids=[seed.__name__ for seed, _ in OVERRIDDEN])
def test_faults_beside_an_override_file(
    override_shop: Path, examine: Examine, seed: Callable[[Path], None], expected: set[tuple[str, str]]
) -> None:
    seed(override_shop)
    assert {(f.check, f.service) for f in found(examine())} == expected


def test_the_files_to_start_with_are_named(override_shop: Path, examine: Examine) -> None:
    override_unused(override_shop)
    todo = found(examine())[0].todo
    assert todo.startswith(f"write COMPOSE_FILE={COMPOSE}:{OVERRIDE} into .env, or start with: docker compose -f ")


def test_a_conflict_is_named_beside_a_fault_of_another_kind(shop: Path, examine: Examine) -> None:
    conflict(shop)
    user_in_compose(shop)
    assert [f.check for f in found(examine())] == ["record-conflict", "key-user"]


def test_an_override_file_that_is_gone(override_shop: Path, examine: Examine) -> None:
    override_gone(override_shop)
    assert [(f.check, place(f)) for f in examine().findings] == [("override-gone", OVERRIDE)]
