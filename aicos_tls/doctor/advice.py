"""What works and should be known: checks that are switched off, other CAs, names and ports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.compose.settings import setting
from aicos_tls.doctor.model import Finding
from aicos_tls.sources.ports import published

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Service
    from aicos_tls.doctor.facts import Facts
    from aicos_tls.errors import Where

_OWN_CA = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that add a CA (the first) or replace all that a client trusts (each tried)."""


def check(facts: Facts) -> Iterator[Finding]:
    """Yield the advice."""
    yield from _unverified(facts)
    for service in facts.services:
        yield from _other_ca(facts, service)
    yield from _underscores(facts)
    yield from _ports(facts)


def _unverified(facts: Facts) -> Iterator[Finding]:
    found = [(s.name, setting(s, "NODE_TLS_REJECT_UNAUTHORIZED")) for s in facts.services]
    off = [(name, each.where) for name, each in found if each is not None and each.value == "0"]
    if off:
        text = (
            f"NODE_TLS_REJECT_UNAUTHORIZED=0 in {_listed([name for name, _ in off])}: a Node process there accepts any "
            "certificate of anybody, on the internet too"
        )
        todo = "the guide asks for it; where the code loads ca-cert.pem it can be left out"
        yield Finding("node-verify-off", text, todo, off[0][1])


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} services"


def _other_ca(facts: Facts, service: Service) -> Iterator[Finding]:
    for key in _OWN_CA:
        own = setting(service, key)
        found = (own.value, own.shown, own.where) if own else _from_image(facts, service, key)
        if found and found[0] and not found[0].startswith(facts.plan.policy.mount_path):
            text = f"{key} is {found[1]}: a CA of your own, which does not vouch for the project's servers"
            todo = f"put {facts.plan.policy.mount_path}/ca-cert.pem and yours into one file, and name that"
            yield Finding("own-ca", text, todo, found[2], service.name)


def _from_image(facts: Facts, service: Service, key: str) -> tuple[str, str, Where] | None:
    """What ENV in the Dockerfile says."""
    stage = facts.stages.get(service.name)
    pattern = re.compile(rf"(?:^|\s){key}(?:=|\s+)[\"']?([^\s\"']+)")
    for instruction in reversed(stage.instructions if stage else ()):
        if instruction.name == "ENV" and stage and (match := pattern.search(instruction.value)):
            return match[1], match[1], stage.where(instruction)
    return None


def _underscores(facts: Facts) -> Iterator[Finding]:
    for name in facts.servers:
        service = facts.project.services[name]
        asked = facts.asked.get(name, {})
        if bad := [host for host in service.names if "_" in host and host.lower() in asked]:
            text = f"it is asked by the name {bad[0]}: Ruby, Tomcat and other strict readers of URLs refuse underscores"
            other = next((host for host in service.names if "_" not in host), bad[0].replace("_", "-"))
            yield Finding("name-underscore", text, f"ask {other}, as a network alias", asked[bad[0].lower()], name)


def _ports(facts: Facts) -> Iterator[Finding]:
    ports = {
        host: name for name in facts.servers for host, _ in published(facts.project.services[name]) if host is not None
    }
    if ports:
        listed = ", ".join(f"{port} ({name})" for port, name in ports.items())
        todo = f"from the machine: curl --cacert {facts.certs.name}/ca-cert.pem https://localhost:{next(iter(ports))}"
        first = facts.project.services[next(iter(ports.values()))]
        yield Finding("port-published", f"published ports that speak TLS: {listed}", todo, first.where)
