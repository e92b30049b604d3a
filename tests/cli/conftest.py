"""The program under the name that it is installed as; help and hints show it."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def _name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["aicos-tls"])
    monkeypatch.setattr(sys.modules["__main__"], "__package__", None)  # not `python -m pytest`
