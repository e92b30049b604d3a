"""The healthcheck of each service as its program sees it: form, words, and the nodes that hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.healthchecks import Ask, Endpoint, Form, Test, asks_http, asks_itself
from aicos_tls.yamledit.nodes import Scalar, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    found = {s.name: _healthcheck(s, *s.healthcheck) for s in project.services.values() if s.healthcheck is not None}
    return {name: check for name, check in found.items() if check is not None}


def healthcheck_of(service: Service) -> Healthcheck | None:
    """The healthcheck of one service in the compose files."""
    return _healthcheck(service, *service.healthcheck) if service.healthcheck else None


def overridden(service: Service) -> Iterator[Healthcheck]:
    """Yield the tests of a service that a later file overrides: they count where that file is not used."""
    counts = service.healthcheck[1].value if service.healthcheck else None
    for layer in service.own_layers:
        test = layer.sub("healthcheck").get("test")
        if test and test.value is not counts and (found := _healthcheck(service, layer, test)):
            yield found


def from_dotenv(service: Service, check: Healthcheck) -> tuple[Ask, ...]:
    """What a test asks the service itself over HTTP once `.env` is looked at, where it does not say so itself."""
    return () if check.asks else asks_http(_expanded(service, check.test), endpoint(service))


def ports_asked(service: Service, image_test: Test | None = None) -> Iterator[int]:
    """Yield the ports of its own that a service's test asks over HTTP or HTTPS, with what is known of variables.

    `image_test`: the one of its image, which counts where the compose files have none and switch none off.
    """
    found = _healthcheck(service, *service.healthcheck) if service.healthcheck else None
    if found:
        test = found.test
    elif image_test and not service.healthcheck and not service.healthcheck_disabled:
        test = image_test
    else:
        return
    for ask in asks_itself(_expanded(service, test), endpoint(service)):
        if ask.port:
            yield ask.port


def _expanded(service: Service, test: Test) -> Test:
    words = tuple(word if (expanded := service.expand(word)) is None else expanded for word in test.words)
    return Test(test.form, words)


def _healthcheck(service: Service, layer: Layer, entry: Entry) -> Healthcheck | None:
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
