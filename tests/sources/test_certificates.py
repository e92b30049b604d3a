from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls.files import TextFile
from aicos_tls.sources.certificates import certificates_read
from aicos_tls.sources.languages import Evidence, Facts
from aicos_tls.sources.model import CodeContext

CONTEXT = CodeContext("shop-api", "api", "/app/certs", frozenset(), {}, True)  # noqa: FBT003 - is_server

CASES = {
    "cert = '/app/certs/api-cert.pem'": [("/app/certs/api-cert.pem", True)],
    'f"{path}/api-key.pem"': [("{path}/api-key.pem", True)],
    'f"{path}/{name}-key.pem"': [("{path}/{name}-key.pem", True)],
    "'%s-cert.pem' % name": [("%s-cert.pem", True)],
    "'ca-cert.pem'": [("ca-cert.pem", True)],
    "'ca.crt'": [("ca.crt", False)],
    "'shop-api.crt', 'api.key'": [("shop-api.crt", False), ("api.key", False)],
    "'other-cert.pem'": [("other-cert.pem", False)],
    'f"{name}.crt"': [("{name}.crt", False)],
    "# 'ca.crt'": [],
    "'/etc/ssl/certs/ca.crt'": [],
    "event.key.code, event.key(1)": [],
}


@pytest.mark.parametrize("text", CASES)
def test_what_python_reads(text: str) -> None:
    file = TextFile(Path("a.py"), text.encode())
    found = certificates_read({PurePosixPath("a.py"): file}, [], CONTEXT)
    assert [(read.name, read.issued) for read in found] == CASES[text]


def test_a_language_reads_its_own_files() -> None:
    file = TextFile(Path("a.js"), b"f('no.crt')")
    facts = Facts("Node", reads=(Evidence("/api-cert.pem", file.where(0)), Evidence("ca.crt", file.where(0))))
    found = certificates_read({PurePosixPath("a.js"): file, PurePosixPath("b.md"): file}, [facts], CONTEXT)
    assert [(read.name, read.issued) for read in found] == [("/api-cert.pem", True), ("ca.crt", False)]
