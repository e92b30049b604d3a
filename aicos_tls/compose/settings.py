"""What the variables of a container come to, wherever they are written: `environment`, `env_file`, or `.env`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.interpolation import everywhere

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.dotenv import Binding, EnvFile
    from aicos_tls.compose.entries import Variable
    from aicos_tls.compose.model import ComposeFile, Service
    from aicos_tls.errors import Where
    from aicos_tls.yamledit.nodes import Scalar


class Place(Struct, frozen=True, eq=False):
    """Where the text of a value is written: up to character `end` of the value of `node`, or of an env file.

    It is `text`, which ends at character `at` of `whole`: the value of the variable at `path` as it is written there.
    """

    source: ComposeFile | EnvFile
    node: Scalar | None
    end: int
    text: str
    whole: str
    at: int
    where: Where
    path: str

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
    places: tuple[Place, ...]


def settings(service: Service, endings: tuple[str, ...]) -> dict[str, Setting]:
    """The variables of a service whose names end so (in upper case), by key.

    What `environment` says counts more than an `env_file`.
    """
    found: dict[str, Setting] = {}
    for file in service.env_files:
        for key, binding in file.bindings.items():
            if key.upper().endswith(endings):
                place = _line(file, binding)
                found[key] = Setting(key, _expanded(service, file.values[key]), place.where, (place,))
    for key, variable in service.environment.items():
        if not key.upper().endswith(endings):
            continue
        if variable.value is not None:
            found[key] = _of_variable(service, variable, variable.value)
        elif service.dotenv and key in service.dotenv.bindings:
            place = _line(service.dotenv, service.dotenv.bindings[key])
            found[key] = Setting(key, service.dotenv.values[key], place.where, (place,))
        else:
            found.pop(key, None)
    return found


def _of_variable(service: Service, variable: Variable, text: str) -> Setting:
    if "$" not in text:
        return Setting(variable.key, text, variable.where, (_written(service, variable, text, text, len(text)),))
    places = tuple(_interpolated(service, variable, text))
    return Setting(variable.key, _expanded(service, text), variable.where, places)


def _expanded(service: Service, text: str) -> str:
    expanded = service.expand(text)
    return text if expanded is None else expanded


def _line(file: EnvFile, binding: Binding) -> Place:
    value, where = binding.value, file.file.where(binding.start)
    return Place(file, None, binding.end, value, value, len(value), where, f"{file.file.path}.{binding.key}")


def _written(service: Service, variable: Variable, text: str, whole: str, at: int) -> Place:
    path = f"services.{service.name}.environment.{variable.key}"
    source, end = variable.layer.source, variable.offset + at
    return Place(source, variable.node, end, text, whole, at, variable.where, path)


def _interpolated(service: Service, variable: Variable, text: str) -> Iterator[Place]:
    """Yield the places of a value that is one reference and nothing else: its default, its line in `.env`."""
    for reference in everywhere(text):
        if (reference.start, reference.end) != (0, len(text)):
            continue
        if reference.operator in ("-", ":-") and reference.argument:
            yield _written(service, variable, reference.argument, text, reference.end - 1)
        if service.dotenv and (binding := service.dotenv.bindings.get(reference.name)):
            yield _line(service.dotenv, binding)
