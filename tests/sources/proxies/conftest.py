"""Certificates for proxies: a CA, another one, and leaves that the first signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from live.leaves import write_authority, write_leaf

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_authority(tmp_path_factory.mktemp("certs"))
    other = write_authority(tmp_path_factory.mktemp("other"))
    (root / "other-cert.pem").write_bytes((other / "ca-cert.pem").read_bytes())
    write_leaf(root, "stranger", ("elsewhere",), signer=root)
    write_leaf(root, "backend", ("backend", "localhost"), signer=root)
    return root
