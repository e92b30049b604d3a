"""Addresses of servers that are still plain HTTP in what docker compose reads: compose files, `.env`, `env_file`s.

Only what counts in the end is a finding: an address that a later file or an override replaces is none.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls import healthchecks as knowledge
from aicos_tls.compose.dotenv import EnvFile
from aicos_tls.compose.resolve import text_of
from aicos_tls.compose.urls import DEFAULT_PORT, PLAIN, find
from aicos_tls.doctor.facts import expanded
from aicos_tls.doctor.model import Finding
from aicos_tls.plan.checks import endpoint
from aicos_tls.plan.published import published_ports
from aicos_tls.plan.references import REWRITABLE, Directory, Kind, resolved_host
from aicos_tls.proof.merged import Readers
from aicos_tls.rules.urls import after

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Project
    from aicos_tls.compose.sites import Site
    from aicos_tls.doctor.facts import Facts
    from aicos_tls.plan.references import Reference
    from aicos_tls.proof.plain import Plain


def check(facts: Facts) -> Iterator[Finding]:
    """Yield the plain addresses of servers, and those of the machine that lead to one."""
    effective = _Effective(facts)
    published = published_ports(facts.project)
    for reference in facts.references:
        if reference.url.plain and effective.counts(reference.site):
            yield from _address(facts, reference, published)
    yield from _schemes(facts)
    yield from _healthchecks_of_others(facts)


def _address(facts: Facts, reference: Reference, published: dict[int, str]) -> Iterator[Finding]:
    name, service = reference.site.variable or reference.site.name, reference.site.service or ""
    if reference.kind in REWRITABLE and reference.target in facts.servers:
        text = f"{name}: {reference.text} is still plain HTTP"
        yield Finding("http-url", text, f"write {after(reference)}", reference.where, service)
    elif reference.kind in (Kind.LOOPBACK, Kind.HOST):
        port = budgets.number(reference.url.port or str(DEFAULT_PORT))
        target = published.get(port) if port is not None else None
        if target in facts.servers:
            text = f"{name}: {reference.text} leads to the published port of {target}, which serves TLS"
            yield Finding("http-by-host", text, f"write {after(reference)} if it is asked", reference.where, service)


def _schemes(facts: Facts) -> Iterator[Finding]:
    for found in facts.schemes:
        if found.target in facts.servers and found.setting.value.lower() in PLAIN:
            value = found.setting.value
            text = f"{found.setting.key} is {value}, and {found.target}, which {found.host_key} names, serves TLS"
            yield Finding("http-url", text, f"write {value}s", found.setting.where, found.service)


def _healthchecks_of_others(facts: Facts) -> Iterator[Finding]:
    """Servers that another service's healthcheck asks."""
    directory = Directory(facts.project)
    values = facts.project.dotenv.values if facts.project.dotenv else {}
    for name, test in facts.healthchecks.items():
        for address in knowledge.other_hosts(test.test, endpoint(facts.project.services[name])):
            for url in find(address, values):
                target, reachable = directory.look_up(name, resolved_host(url, values) or "")
                if url.plain and target and reachable and target.name in facts.servers:
                    text = f"its healthcheck asks {address}, and {target.name} serves TLS"
                    yield Finding("http-url", text, "write https:// there, and accept the CA", test.where, name)


class _Effective:
    """Whether a text is still there once compose has merged everything."""

    def __init__(self, facts: Facts) -> None:
        readers = Readers(facts.project)
        self._services = facts.project.services
        self._merged = cache(lambda name: frozenset(_texts(readers.service(self._services[name]))))
        self._contents = dict(_contents(facts.project))

    def counts(self, site: Site) -> bool:
        if isinstance(site.source, EnvFile):
            return any(self._brings(site, name) for name in site.variables)
        if any(part.startswith("x-") for part in site.path[:3]):
            return False  # no container reads it; what takes its text from there is looked at itself
        if site.service is None:
            return self._contents.get(site.path[:2]) == site.text
        if site.path[2] == "environment":
            found = self._services[site.service].environment.get(site.variable)
            return found is not None and found.node is site.node
        merged = self._merged(site.service)
        return site.text in merged or f"{site.variable}={site.text}" in merged

    def _brings(self, site: Site, name: str) -> bool:
        """Whether a line of an env file ends up in the variable `name` of a container, or in another text."""
        key = site.path[-1]
        if site.service is None:
            return any("$" in text and key in text for text in self._contents.values())
        if not name:
            return any("$" in text and key in text for text in self._merged(site.service))
        service = self._services[site.service]
        found = service.environment.get(name)
        if found is None or found.value is None:
            return True  # an `env_file`, or a line that is passed on
        return "$" in found.value and expanded(service, site.text) in expanded(service, found.value)


def _contents(project: Project) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the inline contents of top-level configs and secrets; a later file replaces what an earlier one says."""
    for source in project.files:
        for root, kind in ((root, kind) for root in source.roots for kind in ("configs", "secrets")):
            if entry := source.resolver.entries(root).get(kind):
                for name, parts in source.resolver.mapping(entry.value).items():
                    content = source.resolver.mapping(parts.value).get("content")
                    if content and (text := text_of(content.value)) is not None:
                        yield (kind, name), text


def _texts(value: Plain) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
