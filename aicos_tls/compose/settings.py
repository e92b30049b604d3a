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

    @property
    def decided(self) -> Where:
        """The place that its value comes from: its line in `.env` rather than the variable that refers to it."""
        return self.places[-1].where if self.places else self.where

    @property
    def shown(self) -> str:
        """Its value for a report, as a compose file writes it; of an env file, which may hold secrets, its name."""
        if self.places and self.places[-1].node is not None:
            return self.value
        return "a value of " + self.decided.path.name if self.places else "a value with variables in it"


def settings(service: Service, endings: tuple[str, ...]) -> dict[str, Setting]:
    """The variables of a service whose names end so (in upper case), by key.

    What `environment` says counts more than an `env_file`.
    """
    keys = dict.fromkeys((*(key for file in service.env_files for key in file.bindings), *service.environment))
    found = {key: setting(service, key) for key in keys if key.upper().endswith(endings)}
    return {key: each for key, each in found.items() if each is not None}


def setting(service: Service, key: str) -> Setting | None:
    """A variable of a service; None for one that it has not, or that only whoever starts it may give."""
    variable = service.environment.get(key)
    if variable is None:
        file = next((file for file in reversed(service.env_files) if key in file.bindings), None)
        if file is None:
            return None
        place = _line(file, file.bindings[key])
        return Setting(key, _expanded(service, file.values[key]), place.where, (place,))
    if variable.value is not None:
        return _of_variable(service, variable, variable.value)
    if service.dotenv and key in service.dotenv.bindings:
        place = _line(service.dotenv, service.dotenv.bindings[key])
        return Setting(key, service.dotenv.values[key], place.where, (place,))
    return None


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
