"""Every text of a project that may hold a URL which a container uses, with the place where it stands.

Looked at: variables, commands, labels, build arguments, inline contents, `x-…` blocks, `.env` and `env_file`s. Not
looked at: what compose itself reads (images, ports, paths), and healthchecks, which have a rule of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls.compose.dotenv import EnvFile
from aicos_tls.compose.interpolation import names
from aicos_tls.yamledit.nodes import Mapping, Node, Scalar, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import ComposeFile, Layer, Project, Service
    from aicos_tls.errors import Where

SCANNED = ("environment", "command", "entrypoint", "labels", "annotations", "build", "volumes", "deploy")
"""Attributes of a service that are looked at; of the last three only the parts below."""
_PARTS = {"build": ("args", "labels"), "deploy": ("labels",), "volumes": ("content",)}
_TOP_LEVEL = ("configs", "secrets")


class Site(Struct, frozen=True):
    """A text: `node.value[offset:]`, or in an env file `file.text[offset:]`.

    `service` is None for what belongs to no service. `variable` is the name under which the container sees it, or
    empty.
    """

    service: str | None
    path: tuple[str, ...]
    variable: str
    text: str
    offset: int
    source: ComposeFile | EnvFile
    node: Scalar | None = None
    seen_as: tuple[str, ...] = ()
    """Names of the variables that it is interpolated into, where it stands in `.env`."""

    @property
    def where(self) -> Where:
        """The place of the text; of a block scalar, of its first line."""
        if self.node is not None and not isinstance(self.source, EnvFile):
            return self.source.where(self.node)
        return self.source.file.where(self.offset)

    @property
    def name(self) -> str:
        """The path in words: `services.api.environment.URL`."""
        return ".".join(self.path)


def sites(project: Project) -> Iterator[Site]:
    """Yield the texts of a project, service by service, then the top level, then `.env`."""
    seen: set[int] = set()
    for service in project.services.values():
        for layer in service.layers:
            for site in _layer_sites(service, layer):
                seen.add(id(site.node))
                yield site
        for env_file in {id(f): f for f in service.env_files}.values():
            yield from _env_sites(service.name, env_file, set(env_file.bindings))
    for source in project.files:
        yield from (site for site in _top_level(source) if id(site.node) not in seen)
    if project.dotenv:
        for name, uses in _interpolated(project).items():
            yield from (
                replace(site, seen_as=tuple(uses[site.variable]))
                for site in _env_sites(name, project.dotenv, set(uses))
            )


def _layer_sites(service: Service, layer: Layer) -> Iterator[Site]:
    for attribute, entry in layer.entries.items():
        path = ("services", service.name, attribute)
        if attribute in _PARTS:
            for inner, name in _parts(layer, attribute, entry.value):
                yield from _texts(layer.source, inner, (*path, name), service.name)
        elif attribute in SCANNED or attribute.startswith("x-"):
            yield from _texts(layer.source, entry.value, path, service.name)


def _parts(layer: Layer, attribute: str, node: Node) -> Iterator[tuple[Node, str]]:
    target = deref(node)
    members = target.items if isinstance(target, Sequence) else [target]
    for member in members:
        for name, entry in layer.source.resolver.mapping(member).items():
            if name in _PARTS[attribute]:
                yield entry.value, name


def _top_level(source: ComposeFile) -> Iterator[Site]:
    for root in source.roots:
        for name, entry in source.resolver.entries(root).items():
            if name in _TOP_LEVEL:
                for inner, parts in source.resolver.mapping(entry.value).items():
                    if content := source.resolver.mapping(parts.value).get("content"):
                        yield from _texts(source, content.value, (name, inner, "content"), None)
            elif name.startswith("x-"):
                yield from _texts(source, entry.value, (name,), None)


def _texts(source: ComposeFile, node: Node, path: tuple[str, ...], service: str | None) -> Iterator[Site]:
    """Yield the scalars below `node`; an item `KEY=VALUE` of a list counts as the variable KEY."""
    target = deref(node)
    if isinstance(target, Scalar):
        if "://" in target.value or path[-1].upper().endswith(SCHEME_SUFFIXES):
            yield Site(service, path, path[-1] if len(path) > 3 else "", target.value, 0, source, target)  # noqa: PLR2004
    elif isinstance(target, Sequence):
        for index, item in enumerate(target.items):
            inner = deref(item)
            key, equals, value = inner.value.partition("=") if isinstance(inner, Scalar) else ("", "", "")
            if (
                isinstance(inner, Scalar)
                and equals
                and key.replace(".", "").replace("_", "").replace("-", "").isalnum()
            ):
                yield Site(service, (*path, key), key, value, len(key) + 1, source, inner)
            else:
                yield from _texts(source, item, (*path, str(index)), service)
    elif isinstance(target, Mapping):
        for name, entry in source.resolver.entries(target).items():
            yield from _texts(source, entry.value, (*path, name), service)


SCHEME_SUFFIXES = ("SCHEME", "PROTOCOL", "PROTO")
"""Ends of the names of variables that hold a scheme alone."""


def _env_sites(service: str, env_file: EnvFile, wanted: set[str]) -> Iterator[Site]:
    for key, binding in env_file.bindings.items():
        if key in wanted:
            yield Site(service, (str(env_file.file.path), key), key, binding.value, binding.start, env_file)


def _interpolated(project: Project) -> dict[str, dict[str, dict[str, None]]]:
    """The variables that `.env` gives to each service, and the names under which it sees each of them.

    They are interpolated, or passed through without a value.
    """
    found: dict[str, dict[str, dict[str, None]]] = {}
    known = set(project.dotenv.bindings) if project.dotenv else set()
    for service in project.services.values():
        uses: dict[str, dict[str, None]] = {v.key: {v.key: None} for v in service.environment.values() if not v.value}
        for layer in service.layers:
            for name, variable in _names_below(layer.mapping, "", set()):
                uses.setdefault(name, {})[variable] = None
        found[service.name] = {name: uses[name] for name in uses if name in known}
    return found


def _names_below(node: Node, variable: str, seen: set[int]) -> Iterator[tuple[str, str]]:
    """Yield each interpolated name with the key, or the `KEY=` of a list item, that it stands under."""
    target = deref(node)
    if id(target) in seen:
        return
    seen.add(id(target))
    if isinstance(target, Scalar):
        if "$" in target.value:
            key, equals, _ = target.value.partition("=")
            yield from ((name, key if equals and key.isidentifier() else variable) for name in names(target.value))
    elif isinstance(target, Sequence):
        for item in target.items:
            yield from _names_below(item, variable, seen)
    else:
        for key_node, value in target.pairs:
            yield from _names_below(value, key_node.value if isinstance(key_node, Scalar) else "", seen)
