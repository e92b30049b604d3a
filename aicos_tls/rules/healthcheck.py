"""Lets a server's healthcheck ask over HTTPS, in whatever program it is written.

    test: ["CMD", "curl", "-f", "http://localhost:8001/health"]
    test: ["CMD", "curl", "-f", "--insecure", "https://localhost:8001/health"]

Only the service's own address is changed, never another host's. curl gets `--insecure`, wget `--no-check-certificate`,
one-liners in Node, Python and other languages their own way. Where only the Dockerfile has an HTTP healthcheck and the
service becomes a TLS server, a `healthcheck.test` in the compose file overrides it. A test that cannot be changed
safely is left alone and reported with the lines to paste. Guide, phase 5.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import healthchecks as knowledge
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import read
from aicos_tls.healthchecks import Refused, Rewritten, Test, TextEdit, Trust
from aicos_tls.plan.checks import Healthcheck, endpoint
from aicos_tls.plan.model import Change, Declined, FileEdit, Note, Outcome, Proposal
from aicos_tls.rules.placement import NoPlaceError
from aicos_tls.sources.build import build_of
from aicos_tls.sources.dockerfile import healthcheck as image_healthcheck
from aicos_tls.sources.dockerfile import parse
from aicos_tls.yamledit.edits import InsertItem, Items, SetText, Value
from aicos_tls.yamledit.nodes import Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Service
    from aicos_tls.rules.context import Context

ID = "healthcheck"


def check(context: Context) -> Iterator[Outcome]:
    """Yield the change of each server's healthcheck, and what cannot be changed."""
    rewritten: dict[str, tuple[Healthcheck, Rewritten]] = {}
    overridden: dict[str, _Override] = {}
    for service in context.services:
        found = context.healthchecks.get(service.name)
        if service.name in context.servers:
            outcome = _of_service(context, service, found)
            if isinstance(outcome, Declined | Note):
                yield outcome
            elif isinstance(outcome, _Override):
                overridden[service.name] = outcome
            elif outcome is not None and found is not None:
                rewritten[service.name] = (found, outcome)
        yield from _others(context, service)
    alike = _alike(rewritten)
    for name, (found, outcome) in rewritten.items():
        if outcome.edits:
            yield _propose(context, found, outcome, alike[name])
    for name, override in overridden.items():
        alike_here = frozenset(other for other, o in overridden.items() if o.after == override.after)
        yield _override(context, context.project.services[name], override, alike_here)


def _of_service(
    context: Context, service: Service, found: Healthcheck | None
) -> Rewritten | _Override | Declined | Note | None:
    """What becomes of the healthcheck of one server; None when there is nothing to do."""
    if found is None:
        stated = service.healthcheck is not None or service.has_no_healthcheck
        return None if stated else _from_image(context, service)
    outcome = knowledge.rewrite(found.test, endpoint(service), Trust.INSECURE)
    if isinstance(outcome, Rewritten):
        reason = _needs_a_person(found.test, outcome)
        return Declined(ID, service.name, found.where, reason, _paste(found.test, outcome)) if reason else outcome
    if isinstance(outcome, Refused):
        return Declined(ID, service.name, found.where, outcome.reason, outcome.suggestion)
    return None


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


def _alike(rewritten: dict[str, tuple[Healthcheck, Rewritten]]) -> dict[str, frozenset[str]]:
    """For each service, those whose test is the same node and changes in the same way."""
    groups: dict[tuple[int, object], set[str]] = defaultdict(set)
    for name, (found, outcome) in rewritten.items():
        groups[id(deref(found.entry.value)), outcome.edits].add(name)
    return {
        name: frozenset(groups[id(deref(found.entry.value)), outcome.edits])
        for name, (found, outcome) in rewritten.items()
    }


