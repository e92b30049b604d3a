from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aicos_tls.errors import TlsError
from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.python import PARTS, snippets

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT = CodeContext("aicos-ai", "ai", "/certs", frozenset({8001}), {"aicos-ai": "x", "aicos-api": "y"}, True)  # noqa: FBT003
ALL = [(part, framework) for part, frameworks in PARTS.items() for framework in frameworks]


@pytest.mark.parametrize(("part", "framework"), ALL)
def test_every_snippet_is_filled_in(part: str, framework: str) -> None:
    text = snippets(CONTEXT, framework, part)
    assert "{{" not in text
    assert text.endswith("\n")
    if part != "healthcheck":
        compile(text, f"{part}-{framework}", "exec")
    if part == "server":
        assert "/certs/ai-key.pem" in text or "tls." in text
    if part == "client":
        assert "https://aicos-api:8000" in text


def test_a_framework_is_shown_its_own_server() -> None:
    assert "uvicorn.run(" in snippets(CONTEXT, "fastapi", "server")
    assert "ssl_context=" in snippets(CONTEXT, "flask", "server")
    assert "hypercorn" in snippets(CONTEXT, "quart", "server")
    assert "uvicorn.run(" in snippets(CONTEXT, "something", "server")


def test_a_template_of_the_users_comes_first(tmp_path: Path) -> None:
    (tmp_path / "python" / "snippets").mkdir(parents=True)
    (tmp_path / "python" / "snippets" / "client-httpx.j2").write_text("{{ short_name }} {{ port }}\n")
    assert snippets(CONTEXT, "httpx", "client", tmp_path) == "ai 8001\n"
    assert "requests" in snippets(CONTEXT, "requests", "client", tmp_path)


def test_another_part_is_an_error() -> None:
    with pytest.raises(TlsError, match="no part nginx"):
        snippets(CONTEXT, "fastapi", "nginx")
