"""Healthchecks of servers: that they ask https://, accept the certificate, and find their program in the image."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import healthchecks as knowledge
from aicos_tls.doctor.model import Finding
from aicos_tls.healthchecks import Form, Refused, Rewritten, Trust
from aicos_tls.healthchecks.shell import SHELLS
from aicos_tls.healthchecks.wrappers import program
from aicos_tls.plan.checks import endpoint
from aicos_tls.sources import images
from aicos_tls.sources.dockerfile import image_healthcheck

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Service
    from aicos_tls.doctor.facts import Facts
    from aicos_tls.errors import Where
    from aicos_tls.healthchecks import Test
    from aicos_tls.sources.dockerfile import Stage

_ADDRESS = re.compile(r"https?://[^\s\"'`|;)<>]+")


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
    lacking = images.lacks(image)
    if lacking is images.EVERYTHING:
        named = _without_shell(found.test, programs, stage)
    else:
        named = [name for name in programs if name in lacking and not _installed(name, stage)]
    for name in named[:1]:
        text = f"the image {image} has no {name}, so the healthcheck never succeeds"
        yield Finding("healthcheck-program", text, _instead(found.test, name, image), found.where, service.name)
    if not named and "wget" in programs and images.old_busybox(image):
        text = f"the wget of {image} cannot talk to TLS 1.3 servers"
        yield Finding("healthcheck-program", text, "take busybox:1.36 or later", found.where, service.name)


def _without_shell(test: Test, programs: list[str], stage: Stage | None) -> list[str]:
    """What an image lacks that has no shell: the shell itself, or a program that nothing copies in."""
    if test.form is Form.SHELL or program(test.words[0]) in SHELLS:
        return ["shell"]
    return [name for name in programs if name in ("curl", "wget") and not _installed(name, stage)]


def _installed(name: str, stage: Stage | None) -> bool:
    """Whether the Dockerfile brings a program along, or uses it, so that it must be there."""
    word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    instructions = stage.instructions if stage else ()
    return any(i.name in ("RUN", "COPY", "ADD") and word.search(i.value) for i in instructions)


def _instead(test: Test, missing: str, image: str) -> str:
    """What to do about a missing program: install it, or ask with what the image has."""
    match = _ADDRESS.search(" ".join(test.words))
    address = (match[0] if match else "https://localhost").replace("http://", "https://", 1)
    name = image.rpartition("/")[2]
    if name.startswith("node"):
        return f"write test: {written(_exec('node', '-e', _NODE.format(address=address)))}"
    if name.startswith("python"):
        return f"write test: {written(_exec('python', '-c', _PYTHON.format(address=address)))}"
    if images.is_alpine(image) or name.startswith("busybox"):
        return f"write test: {written(_exec('wget', '-q', '--no-check-certificate', '--spider', address))}"
    if images.lacks(image) is images.EVERYTHING:
        return 'let the program itself ask (a subcommand for it), in the form ["CMD", …], or leave the test out'
    install = f"RUN apt-get update && apt-get install -y --no-install-recommends {missing}"
    return f"add to the Dockerfile: {install}"


_NODE = (
    "require('https').get('{address}',{{rejectUnauthorized:false}},r=>process.exit(r.statusCode<400?0:1))"
    ".on('error',()=>process.exit(1))"
)
_PYTHON = "import ssl,urllib.request as r;r.urlopen('{address}',context=ssl._create_unverified_context(),timeout=5)"


def _exec(*words: str) -> Test:
    return knowledge.Test(Form.EXEC, words)
