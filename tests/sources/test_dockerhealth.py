from __future__ import annotations

from pathlib import Path

import pytest

from aicos_tls.files import TextFile, read
from aicos_tls.healthchecks import Trust, TrustPaths
from aicos_tls.sources.dockerfile import parse
from aicos_tls.sources.dockerhealth import transform
from aicos_tls.sources.model import CodeContext, CodeResult
from aicos_tls.yamledit.apply import splice

AICOS = Path("fixtures/aicos")


def context(*, is_server: bool = True, port: int = 8001) -> CodeContext:
    servers = {"api": "api", "aicos-api": "api", "other": "other"}
    return CodeContext("api", "api", "/app/certs", frozenset({port}), servers, is_server)


def applied(found: CodeResult) -> str:
    return splice(found.file.text, [s for change in found.changes for s in change.splices])


def result(value: str, *, trust: Trust = Trust.INSECURE) -> CodeResult:
    paths = TrustPaths("/app/certs/ca-cert.pem")
    file = TextFile(Path("Dockerfile"), f"FROM a\nHEALTHCHECK {value}\nCMD x\n".encode())
    return transform(file, context(), trust=trust, paths=paths)


CHANGED = {
    "shell": (
        "CMD curl -f http://localhost:8001/health || exit 1",
        "CMD curl -f --insecure https://localhost:8001/health || exit 1",
    ),
    "exec": (
        'CMD ["curl", "-f", "http://localhost:8001/health"]',
        'CMD ["curl", "-f", "--insecure", "https://localhost:8001/health"]',
    ),
    "options and continued lines": (
        "--interval=30s \\\n  # often enough\n  --retries=3 \\\n  CMD curl \\\n    -f \\\n    http://api:8001/",
        "--interval=30s \\\n  # often enough\n  --retries=3 \\\n  CMD curl \\\n    -f \\\n    --insecure https://api:8001/",
    ),
    "continued exec": (
        'CMD [ "curl", \\\n  "http://127.0.0.1:8001/\\u0061" ]',
        'CMD [ "curl", \\\n  "--insecure", "https://127.0.0.1:8001/\\u0061" ]',
    ),
    "a port in a variable": (
        "CMD curl -f http://localhost:${PORT}/$X/health http://localhost:$PORT",
        "CMD curl -f --insecure https://localhost:${PORT}/$X/health https://localhost:$PORT",
    ),
    "a variable before the change, exec": (
        'CMD ["sh", "-c", "echo $A$B && curl http://localhost:8001"]',
        'CMD ["sh", "-c", "echo $A$B && curl --insecure https://localhost:8001"]',
    ),
    "wget": (
        "CMD wget -q --spider http://localhost:8001/health",
        "CMD wget -q --spider --no-check-certificate https://localhost:8001/health",
    ),
    "a replaced call": (
        "CMD ruby -e \"require 'net/http'; Net::HTTP.get(URI('http://localhost:8001'))\"",
        (
            "CMD ruby -e \"require 'net/http'; Net::HTTP.start('localhost', 8001, use_ssl: true,"
            " verify_mode: OpenSSL::SSL::VERIFY_NONE)"
            " { |http| http.get('/').body }\""
        ),
    ),
    "a word that comes last": (
        'CMD ["curl", "http://localhost:8001", "-f"]',
        'CMD ["curl", "--insecure", "https://localhost:8001", "-f"]',
    ),
}


@pytest.mark.parametrize("case", CHANGED)
def test_it_is_changed_in_place(case: str) -> None:
    before, after = CHANGED[case]
    found = result(before)
    assert applied(found) == f"FROM a\nHEALTHCHECK {after}\nCMD x\n"
    assert not found.manual
    assert not result(after).changes


def test_a_verifying_policy_names_the_ca() -> None:
    found = result('CMD ["curl", "http://localhost:8001"]', trust=Trust.CA)
    expected = '["curl", "--cacert", "/app/certs/ca-cert.pem", "https://localhost:8001"]'
    assert expected in applied(found)


@pytest.mark.parametrize(
    "value",
    [
        "NONE",
        "CMD pg_isready",
        "CMD curl http://other:8001",
        "CMD curl http://localhost:9999",
        "CMD curl --insecure https://localhost:8001",
    ],
)
def test_nothing_to_do(value: str) -> None:
    found = result(value)
    assert (found.changes, found.manual) == ((), ())


def test_a_healthcheck_that_is_not_understood_is_for_a_person() -> None:
    (found,) = result("CMD curl -f $URL").manual
    assert found.where.line == 2
    assert found.reason.startswith("HEALTHCHECK: ")
    assert found.paste


def test_a_change_that_spans_lines_is_for_a_person() -> None:
    text = "CMD ruby -e \"require 'net/http'; Net::HTTP.get(UR\\\nI('http://localhost:8001'))\""
    found = result(text)
    assert not found.changes
    (manual,) = found.manual
    assert manual.reason == "HEALTHCHECK: the change spans lines"
    assert manual.paste.startswith("HEALTHCHECK CMD ruby -e \"require 'net/http'; Net::HTTP.start('localhost'")


def test_an_address_without_a_port_gets_the_one_it_meant() -> None:
    file = TextFile(Path("Dockerfile"), b"FROM a\nHEALTHCHECK CMD curl -I http://api\n")
    assert applied(transform(file, context(port=80))).endswith("curl -I --insecure https://api:80\n")


def test_a_service_that_is_no_server_keeps_its_own() -> None:
    file = TextFile(Path("Dockerfile"), b"FROM a\nHEALTHCHECK CMD curl http://localhost:8001\n")
    assert not transform(file, context(is_server=False)).changes


def test_a_file_without_stages_is_nothing() -> None:
    assert not transform(TextFile(Path("Dockerfile"), b""), context()).changes
    assert not transform(TextFile(Path("Dockerfile"), b"FROM a\n"), context(), target="b").changes


@pytest.mark.parametrize(
    ("folder", "port"),
    [
        ("backend", 3001),
        ("services/ai-intelligence", 8001),
        ("services/context-service", 8005),
        ("services/integrations", 8006),
    ],
)
def test_the_healthchecks_of_aicos(folder: str, port: int) -> None:
    file = read(AICOS / folder / "Dockerfile")
    found = transform(file, context(port=port))
    after = applied(found)
    assert len(found.changes) == 1, found.manual
    assert f"https://localhost:{port}/" in after
    assert [i.name for i in parse(TextFile(file.path, after.encode())).instructions] == [
        i.name for i in parse(file).instructions
    ]
    assert not transform(TextFile(file.path, after.encode()), context(port=port)).changes
