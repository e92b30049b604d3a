"""What the sources say: each server can serve TLS, with the certificates that are issued, and asks nobody in plain.

A server can when its code does (`sources.status`), or when something names its key: its configuration, a variable, or
its command. Which of the two happens when the container starts, `verify` sees.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from aicos_tls.compose.resolve import text_of, texts_of
from aicos_tls.compose.urls import find, host_name
from aicos_tls.doctor.model import Finding
from aicos_tls.errors import TlsError
from aicos_tls.files import read as read_file
from aicos_tls.plan.references import kind_of_host
from aicos_tls.serving.addresses import asks_in_plain
from aicos_tls.sources.configurations import KINDS
from aicos_tls.sources.dockerlines import read
from aicos_tls.sources.references import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Service
    from aicos_tls.doctor.facts import Facts
    from aicos_tls.sources.references import SourceReference
    from aicos_tls.sources.status import ServiceStatus

_SERVES = frozenset({"CODE", "SET", "NOT_A_SERVER"})
"""Names of the ways (`sources`) by which nothing has to be done."""

_NOTHING = frozenset({Verdict.DOCUMENTATION, Verdict.BROWSER, Verdict.FOLLOWS})
"""What needs nothing to be done."""

_ASIDE = ("a test", "an example", "the configuration of a tool")
"""How `sources.references` begins its reason for what runs outside of the containers."""


def check(facts: Facts) -> Iterator[Finding]:
    """Yield what is wrong in the sources of the services in scope."""
    for status in facts.status.services:
        service = facts.project.services[status.service]
        served = status.service in facts.served or status.way.name in _SERVES
        if not served and not _names_its_key(status, service):
            where = (status.start.where if status.start else None) or service.where
            text = f"nothing makes it serve TLS: {status.way.value}: {status.way_words}"
            yield Finding("no-tls-code", text, _serve(facts, status), where, status.service)
        for wrong in (each for each in status.wrong_certificates if not _is_fragment(each.name)):
            text = f"its code reads {wrong.name}, which nobody issues"
            todo = f"read {status.short_name}-cert.pem and {status.short_name}-key.pem"
            yield Finding("code-certificates", text, todo, wrong.where, status.service)
    yield from _references(facts)


def _is_fragment(name: str) -> bool:
    """Whether it is only the end of a name, which is put together at run time: `"-key.pem"`."""
    return name.startswith(("-", "_", ".")) and "/" not in name


def _names_its_key(status: ServiceStatus, service: Service) -> bool:
    """Whether configuration, variables or the command name the key that was issued for the service."""
    name = f"{status.short_name}-key.pem"
    variables = (variable.value or "" for variable in service.environment.values())
    files = (value for file in service.env_files for value in file.values.values())
    commands = (text for key in ("command", "entrypoint") for text in _words(service, key))
    started = status.start.words if status.start else ()
    in_code = any(found.issued and found.name.endswith("key.pem") for found in status.certificates)
    return in_code or any(name in text for text in (*variables, *files, *commands, *started))


def _words(service: Service, attribute: str) -> list[str]:
    found = service.attribute(attribute)
    if found is None:
        return []
    text = text_of(found[1].value)
    return [text] if text is not None else texts_of(found[1].value)


def _serve(facts: Facts, status: ServiceStatus) -> str:
    files = f"{facts.plan.policy.mount_path}/{status.short_name}"
    if status.way.name == "NONE":
        return f"let its program read {files}-cert.pem and {files}-key.pem"
    return f"aicos-tls code apply {status.service}"


def _references(facts: Facts) -> Iterator[Finding]:
    """Plain addresses of servers in the files of the project; those of compose files are looked at elsewhere."""
    project = facts.project
    env_files = [env for service in project.services.values() for env in service.env_files]
    paths = [*(source.path for source in project.files), *(env.file.path for env in env_files)]
    known = {os.path.realpath(path) for path in (*paths, project.directory / ".env")}
    owners = _owners(facts)
    for reference in facts.status.references:
        path = os.path.realpath(reference.where.path)
        if path not in known and reference.text.startswith(("http://", "ws://")):
            yield from _reference(facts, reference, owners.get(path, ""))


def _owners(facts: Facts) -> dict[str, str]:
    """For each file that changes, the service whose code it is."""
    found: dict[str, str] = {}
    for status in facts.status.services:
        for result in status.changes.results:
            found.setdefault(os.path.realpath(result.file.path), status.service)
    return found


def _reference(facts: Facts, reference: SourceReference, owner: str) -> Iterator[Finding]:
    if reference.verdict in _NOTHING or _is_overridden(facts, reference):
        return
    if reference.verdict is Verdict.LOOK and _is_fallback(reference):
        return
    if owner in facts.uncoded and reference.verdict is Verdict.CODE:
        service = facts.project.services[owner]
        copied = any(f"/runtime/{kind.folder}/" in m.source for m in service.mounts for kind in KINDS)
        if not asks_in_plain(reference, service, copied=copied):
            return
    aside = reference.why.startswith(_ASIDE)
    if reference.verdict is Verdict.CODE:
        text = f"{reference.text} is still plain HTTP"
        todo = f"aicos-tls code apply {owner}".rstrip()
        yield Finding("http-url", text, todo, reference.where, owner)
    elif aside:
        text = f"{reference.text} leads to {reference.target}, which serves TLS: {reference.why}"
        todo = "write https:// if it is asked, and let it accept ca-cert.pem"
        yield Finding("http-look", text, todo, reference.where, owner)
    elif not _is_of_the_machine(reference):  # in a log line, or completed elsewhere: no code change covers it
        text = f"{reference.text} is still plain HTTP ({reference.why})"
        yield Finding("http-url", text, "write https:// where TLS_ENABLED is true", reference.where, owner)


def _is_of_the_machine(reference: SourceReference) -> bool:
    """Whether the host is the container or the machine itself, or a variable."""
    return all(kind_of_host(host_name(url.host)) is not None for url in find(reference.text))


def _is_fallback(reference: SourceReference) -> bool:
    """Whether the code has the https:// address too, or the helper makes it: this one is for TLS_ENABLED=false."""
    try:
        text = read_file(reference.where.path).text
    except TlsError:
        return False
    line = text.split("\n")[reference.where.line - 1]
    scheme, _, rest = reference.text.partition("://")
    return f"{scheme}s://{rest}" in text or f"tls.url('{scheme}" in line or f'tls.url("{scheme}' in line


def _is_overridden(facts: Facts, reference: SourceReference) -> bool:
    """Whether it is in a HEALTHCHECK of a Dockerfile: which healthcheck counts is looked at elsewhere."""
    line = reference.where.line
    return any(
        file.where(instruction.offsets[0]).line <= line <= file.where(instruction.offsets[-1]).line
        for file in (stage.file for stage in facts.stages.values() if stage.file.path == reference.where.path)
        for instruction in read(file.text)
        if instruction.name == "HEALTHCHECK" and instruction.offsets
    )
