"""What the variables of a container come to, wherever they are written: `environment`, `env_file`, or `.env`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.interpolation import everywhere

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.dotenv import EnvFile
    from aicos_tls.compose.entries import Variable
    from aicos_tls.compose.model import ComposeFile, Service
    from aicos_tls.errors import Where
    from aicos_tls.yamledit.nodes import Scalar


class Place(Struct, frozen=True, eq=False):
    """Where the text of a value is written: up to character `end` of the value of `node`, or of an env file."""

    source: ComposeFile | EnvFile
    node: Scalar | None
    end: int
    text: str

    @property
    def key(self) -> tuple[int, int]:
        """The same for the same place, however it was come to."""
        return id(self.source if self.node is None else self.node), self.end


class Setting(Struct, frozen=True, eq=False):
    """A variable with its value, interpolated. `places` are those where its last character is written.

    There are two for `${NAME:-http}` with `NAME=http` in `.env`, and none for a value that is put together.
    """

    key: str
    value: str
    where: Where
    path: str
    places: tuple[Place, ...]


def settings(service: Service) -> dict[str, Setting]:
    """The variables of a service by key; what `environment` says counts more than an `env_file`."""
    found: dict[str, Setting] = {}
    for file in service.env_files:
        values = {**(service.dotenv.values if service.dotenv else {}), **file.values}
        for key, binding in file.bindings.items():
            place = Place(file, None, binding.end, binding.value)
            where = file.file.where(binding.start)
            found[key] = Setting(key, values[key], where, f"{file.file.path}.{key}", (place,))
    for key, variable in service.environment.items():
        if variable.value is not None:
            found[key] = _of_variable(service, variable, variable.value)
        elif service.dotenv and key in service.dotenv.bindings:
            binding = service.dotenv.bindings[key]
            where = service.dotenv.file.where(binding.start)
            path = f"{service.dotenv.file.path}.{key}"
            places = (Place(service.dotenv, None, binding.end, binding.value),)
            found[key] = Setting(key, service.dotenv.values[key], where, path, places)
        else:
            found.pop(key, None)
    return found


def _of_variable(service: Service, variable: Variable, text: str) -> Setting:
    path = f"services.{service.name}.environment.{variable.key}"
    source, node = variable.layer.source, variable.node
    if "$" not in text:
        place = Place(source, node, variable.offset + len(text), text)
        return Setting(variable.key, text, variable.where, path, (place,))
    expanded = service.expand(text)
    places = tuple(_interpolated(service, variable, text))
    return Setting(variable.key, text if expanded is None else expanded, variable.where, path, places)


def _interpolated(service: Service, variable: Variable, text: str) -> Iterator[Place]:
    """Yield the places of a value that is one reference and nothing else: its default, its line in `.env`."""
    for reference in everywhere(text):
        if (reference.start, reference.end) != (0, len(text)):
            continue
        if reference.operator in ("-", ":-") and reference.argument:
            end = variable.offset + reference.end - 1
            yield Place(variable.layer.source, variable.node, end, reference.argument)
        if service.dotenv and (binding := service.dotenv.bindings.get(reference.name)):
            yield Place(service.dotenv, None, binding.end, binding.value)