def _propose(context: Context, found: Healthcheck, outcome: Rewritten, wanting: frozenset[str]) -> Outcome:
    after = knowledge.apply(found.test, outcome.edits)
    change = _change(found.service, found.where, found.test, after, outcome.summary)
    target = deref(found.entry.value)
    try:
        if context.placement.may_edit(target, wanting):
            return Proposal(change, tuple(_in_place(found, outcome)), _paste(found.test, outcome))
        owner = context.project.services[found.service]
        layer = context.placement.layer(owner, "healthcheck") if found.layer.extended else found.layer
        value = _value(after)
        edit = context.placement.set_member(layer, "healthcheck", "test", value, frozenset({found.service}))
        return Proposal(change, (edit,), _paste(found.test, outcome))
    except NoPlaceError as error:
        return Declined(ID, found.service, found.where, str(error), _paste(found.test, outcome))


def _in_place(found: Healthcheck, outcome: Rewritten) -> Iterator[FileEdit]:
    source = found.layer.source
    target = deref(found.entry.value)
    for rank, edit in enumerate(outcome.edits):
        if isinstance(edit, TextEdit):
            yield source, SetText(found.words[edit.word], edit.start, edit.end, edit.text)
        elif isinstance(target, Sequence):
            yield source, InsertItem(target, found.first + edit.before, edit.text, rank)


class _Override(Struct, frozen=True):
    """A healthcheck of an image, and the one that is to override it."""

    where: Where
    before: Test
    after: Test
    summary: str


def _from_image(context: Context, service: Service) -> _Override | Declined | Note | None:
    """What overrides the image's healthcheck, where it asks the server over HTTP."""
    build = build_of(service, context.project.directory)
    if build is None or build.problem:
        return None
    try:
        stage = parse(read(build.dockerfile), build.target, build.args)
    except TlsError as error:
        where = error.where or Where(build.dockerfile)
        return Note("warning", f"its image's healthcheck is not known: {error.message}", service.name, where)
    found = image_healthcheck(stage)
    if found is None:
        return None
    test, instruction = found
    outcome = knowledge.rewrite(test, endpoint(service), Trust.INSECURE)
    where = stage.where(instruction)
    if isinstance(outcome, Refused):
        return Declined(ID, service.name, where, f"the image's healthcheck: {outcome.reason}", outcome.suggestion)
    if not isinstance(outcome, Rewritten) or not outcome.edits:
        return None
    after = knowledge.apply(test, outcome.edits)
    return _Override(where, test, after, f"overrides the HEALTHCHECK of {where}: {outcome.summary}")


def _override(context: Context, service: Service, override: _Override, wanting: frozenset[str]) -> Outcome:
    value = _value(override.after)
    paste = f"    healthcheck:\n      test: {_flow(override.after)}"
    try:
        layer = context.placement.layer(service, "healthcheck")
        edit = context.placement.set_member(layer, "healthcheck", "test", value, wanting)
    except NoPlaceError as error:
        return Declined(ID, service.name, override.where, str(error), paste)
    change = _change(service.name, override.where, override.before, override.after, override.summary)
    return Proposal(change, (edit,), paste)


def _others(context: Context, service: Service) -> Iterator[Outcome]:
    """Report URLs of servers that stand in another service's healthcheck: they are never changed here."""
    found = context.healthchecks.get(service.name)
    if found is None:
        return
    for url in knowledge.other_hosts(found.test, endpoint(service)):
        host = url.split("://")[-1].split("/")[0].split(":")[0].lower()
        server = next((s for s in context.servers if host in context.project.services[s].names), None)
        if server and url.lower().startswith("http://"):
            text = f"its healthcheck asks {url}: {server} speaks TLS now, change it by hand"
            yield Note("todo", text, service.name, found.where)


def _change(service: str, where: Where, before: Test, after: Test, why: str) -> Change:
    path = f"services.{service}.healthcheck.test"
    return Change(ID, service, where, path, " ".join(before.words), " ".join(after.words), why)


def _value(test: Test) -> Value:
    return Items((test.form.value, *test.words))


def _flow(test: Test) -> str:
    quoted = ", ".join(
        '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in (test.form.value, *test.words)
    )
    return f"[{quoted}]"
