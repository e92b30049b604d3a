"""The healthcheck of each service as its program sees it: form, words, and the nodes that hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.healthchecks import Ask, Endpoint, Form, Test, asks_http
from aicos_tls.yamledit.nodes import Scalar, Sequence, deref

if TYPE_CHECKING:
    from aicos_tls.compose.model import Layer, Project, Service
    from aicos_tls.compose.resolve import Entry
    from aicos_tls.errors import Where


class Healthcheck(Struct, frozen=True):
    """A `healthcheck.test`. `words` are the nodes of `test.words`; in a list they begin at item `first`."""

    service: str
    test: Test
    layer: Layer
    entry: Entry
    words: tuple[Scalar, ...]
    first: int
    asks: tuple[Ask, ...]

    @property
    def where(self) -> Where:
        """The place of the test."""
        return self.layer.source.where(self.words[0])


def endpoint(service: Service) -> Endpoint:
    """Return what counts as the service itself in its healthcheck, besides the loopback names."""
    return Endpoint(frozenset(name.lower() for name in service.names))


def healthchecks(project: Project) -> dict[str, Healthcheck]:
    """The healthcheck of every service that has one in the compose files, and not `NONE`."""
    found = ((service.name, _healthcheck(service)) for service in project.services.values())
    return {name: check for name, check in found if check is not None}


def _healthcheck(service: Service) -> Healthcheck | None:
    definition = service.healthcheck
    if definition is None:
        return None
    layer, entry = definition
    read = _words(entry)
    if read is None:
        return None
    form, words, first = read
    test = Test(form, tuple(word.value for word in words))
    return Healthcheck(service.name, test, layer, entry, words, first, asks_http(test, endpoint(service)))


def _words(entry: Entry) -> tuple[Form, tuple[Scalar, ...], int] | None:
    """Form, words and index of the first word (compose specification, "healthcheck"): text is a shell command."""
    target = deref(entry.value)
    if isinstance(target, Scalar):
        return None if target.is_null or not target.value.strip() else (Form.SHELL, (target,), 0)
    if not isinstance(target, Sequence):
        return None
    items = [item for item in map(deref, target.items) if isinstance(item, Scalar)]
    if len(items) != len(target.items) or len(items) < 2:  # noqa: PLR2004 - a keyword and a command
        return None
    forms = {"CMD": Form.EXEC, "CMD-SHELL": Form.SHELL}
    form = forms.get(items[0].value)
    return (form, tuple(items[1:]), 1) if form else None
