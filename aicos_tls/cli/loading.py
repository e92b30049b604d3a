"""Commands on demand: a run pays for the one command that it was asked for.

typer reads the parameters of every command that it knows, whichever is invoked: 1 to 5 ms each. Here it knows their
names and lines of help alone, and one is imported when it is looked up: to be run, or to complete its options.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group


class OnDemand(TyperGroup):
    """A group of commands, each in the module of `package` that has its name, with `_` for a hyphen."""

    lines: ClassVar[Mapping[str, str]]
    """The commands, in the order of the help, with the line that they have there."""
    package: ClassVar[str] = "aicos_tls.cli"
    function: ClassVar[str] = ""
    """The name in the module of the function, or of the group; empty where it is that of the command."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: Any = _Commands(type(self))

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's signature
        """Their names; the inherited method would load them all."""
        return list(self.lines)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - typer's signature
        """Write their lines to the help; the inherited method would load them all."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.lines.items()))


class _Commands(Mapping[str, Any]):
    """Commands by their names, each loaded when it is asked for."""

    def __init__(self, group: type[OnDemand]) -> None:
        self._group = group
        self._lines = group.lines

    def __getitem__(self, name: str) -> Any:
        return load(name, self._lines[name], self._group)

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def load(name: str, line: str, group: type[OnDemand] = OnDemand) -> Any:
    """Import the command `name` of a group and make it one of typer's, with `line` as its short help.

    A module whose command reads its arguments in a way of its own has a class `Command`.
    """
    module = import_module(f"{group.package}.{name.replace('-', '_')}")
    found = getattr(module, group.function or name.replace("-", "_"))
    if isinstance(found, typer.Typer):
        return get_group(found)
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name, cls=getattr(module, "Command", None), short_help=line)(found)
    return get_command(alone)
