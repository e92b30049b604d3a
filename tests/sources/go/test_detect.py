from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls.errors import TlsError
from aicos_tls.files import TextFile, read
from aicos_tls.sources.go import PARTS, GoFacts, detect, helper_source, snippets
from aicos_tls.sources.model import CodeContext

SERVICE = Path(__file__).parents[3] / "fixtures" / "aicos" / "services" / "context-service"
CONTEXT = CodeContext("aicos-ctx", "ctx", "/certs", frozenset({8005}), {"aicos-ctx": "x", "aicos-api": "y"}, True)  # noqa: FBT003


def facts(**texts: str) -> GoFacts:
    names = {name.replace("_", "."): text for name, text in texts.items()}
    return detect({PurePosixPath(name): TextFile(Path(name), text.encode()) for name, text in names.items()})


def test_the_service_of_aicos() -> None:
    found = detect({PurePosixPath(path.name): read(path) for path in SERVICE.iterdir()})
    assert found.module is not None
    assert (found.module.value, found.module.where.line) == ("aicos/context-service", 1)
    assert found.framework is not None
    assert found.framework.value == "net/http"
    assert found.entry == PurePosixPath("main.go")
    assert [(fact.value, fact.where.line) for fact in found.listens] == [("http.ListenAndServe", 217)]
    assert found.serves_tls == found.reads_certificates == ()


@pytest.mark.parametrize(
    ("module", "framework"),
    [
        ("github.com/gin-gonic/gin", "gin"),
        ("github.com/labstack/echo/v4", "echo"),
        ("github.com/gofiber/fiber/v2", "fiber"),
        ("github.com/go-chi/chi/v5", "chi"),
        ("github.com/gorilla/mux", "gorilla/mux"),
    ],
)
def test_frameworks_come_before_net_http(module: str, framework: str) -> None:
    found = facts(a_go=f'package main\n\nimport (\n\t"net/http"\n\t"{module}"\n)\n')
    assert found.framework is not None
    assert found.framework.value == framework
    assert found.framework.where.line == 5


def test_tls_and_certificates() -> None:
    text = (
        'package main\n\nimport "net/http"\n\nfunc main() {\n'
        '\thttp.ListenAndServeTLS(":1", "/c/x-cert.pem", `k.key`, nil)\n'
        '\tr.RunTLS(":1", c, k)\n\ttlsServe(s)\n}\n'
    )
    found = facts(main_go=text, helper_go=helper_source(CONTEXT, "main"), a_test_go=text)
    assert {"http.ListenAndServeTLS", "r.RunTLS", "tlsServe", "tls.LoadX509KeyPair"} <= {
        f.value for f in found.serves_tls
    }
    assert {"x-cert.pem", "k.key", "ca-cert.pem"} <= {fact.value for fact in found.reads_certificates}


def test_nothing_at_all() -> None:
    assert facts(README_md="x") == GoFacts(None, None, None, (), (), ())


@pytest.mark.parametrize(("part", "framework"), [(part, name) for part, names in PARTS.items() for name in names])
def test_every_snippet_is_filled_in(part: str, framework: str) -> None:
    text = snippets(CONTEXT, framework, part)
    assert "{{" not in text
    if part == "server":
        assert '":8005"' in text
    if part == "client":
        assert "https://aicos-api:8000" in text


def test_another_framework_is_shown_net_http() -> None:
    assert snippets(CONTEXT, "chi", "server") == snippets(CONTEXT, "net-http", "server")


def test_another_part_is_an_error() -> None:
    with pytest.raises(TlsError, match="no part nginx"):
        snippets(CONTEXT, "gin", "nginx")
