"""The compose model: files, services and the layers that a service is made of. Facts only, each with its place.

A service is a list of layers, one for each place that defines part of it: the service it extends, then its own
definitions file by file. Compose merges them in this order (compose specification, "Merge"): later layers win, lists
of volumes and variables add up. Keeping them apart is what lets a change go to the file where it belongs.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct, field

from aicos_tls.compose.entries import Mount, Variable, mounts, variables
from aicos_tls.compose.interpolation import expand
from aicos_tls.compose.resolve import Entry, Resolver, text_of, texts_of
from aicos_tls.compose.sharing import Sharing
from aicos_tls.files import read as read_now
from aicos_tls.yamledit.nodes import Mapping, Node, Scalar, deref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from aicos_tls.compose.dotenv import EnvFile
    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile
    from aicos_tls.yamledit.nodes import Stream

REPLACING_TAGS = frozenset({"!reset", "!override"})
"""Tags by which a later layer replaces what earlier ones have (compose specification, "Merge": reset, replace)."""


class ComposeFile(Struct, frozen=True, eq=False, dict=True):
    """One compose file. `base` is the directory that its relative paths start from."""

    file: TextFile
    stream: Stream
    base: Path
    resolver: Resolver = field(default_factory=Resolver)

    @property
    def path(self) -> Path:
        """The path as it was given or written."""
        return self.file.path

    @cached_property
    def roots(self) -> list[Mapping]:
        """The top-level mapping of each document."""
        return [root for root in map(deref, self.stream.documents) if isinstance(root, Mapping)]

    def where(self, node: Node) -> Where:
        """The place of a node."""
        return self.file.where(node.start)


class Layer(Struct, frozen=True, eq=False):
    """One definition of a service. `extended` when it is there because another service extends it."""

    source: ComposeFile
    name: str
    key: Scalar
    mapping: Mapping
    extended: bool = False

    @property
    def entries(self) -> dict[str, Entry]:
        """The attributes, merge keys resolved."""
        return self.source.resolver.entries(self.mapping)

    def sub(self, name: str) -> dict[str, Entry]:
        """Entries of an attribute that is a mapping; none when it is something else."""
        entry = self.entries.get(name)
        return self.source.resolver.mapping(entry.value) if entry else {}


class Service(Struct, eq=False, dict=True):
    """A service by its layers, lowest precedence first."""

    name: str
    layers: list[Layer]
    dotenv: EnvFile | None = None
    env_files: list[EnvFile] = field(default_factory=list)

    @property
    def own_layers(self) -> list[Layer]:
        """The layers that define this service itself."""
        return [layer for layer in self.layers if not layer.extended]

    @property
    def first(self) -> Layer:
        """The first own layer: where a reader looks for the service."""
        return self.own_layers[0]

    @property
    def where(self) -> Where:
        """The place of its name."""
        return self.first.source.where(self.first.key)

    def expand(self, text: str) -> str | None:
        """Interpolate with the project's `.env`; None when a variable has no known value."""
        return expand(text, self.dotenv.values if self.dotenv else {})

    def attribute(self, name: str) -> tuple[Layer, Entry] | None:
        """The definition of an attribute that counts when compose does not merge it: the last one."""
        found = None
        for layer in self.layers:
            if entry := layer.entries.get(name):
                found = None if getattr(deref(entry.value), "tag", None) == "!reset" else (layer, entry)
        return found

    def text(self, name: str) -> str | None:
        """The text of a scalar attribute, interpolated where that is possible."""
        found = self.attribute(name)
        text = text_of(found[1].value) if found else None
        if text is None:
            return None
        expanded = self.expand(text)
        return text if expanded is None else expanded

    def effective(self, name: str) -> list[tuple[Layer, Entry]]:
        """The definitions of an attribute that compose adds up, from the last one that replaces on."""
        found: list[tuple[Layer, Entry]] = []
        for layer in self.layers:
            if entry := layer.entries.get(name):
                tag = getattr(deref(entry.value), "tag", None)
                if tag in REPLACING_TAGS:
                    found = []
                if tag != "!reset":
                    found.append((layer, entry))
        return found

    @cached_property
    def environment(self) -> dict[str, Variable]:
        """The variables of `environment` by key, the last definition of each."""
        found: dict[str, Variable] = {}
        for layer, entry in self.effective("environment"):
            for variable in variables(layer, entry.value):
                if variable.node.tag == "!reset":
                    found.pop(variable.key, None)
                else:
                    found[variable.key] = variable
        return found

    @cached_property
    def mounts(self) -> list[Mount]:
        """The entries of `volumes`."""
        return [m for layer, entry in self.effective("volumes") for m in mounts(layer, entry.value)]

    @cached_property
    def image(self) -> str | None:
        """The image reference, interpolated where that is possible."""
        return self.text("image")

    @property
    def builds(self) -> bool:
        """Whether the image is built here."""
        return self.attribute("build") is not None

    @cached_property
    def network_mode(self) -> str:
        """The network mode, or an empty text."""
        return self.text("network_mode") or ""

    @cached_property
    def networks(self) -> frozenset[str]:
        """The networks it is on: `default` when none is named, none at all with a network mode."""
        if self.network_mode:
            return frozenset()
        named: set[str] = set()
        for layer, entry in self.effective("networks"):
            target = deref(entry.value)
            named.update(layer.source.resolver.mapping(target) if isinstance(target, Mapping) else texts_of(target))
        return frozenset(named or {"default"})

    @cached_property
    def names(self) -> tuple[str, ...]:
        """DNS names in the project: service, container name, hostname, network aliases. Own name first, each once."""
        names = [self.name, self.text("container_name"), self.text("hostname"), *self._aliases()]
        return tuple(dict.fromkeys(name for name in names if name and "$" not in name))

    def _aliases(self) -> Iterator[str]:
        for layer, entry in self.effective("networks"):
            for network in layer.source.resolver.mapping(entry.value).values():
                aliases = layer.source.resolver.mapping(network.value).get("aliases")
                yield from texts_of(aliases.value if aliases else None)

    @cached_property
    def links(self) -> dict[str, str]:
        """Names that `links` gives to other services within this one: alias to service."""
        found: dict[str, str] = {}
        for _, entry in self.effective("links"):
            for text in texts_of(entry.value):
                service, _, alias = text.partition(":")
                found[alias or service] = service
        return found

    @cached_property
    def healthcheck(self) -> tuple[Layer, Entry] | None:
        """The definition of `healthcheck.test` that counts; None when the image's own counts, or none at all."""
        found = None
        for layer, _ in self.effective("healthcheck"):
            if (test := layer.sub("healthcheck").get("test")) and not _is_null(test.value):
                found = None if deref(test.value).tag == "!reset" else (layer, test)
        return None if self.healthcheck_disabled else found

    @cached_property
    def healthcheck_disabled(self) -> bool:
        """Whether `healthcheck.disable` switches every healthcheck off, the image's too."""
        found = False
        for layer, _ in self.effective("healthcheck"):
            if disable := layer.sub("healthcheck").get("disable"):
                found = (text_of(disable.value) or "").lower() in ("true", "yes", "on")
        return found


