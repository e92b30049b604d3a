"""Passphrases: from a file, or typed by a person who sees nothing of them. Never an argument, which all see."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from aicos_tls.errors import TlsError, Where
from aicos_tls.files import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def passphrase(file: Path | None, *, confirm: bool) -> Callable[[], str]:
    """What gives the passphrase when it is needed; typed twice where it is a new one. It may raise `TlsError`."""

    def ask() -> str:
        if file is not None:
            return _first_line(file)
        if not sys.stdin.isatty():
            raise TlsError("nobody is there to type a passphrase", hint="--passphrase-file FILE")
        return str(typer.prompt("passphrase", hide_input=True, confirmation_prompt=confirm, err=True))

    return ask


def _first_line(file: Path) -> str:
    line = read(file).text.partition("\n")[0].rstrip("\r")
    if not line:
        raise TlsError("its first line, which is the passphrase, is empty", where=Where(file))
    return line
