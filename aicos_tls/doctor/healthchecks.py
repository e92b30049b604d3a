"""Healthchecks of servers: that they ask https://, accept the certificate, and find their program in the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import healthchecks as knowledge
from aicos_tls.doctor.model import Finding
from aicos_tls.healthchecks import Form, Refused, Rewritten, Trust
from aicos_tls.healthchecks.instead import instead
from aicos_tls.healthchecks.question import Question
from aicos_tls.healthchecks.shell import SHELLS
from aicos_tls.healthchecks.wrappers import program
from aicos_tls.plan.checks import endpoint
from aicos_tls.sources import images
from aicos_tls.sources.dockerfile import image_healthcheck
from aicos_tls.sources.missing import surely_missing
from aicos_tls.sources.repairs import repair_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Service
    from aicos_tls.doctor.facts import Facts
    from aicos_tls.errors import Where
    from aicos_tls.healthchecks import Test
    from aicos_tls.sources.dockerfile import Stage


class _Healthcheck(Struct, frozen=True):
    test: Test
    where: Where


def check(facts: Facts) -> Iterator[Finding]:
    """Yield what is wrong with the healthcheck of each server that has one, wherever it is written."""
    for service in facts.services:
        found = _healthcheck(facts, service) if service.name in facts.servers else None
        if found is not None:
            choice = facts.served.get(service.name)
            if choice is None or not choice.option.needs.healthcheck_stays:
                yield from _asks(service, found)
            yield from _program(facts, service, found)


def _healthcheck(facts: Facts, service: Service) -> _Healthcheck | None:
    """The healthcheck that counts: the compose file's, else the image's."""
    if found := facts.healthchecks.get(service.name):
        return _Healthcheck(found.test, found.where)
    stage = facts.stages.get(service.name)
    if service.healthcheck is not None or service.healthcheck_disabled or stage is None:
        return None
    of_image = image_healthcheck(stage)
    return _Healthcheck(of_image.test, stage.where(of_image.instruction)) if of_image else None


def _asks(service: Service, found: _Healthcheck) -> Iterator[Finding]:
    own = endpoint(service)
    outcome = knowledge.rewrite(found.test, own, Trust.INSECURE)
    plain = knowledge.asks_http(found.test, own)
    if isinstance(outcome, Refused) and plain:
        text = f"the healthcheck asks http://: {outcome.reason}"
        yield Finding("healthcheck-http", text, outcome.suggestion, found.where, service.name)
    if not isinstance(outcome, Rewritten) or not outcome.edits:
        return
    todo = f"write test: {written(knowledge.apply(found.test, outcome.edits))}"
    if plain:
        yield Finding("healthcheck-http", "the healthcheck asks http://", todo, found.where, service.name)
    else:
        text = f"{outcome.program} in the healthcheck does not accept the project's certificates"
        yield Finding("healthcheck-flag", text, todo, found.where, service.name)


def written(test: Test) -> str:
    """A test as a compose file has it, in one line."""
    words = (test.form.value, *test.words)
    return "[" + ", ".join('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words) + "]"


def _program(facts: Facts, service: Service, found: _Healthcheck) -> Iterator[Finding]:
    outcome = knowledge.rewrite(found.test, endpoint(service), Trust.INSECURE)
    image, stage = facts.image(service), facts.stages.get(service.name)
    if not isinstance(outcome, Rewritten) or not image:
        return
    programs = outcome.program.split(", ")
    if images.lacks(image) is images.EVERYTHING:
        missing = _without_shell(found.test, programs, image, stage, service)
    else:
        missing = [name for name in programs if surely_missing(name, image, stage, service)]
    if missing:
        choice = facts.served.get(service.name)
        secure = choice is None or not choice.option.needs.healthcheck_stays
        text = f"the image {image} has no {missing[0]}, so the healthcheck never succeeds"
        if repair := repair_of(found.test, service, image, stage, secure=secure):
            todo = f"aicos-tls enable --repair, or write test: {written(repair.after)}"
        else:
            todo = _instead(found.test, service, missing[0], image, secure=secure)
        yield Finding("healthcheck-program", text, todo, found.where, service.name)
    elif "wget" in programs and images.old_busybox(image):
        text = f"the wget of {image} cannot talk to TLS 1.3 servers"
        yield Finding("healthcheck-program", text, "take busybox:1.36 or later", found.where, service.name)


def _without_shell(test: Test, programs: list[str], image: str, stage: Stage | None, service: Service) -> list[str]:
    """What an image lacks that has no shell: the shell itself, or a program that nothing copies in."""
    if test.form is Form.SHELL or program(test.words[0]) in SHELLS:
        return ["shell"]
    return [name for name in programs if name in ("curl", "wget") and surely_missing(name, image, stage, service)]


def _instead(test: Test, service: Service, missing: str, image: str, *, secure: bool) -> str:
    """What to do about a missing program where the test is not simple: ask in another way, or install it."""
    asked = next(iter(knowledge.asks_itself(test, endpoint(service))), None)
    if asked and asked.port:
        other = instead(Question(missing, str(asked.port), asked.path), images.askers(image), secure=secure)
        if other:
            return f"write test: {written(other)}"
    if images.lacks(image) is images.EVERYTHING:
        return 'let the program itself ask (a subcommand for it), in the form ["CMD", …], or leave the test out'
    install = f"RUN apt-get update && apt-get install -y --no-install-recommends {missing}"
    return f"add to the Dockerfile: {install}"
