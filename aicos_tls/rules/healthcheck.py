"""Lets a server's healthcheck ask over HTTPS, in whatever program it is written.

    test: ["CMD", "curl", "-f", "http://localhost:8001/health"]
    test: ["CMD", "curl", "-f", "--insecure", "https://localhost:8001/health"]

Only the service's own address is changed, never another host's. curl gets `--insecure`, wget `--no-check-certificate`,
one-liners in Node, Python and other languages their own way. Where only the Dockerfile has an HTTP healthcheck and the
service becomes a TLS server, a `healthcheck.test` in the compose file overrides it. A test that cannot be changed
safely is left alone and reported with the lines to paste. Guide, phase 5.

With `--repair`, a test whose program is surely not in the image (curl in `node:20-alpine`) is replaced by one that asks
the same with a program that is: over HTTPS, or over plain HTTP where a sidecar serves TLS before the service.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from aicos_tls import healthchecks as knowledge
from aicos_tls.errors import TlsError, Where
from aicos_tls.healthchecks import Form, Refused, Rewritten, Test, TextEdit, Trust
from aicos_tls.plan.checks import Healthcheck, endpoint, from_dotenv, overridden
from aicos_tls.plan.model import Change, Declined, FileEdit, Note, Outcome, Proposal
from aicos_tls.rules.placement import NoPlaceError
from aicos_tls.rules.repairs import Broken, broken
from aicos_tls.yamledit.edits import Copy, InsertItem, Items, SetText, Value
from aicos_tls.yamledit.nodes import Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Layer, Service
    from aicos_tls.rules.context import Context

ID = "healthcheck"


def check(context: Context) -> Iterator[Outcome]:
    """Yield the change of each server's healthcheck, and what cannot be changed."""
    rewritten: list[tuple[Healthcheck, Rewritten]] = []
    faulty = broken(context)
    repaired = faulty if context.policy.repair else {}
    for each in faulty.values():
        yield _repair(context, each, repaired) if repaired else each.offer
    for service in context.services:
        needs = context.needs.get(service.name)
        if service.name not in context.servers or (needs and needs.healthcheck_stays):
            continue
        effective = None if service.name in repaired else context.healthchecks.get(service.name)
        for found in (*([effective] if effective else []), *overridden(service)):
            outcome = knowledge.rewrite(found.test, endpoint(service), Trust.INSECURE)
            if isinstance(outcome, Rewritten) and not _needs_a_person(found.test, outcome):
                rewritten.append((found, outcome))
            else:
                yield from _declined(service, found, outcome)
        if service.healthcheck is None and service.name not in repaired:
            yield from _from_image(context, service)
    groups = _alike(rewritten)
    for found, outcome in rewritten:
        if outcome.edits:
            yield _propose(context, found, outcome, groups[id(deref(found.entry.value)), outcome.edits])


def _declined(service: Service, found: Healthcheck, outcome: knowledge.Outcome) -> Iterator[Declined]:
    """What a person has to change: the program is too much for an edit, or the address comes from elsewhere."""
    if isinstance(outcome, Rewritten):
        reason = _needs_a_person(found.test, outcome)
        yield Declined(ID, service.name, found.where, reason, _paste(found.test, outcome))
    elif isinstance(outcome, Refused):
        yield Declined(ID, service.name, found.where, outcome.reason, outcome.suggestion)
    elif asked := from_dotenv(service, found):
        reason = f"the address http://{asked[0].host}… that it asks comes from .env"
        yield Declined(ID, service.name, found.where, reason, "    write the address, with https://, in the test")


def _needs_a_person(test: Test, outcome: Rewritten) -> str:
    """Why a test is left to a person, though it is known how it would ask over HTTPS; empty when it is not.

    Adding a scheme, a flag or an argument is a change that can be read at a glance. A program that has to be taken
    apart, or an address that does not say that it is HTTP, is shown and not changed.
    """
    if any(isinstance(edit, TextEdit) and edit.start < edit.end for edit in outcome.edits):
        return f"the {outcome.program} program has to be rewritten, not only given another scheme"
    if outcome.edits and not any("http://" in word.lower() for word in test.words):
        return "the address is written without http://, so only a person can be sure what is meant"
    return ""


def _paste(test: Test, outcome: Rewritten) -> str:
    return f"    healthcheck:\n      test: {_flow(knowledge.apply(test, outcome.edits))}"


def _alike(rewritten: list[tuple[Healthcheck, Rewritten]]) -> dict[tuple[int, object], frozenset[str]]:
    """The services whose test is the same node and changes in the same way."""
    groups: dict[tuple[int, object], set[str]] = defaultdict(set)
    for found, outcome in rewritten:
        groups[id(deref(found.entry.value)), outcome.edits].add(found.service)
    return {key: frozenset(names) for key, names in groups.items()}


