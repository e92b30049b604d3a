"""What is reached through an alias, a merge key or `extends`: for which services it counts, and as what.

An edit of such a node is an edit of everything that it stands for. It may stand for the same attribute of several
services, or for different things (`TLS_ENABLED: *off` and `DEBUG: *off`), even of one service.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct, field

from aicos_tls.compose.resolve import MERGE, Resolver, merge_sources
from aicos_tls.yamledit.nodes import Mapping, Node, Scalar, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aicos_tls.compose.model import ComposeFile, Service

Path = tuple[str, ...]
"""Keys from the service on; an item of a list has that of the list."""
TOP: Path = ("",)
"""Where the path of what stands in no service begins."""
KEY = ""
"""Ends the path of a key: the text of one may be a value, too."""


class Sharing(Struct, eq=False):
    """The facts, by the identity of nodes; the streams of the project keep the nodes alive."""

    users: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The services that a node counts for."""
    paths: dict[int, set[Path]] = field(default_factory=lambda: defaultdict(set))
    """As what a node counts."""
    _one_thing: dict[int, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, files: Iterable[ComposeFile], services: Iterable[Service]) -> Sharing:
        """Look at `files` and all layers of `services`: each node with its aliases put in, which has a budget."""
        found = cls()
        listed = list(services)
        extended = {id(layer.mapping) for service in listed for layer in service.layers if layer.extended}
        for service in listed:
            for layer in service.layers:
                if layer.source.stream.shared or id(layer.mapping) in extended:
                    found._mark(layer.source.resolver, layer.mapping, service.name, ())
        for source in files:
            for root in source.roots if source.stream.shared else ():
                for key, entry in source.resolver.entries(root).items():
                    if key != "services":
                        found._mark(source.resolver, entry.value, None, (*TOP, key))
        return found

    def is_one_thing(self, node: Node) -> bool:
        """Whether a node counts as one attribute only, be it of several services."""
        target = id(deref(node))
        if target not in self._one_thing:
            self._one_thing[target] = sum(path[:1] != TOP for path in self.paths.get(target, ())) <= 1
        return self._one_thing[target]

    def _mark(self, resolver: Resolver, node: Node, name: str | None, path: Path) -> None:
        """Note that `node`, and what counts of its contents, is used by the service `name` as its `path`."""
        target = deref(node)
        self.paths[id(target)].add(path)
        if name is not None:
            self.users[id(target)].add(name)
        if isinstance(target, Sequence):
            for item in target.items:
                self._mark(resolver, item, name, path)
        elif isinstance(target, Mapping):
            self._mark_keys(target, name, path)
            for key, entry in resolver.entries(target).items():
                self._mark(resolver, entry.value, name, (*path, key))

    def _mark_keys(self, mapping: Mapping, name: str | None, path: Path) -> None:
        """Note keys that others repeat, and that a service uses what merge keys bring as a whole.

        It would get a new key of that, too.
        """
        for key, value in mapping.pairs:
            if isinstance(key, Scalar) and key.value == MERGE and key.style == "":
                for source in merge_sources(value):
                    self.paths[id(source)].add(path)
                    if name is not None:
                        self.users[id(source)].add(name)
                    self._mark_keys(source, name, path)
            elif key.anchor if isinstance(key, Scalar) else not isinstance(key, Sequence | Mapping):
                self.paths[id(deref(key))].add((*path, KEY))
