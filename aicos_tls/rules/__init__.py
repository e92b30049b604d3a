"""The rules: each decides and yields changes as data, none of them edits. The order is that of the report.

A rule's module docstring is its manual page: `aicos-tls explain RULE` prints it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.rules import commands, healthcheck, mount, schemes, sidecars, urls, variables

if TYPE_CHECKING:
    from types import ModuleType

RULES: dict[str, ModuleType] = {
    module.ID: module for module in (mount, variables, urls, schemes, healthcheck, commands, sidecars)
}
"""Rule by its identifier. Each module has `ID` and `check(context)`."""
