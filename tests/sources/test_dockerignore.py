from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls.sources.dockerignore import candidates, docker_rules

KEY = "certs/api-key.pem"


@pytest.mark.parametrize(
    ("text", "path", "left_out"),
    [
        ("", KEY, False),
        ("certs", KEY, True),
        ("certs/", KEY, True),
        ("/certs", KEY, True),
        ("./certs/", KEY, True),
        ("x/../certs", KEY, True),
        ("  certs  \r\n", KEY, True),
        ("\ufeffcerts", KEY, True),
        ("certs/*", KEY, True),
        ("certs/**", KEY, True),
        ("*", KEY, True),
        ("**", KEY, True),
        (".", KEY, False),
        ("/", KEY, False),
        ("*.pem", KEY, False),
        ("*/*.pem", KEY, True),
        ("**/*.pem", KEY, True),
        ("**.pem", KEY, True),
        ("**/certs", "deploy/tls/certs/api-key.pem", True),
        ("**/certs", KEY, True),
        ("a/**/certs", "a/certs/x", True),
        ("a/**/certs", "a/b/c/certs/x", True),
        ("a**z", "a/b/z", True),
        ("certs", "deploy/certs/api-key.pem", False),
        ("cert", KEY, False),
        ("certs/api-cert.pem", KEY, False),
        ("cert?", KEY, True),
        ("certs?api-key.pem", KEY, False),
        ("[a-d]erts", KEY, True),
        ("[^a-d]erts", KEY, False),
        ("[!a]erts", KEY, False),
        ("[&&||[c]erts", KEY, True),
        (r"\certs", KEY, True),
        (r"\*erts", KEY, False),
        ("[certs", KEY, False),
        ("[z-a]erts", KEY, False),
        ("# certs", KEY, False),
        ("#\ncerts", KEY, True),
        ("certs\n!certs", KEY, False),
        ("!certs\ncerts", KEY, True),
        ("certs\n! certs/api-key.pem", KEY, False),
        ("*\n!certs/*-cert.pem", KEY, True),
        ("*\n!certs/*-cert.pem", "certs/api-cert.pem", False),
        ("certs/*.pem\n!certs", KEY, True),
        ("certs\n!certs\ncerts/*-key.pem", KEY, True),
        ("../certs", KEY, False),
        ("**\n!**/*-cert.pem", "certs/api-cert.pem", False),
        ("a**z", "abz", False),
        ("**s/*", KEY, False),
    ],
)
def test_what_is_left_out(text: str, path: str, *, left_out: bool) -> None:
    assert docker_rules(text).says(PurePosixPath(path), directory=False) is (left_out or None)


def test_the_dockerfile_s_own_file_goes_first() -> None:
    assert candidates(Path("api"), Path("api/build/web.Dockerfile")) == (
        Path("api/build/web.Dockerfile.dockerignore"),
        Path("api/.dockerignore"),
    )
