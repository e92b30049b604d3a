"""The helper file of a Python service: its name, its text, how a module imports it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.sources.templates import render

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from aicos_tls.sources.model import CodeContext

NAMES = ("tls", "service_tls", "aicos_service_tls")
"""Names of the helper, in the order in which they are tried."""


def helper_name(taken: Collection[str]) -> str:
    """The module name of the helper: `tls`, unless a module or package of the service has that name (`taken`).

    It lies beside the entry file: `python main.py` has that directory on its path, uvicorn, gunicorn and hypercorn
    have the working directory, which is the same one when `main:app` is what they load.
    """
    return next((name for name in NAMES if name not in taken), NAMES[-1] + "_settings")


def helper_source(context: CodeContext, directory: Path | None = None) -> str:
    """The text of the helper; `directory` holds templates of the user's. Works on Python 3.7 and later."""
    return render("python/tls.py.j2", {"short_name": context.short_name, "mount_path": context.mount_path}, directory)


def import_statement(helper: str, alias: str) -> str:
    """How a module imports the helper as `alias`: `import tls`, `from app import tls`."""
    package, _, name = helper.rpartition(".")
    words = f"from {package} import {name}" if package else f"import {name}"
    return words if name == alias else f"{words} as {alias}"
