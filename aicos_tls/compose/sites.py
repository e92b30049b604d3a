"""Every text of a project that may hold a URL which a container uses, with the place where it stands.

Looked at: variables, commands, labels, build arguments, inline contents, `x-…` blocks, `.env` and `env_file`s. Not
looked at: what compose itself reads (images, ports, paths), and healthchecks, which have a rule of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.dotenv import EnvFile
from aicos_tls.compose.sharing import KEY, TOP
from aicos_tls.compose.uses import Uses, uses
from aicos_tls.yamledit.nodes import Node, Scalar, Sequence, deref
from aicos_tls.yamledit.scalars import offsets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import ComposeFile, Layer, Project, Service
    from aicos_tls.errors import Where

SCANNED = ("environment", "command", "entrypoint", "labels", "annotations", "build", "volumes", "deploy")
"""Attributes of a service that are looked at; of the last three only the parts below."""
_PARTS = {"build": ("args", "labels"), "deploy": ("labels",), "volumes": ("content",)}
_TOP_LEVEL = ("configs", "secrets")
ENVIRONMENT = ("environment",)
OWN_BLOCK = "x-aicos-tls"
"""Settings of this program: no text that a container sees."""


class Site(Struct, frozen=True):
    """A text: `node.value[offset:]`, or in an env file `file.text[offset:]`.

    `service` is None for what belongs to no service. `variable` is the name under which the container sees it, or
    empty. `uses` are the variables of the container that a line of `.env` ends up in, an empty text for other places.
    """

    service: str | None
    path: tuple[str, ...]
    variable: str
    text: str
    offset: int
    source: ComposeFile | EnvFile
    node: Scalar | None = None
    uses: frozenset[str] = frozenset()

    @property
    def variables(self) -> frozenset[str]:
        """The names under which the container sees it."""
        return self.uses or frozenset({self.variable})

    @property
    def where(self) -> Where:
        """The place of the text; of a block scalar, of its first line."""
        if self.node is not None and not isinstance(self.source, EnvFile):
            return self.source.where(self.node)
        return self.source.file.where(self.offset)

    def where_at(self, index: int) -> Where:
        """The place of the character at `index` of the text, where that is on a line of its own; else of the text."""
        text = self.source.file.text
        node = self.node
        if node is None or isinstance(self.source, EnvFile) or "\n" not in text[node.start : node.end]:
            return self.where
        places = offsets(text, node)
        return self.source.file.where(places[self.offset + index]) if places else self.where

    @property
    def name(self) -> str:
        """The path in words: `services.api.environment.URL`."""
        return ".".join(self.path)


def is_looked_at(path: tuple[str, ...]) -> bool:
    """Whether what stands at a path (keys from the service on, or from the top level behind `TOP`) may be a site."""
    if path[-1:] == (KEY,):
        return False
    if path[:1] == TOP:
        return path[1].startswith("x-") or (path[1] in _TOP_LEVEL and path[3:4] == ("content",))
    if path[0] in _PARTS:
        return len(path) > 1 and path[1] in _PARTS[path[0]]
    return path[0] in SCANNED or (path[0].startswith("x-") and path[0] != OWN_BLOCK)


def sites(project: Project) -> Iterator[Site]:
    """Yield the texts of a project, service by service, then the top level, then `.env`."""
    seen: set[int] = set()
    for service in project.services.values():
        for layer in service.layers:
            for site in _layer_sites(service, layer):
                seen.add(id(site.node))
                yield site
        for env_file in {id(f): f for f in service.env_files if f is not project.dotenv}.values():
            yield from _env_sites(service.name, env_file, {key: frozenset({key}) for key in env_file.bindings})
    for source in project.files:
        yield from (site for site in _top_level(source) if id(site.node) not in seen and not _is_name(project, site))
    if project.dotenv:
        for name, used in uses(project, project.dotenv).items():
            yield from _env_sites(name, project.dotenv, used)


def _layer_sites(service: Service, layer: Layer) -> Iterator[Site]:
    for attribute, entry in layer.entries.items():
        path = ("services", service.name, attribute)
        if attribute in _PARTS:
            for inner, name in _parts(layer, attribute, entry.value):
                yield from _texts(layer.source, inner, (*path, name), service.name)
        elif attribute in SCANNED or (attribute.startswith("x-") and attribute != OWN_BLOCK):
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
            elif name.startswith("x-") and name != OWN_BLOCK:
                yield from _texts(source, entry.value, (name,), None)


def _texts(source: ComposeFile, node: Node, path: tuple[str, ...], service: str | None) -> Iterator[Site]:
    """Yield the scalars below `node`; an item `KEY=VALUE` of a list counts as the variable KEY."""
    target = deref(node)
    if isinstance(target, Scalar):
        if "://" in target.value:
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
            elif not isinstance(inner, Scalar) or path[2:] != ENVIRONMENT:  # there it is a name, without a value
                yield from _texts(source, item, (*path, str(index)), service)
    else:
        for name, entry in source.resolver.entries(target).items():
            yield from _texts(source, entry.value, (*path, name), service)


def _is_name(project: Project, site: Site) -> bool:
    """Whether a text is the name of a variable without a value in some service's list, by an anchor."""
    paths = project.sharing.paths.get(id(site.node), ())
    return ENVIRONMENT in paths and site.node is not None and "=" not in site.node.value


def _env_sites(service: str | None, env_file: EnvFile, used: Uses) -> Iterator[Site]:
    for key, binding in env_file.bindings.items():
        if key in used and "://" in binding.value:
            path = (str(env_file.file.path), key)
            yield Site(service, path, key, binding.value, binding.start, env_file, uses=used[key])