def _propose(context: Context, found: Healthcheck, outcome: Rewritten, wanting: frozenset[str]) -> Outcome:
    after = knowledge.apply(found.test, outcome.edits)
    change = _change(found.service, found.where, found.test, after, outcome.summary)
    target = deref(found.entry.value)
    try:
        words = [found.words[edit.word] for edit in outcome.edits if isinstance(edit, TextEdit)]
        context.check_entangled(words)
        if all(context.placement.may_edit(node, wanting) for node in (target, *words)):
            return Proposal(change, tuple(_in_place(found, outcome)))
        layer = found.layer
        value = _value(after)
        edit = context.placement.set_member(layer, "healthcheck", "test", value, frozenset({found.service}))
        return Proposal(change, (edit,))
    except NoPlaceError as error:
        return Declined(ID, found.service, found.where, str(error), _paste(found.test, outcome))


def _in_place(found: Healthcheck, outcome: Rewritten) -> Iterator[FileEdit]:
    source = found.layer.source
    target = deref(found.entry.value)
    for rank, edit in enumerate(outcome.edits):
        if isinstance(edit, TextEdit):
            yield source, SetText(found.words[edit.word], edit.start, edit.end, edit.text)
        else:
            assert isinstance(target, Sequence)  # noqa: S101 - a text has one word, into which nothing is inserted
            yield source, InsertItem(target, found.first + edit.before, edit.text, rank)


def _from_image(context: Context, service: Service) -> Iterator[Outcome]:
    """Override the image's healthcheck where it asks the server over HTTP."""
    try:
        stage = None if service.healthcheck_disabled else context.images.stage(service)
    except TlsError as error:
        text = f"its image's healthcheck is not known: {error.message}"
        yield Note("warning", text, service.name, error.where)
        return
    if stage is None:
        return
    from aicos_tls.sources.dockerfile import healthcheck as image_healthcheck

    found = image_healthcheck(stage)
    if found is None:
        return
    test, instruction = found
    outcome = knowledge.rewrite(test, endpoint(service), Trust.INSECURE)
    where = stage.where(instruction)
    if isinstance(outcome, Refused):
        yield Declined(ID, service.name, where, f"the image's healthcheck: {outcome.reason}", outcome.suggestion)
    if not isinstance(outcome, Rewritten) or not outcome.edits:
        return
    after = knowledge.apply(test, outcome.edits)
    try:
        alone = frozenset({service.name})
        edit = context.placement.set_member(_layer(service), "healthcheck", "test", _shown(after), alone)
    except NoPlaceError as error:
        yield Declined(ID, service.name, where, str(error), _paste(test, outcome))
        return
    summary = f"overrides the HEALTHCHECK of {where}: {outcome.summary}"
    yield Proposal(_change(service.name, where, test, after, summary), (edit,))


def _repair(context: Context, found: Broken, repaired: dict[str, Broken]) -> Outcome:
    """The test that can work, where the one that cannot is written, or else in the service's own healthcheck.

    Services that share it and get the same one share it from then on as well.
    """
    service, repair = context.project.services[found.service], found.repair
    change = _change(found.service, found.where, repair.before, repair.after, found.why)
    wanting = frozenset(name for name, each in repaired.items() if each.repair.after == repair.after)
    written = context.healthchecks.get(found.service)
    layers = [*([written.layer] if written else []), _layer(service)]
    problem, paste = "", f"    healthcheck:\n      test: {_flow(repair.after)}"
    for layer in dict.fromkeys(layers):
        try:
            value = _like(written, repair.after)
            edit = context.placement.set_member(layer, "healthcheck", "test", value, wanting)
            return Proposal(change, (edit,), paste)
        except NoPlaceError as error:
            problem = problem or str(error)
    return Declined(ID, found.service, found.where, problem, paste)


def _layer(service: Service) -> Layer:
    """The own layer that gets a test of its own: the first one with a healthcheck, so that its parts stay together."""
    return next((layer for layer in service.own_layers if "healthcheck" in layer.entries), service.first)


def _change(service: str, where: Where, before: Test, after: Test, why: str) -> Change:
    path = f"services.{service}.healthcheck.test"
    return Change(ID, service, where, path, " ".join(before.words), " ".join(after.words), why)


def _value(test: Test) -> Value:
    return Items((test.form.value, *test.words))


def _like(written: Healthcheck | None, test: Test) -> Value:
    """A test whose words have the quotes that the program has in the one in whose place it comes."""
    first = written.words[0] if written and written.first else None
    if first is None or first.style not in ("'", '"'):
        return _value(test)
    return Items(tuple(Copy(first, word) for word in (test.form.value, *test.words)))


def _shown(test: Test) -> Value:
    """A test as it is written for the first time: shell text as a text, which compose reads as `CMD-SHELL`."""
    return test.words[0] if test.form is Form.SHELL else _value(test)


def _flow(test: Test) -> str:
    quoted = ", ".join(
        '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in (test.form.value, *test.words)
    )
    return f"[{quoted}]"