class Project(Struct, eq=False, dict=True):
    """The compose files of a project, merged. `directory` is where relative paths of the first file start.

    `read` is what they were read with: it gives the text that a file is taken to have, now or before the last run.
    """

    directory: Path
    files: list[ComposeFile]
    services: dict[str, Service]
    dotenv: EnvFile | None = None
    notes: list[tuple[str, Where | None]] = field(default_factory=list)
    named: tuple[Path, ...] = ()
    read: Callable[[Path], TextFile] = read_now

    @property
    def main(self) -> ComposeFile:
        """The first file: the one the person named."""
        return self.files[0]

    def holds(self, file: TextFile) -> bool:
        """Whether a file lies in the project directory, symlinks followed: only there a change can be taken back."""
        root = os.path.realpath(self.directory)
        return os.path.realpath(file.path).startswith(root.rstrip("/") + "/")

    @cached_property
    def name(self) -> str:
        """The project's name.

        The top-level `name`, else the directory's (compose specification, "Name top-level element").
        """
        for source in self.files:
            for root in source.roots:
                entry = source.resolver.entries(root).get("name")
                if entry and (text := text_of(entry.value)):
                    return expand(text, self.dotenv.values if self.dotenv else {}) or text
        return os.path.realpath(self.directory).rsplit("/", 1)[-1].lower() or "project"

    @cached_property
    def sharing(self) -> Sharing:
        """What is reached through aliases, merge keys and `extends`."""
        return Sharing.of(self.files, self.services.values())


def _is_null(node: Node) -> bool:
    target = deref(node)
    return isinstance(target, Scalar) and target.is_null
