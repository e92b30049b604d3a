"""What a file does by habit: where its services have a key, and whether they write variables as a list or a mapping."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from aicos_tls.yamledit.nodes import Scalar, deref

if TYPE_CHECKING:
    from aicos_tls.compose.model import ComposeFile, Layer, Project

CANONICAL = (
    "image", "build", "platform", "container_name", "hostname", "user", "working_dir", "init", "entrypoint", "command",
    "ports", "expose", "volumes", "environment",
)  # fmt: skip
"""The order of keys in most compose files, for files that give no example."""


class Habits:
    """The habits of the files of a project, each counted once."""

    def __init__(self, project: Project) -> None:
        self._neighbours: dict[int, list[Layer]] = defaultdict(list)
        for service in project.services.values():
            for layer in service.own_layers:
                self._neighbours[id(layer.source)].append(layer)
        self._votes: dict[tuple[int, str], Counter[str]] = {}
        self._kinds: dict[tuple[int, str], Counter[str]] = {}

    def index(self, layer: Layer, attribute: str) -> int:
        """Index at which a service gets a new key: where its neighbours in the file have it.

        Every other service of the file that has the key votes, for each key that it shares with this one, whether the
        new key comes before or after it. Where the votes leave a choice, the usual order of keys decides.
        """
        votes = self._votes_on(layer.source, attribute)
        present = [key.value if isinstance(key, Scalar) else "" for key, _ in layer.mapping.pairs]
        usual = _usual_index(present, attribute)
        scores = [0]
        for key in present:
            scores.append(scores[-1] + votes[key])
        return max(range(len(scores)), key=lambda at: (scores[at], -abs(at - usual)))

    def writes_mappings(self, source: ComposeFile, attribute: str) -> bool:
        """Whether most services of a file write an attribute as a mapping rather than as a list."""
        kinds = self._kinds_of(source, attribute)
        return kinds["Mapping"] > kinds["Sequence"]

    def _votes_on(self, source: ComposeFile, attribute: str) -> Counter[str]:
        if (place := (id(source), attribute)) not in self._votes:
            votes: Counter[str] = Counter()
            for layer in self._neighbours[id(source)]:
                keys = [key.value for key, _ in layer.mapping.pairs if isinstance(key, Scalar)]
                if attribute in keys:
                    at = keys.index(attribute)
                    votes.update(keys[:at])
                    votes.subtract(keys[at + 1 :])
            self._votes[place] = votes
        return self._votes[place]

    def _kinds_of(self, source: ComposeFile, attribute: str) -> Counter[str]:
        if (place := (id(source), attribute)) not in self._kinds:
            self._kinds[place] = Counter(
                type(deref(entry.value)).__name__
                for layer in self._neighbours[id(source)]
                if (entry := layer.entries.get(attribute))
            )
        return self._kinds[place]


def rank(attribute: str) -> int:
    """Order of new keys at one place."""
    return CANONICAL.index(attribute) if attribute in CANONICAL else len(CANONICAL)


def _usual_index(present: list[str], attribute: str) -> int:
    if attribute not in CANONICAL:
        return len(present)
    earlier = CANONICAL[: CANONICAL.index(attribute)]
    return max((at + 1 for at, key in enumerate(present) if key in earlier), default=len(present))
