"""Which values of `.env` a service gets, and as what: interpolated (`${NAME}`) or passed through without a value.

A value may itself refer to others (`API_URL=http://${API_HOST}:8001`): then those are used where it is.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias

from aicos_tls.compose.entries import variables
from aicos_tls.compose.interpolation import names
from aicos_tls.compose.resolve import text_of
from aicos_tls.yamledit.nodes import Node, Scalar, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.dotenv import EnvFile
    from aicos_tls.compose.model import ComposeFile, Layer, Project, Service

Uses: TypeAlias = "dict[str, frozenset[str]]"
"""By name in `.env`: the variables of the container that hold it, an empty text for any other place."""

Use: TypeAlias = "tuple[str, str]"
"""A name in `.env`, and the variable of the container, or an empty text."""


def uses(project: Project, dotenv: EnvFile) -> dict[str | None, Uses]:
    """What each service uses of `.env`; None stands for the contents of top-level configs and secrets."""
    found: dict[str | None, Uses] = {}
    for service in project.services.values():
        found[service.name] = _known(_of_service(service, dotenv), dotenv)
    found[None] = _known((use for source in project.files for use in _of_top_level(source)), dotenv)
    return found


def _known(listed: Iterator[Use], dotenv: EnvFile) -> Uses:
    """Put uses together by name, those by way of other values too; names that `.env` does not have are left out."""
    found: dict[str, set[str]] = defaultdict(set)
    pending = [(name, use) for name, use in listed if name in dotenv.bindings]
    while pending:
        name, use = pending.pop()
        if use in found[name]:
            continue
        found[name].add(use)
        binding = dotenv.bindings[name]
        if "$" in binding.value and not binding.literal:
            pending += [(inner, use) for inner in names(binding.value) if inner in dotenv.bindings]
    return {name: frozenset(found[name]) for name in found}


def _of_service(service: Service, dotenv: EnvFile) -> Iterator[Use]:
    if any(file is dotenv for file in service.env_files):  # `env_file: .env`
        yield from ((key, key) for key in dotenv.bindings)
    for layer in service.layers:
        for attribute, entry in layer.entries.items():
            if attribute == "environment":
                yield from _of_variables(layer, entry.value)
            elif attribute == "build":
                for name, part in layer.source.resolver.mapping(entry.value).items():
                    yield from _of_variables(layer, part.value) if name == "args" else _below(part.value)
            else:
                yield from _below(entry.value)


def _of_variables(layer: Layer, node: Node) -> Iterator[Use]:
    for variable in variables(layer, node):
        if variable.value is None:
            yield variable.key, variable.key
        elif "$" in variable.value:
            yield from ((name, variable.key) for name in names(variable.value))


def _of_top_level(source: ComposeFile) -> Iterator[Use]:
    for root in source.roots:
        for kind in ("configs", "secrets"):
            if entry := source.resolver.entries(root).get(kind):
                for each in source.resolver.mapping(entry.value).values():
                    parts = source.resolver.mapping(each.value)
                    if "content" in parts:
                        yield from _below(parts["content"].value)
                    if "environment" in parts and (name := text_of(parts["environment"].value)):
                        yield name, ""


def _below(node: Node) -> Iterator[Use]:
    """Yield the names in the scalars below a node, aliases followed."""
    pending = [node]
    while pending:
        target = deref(pending.pop())
        if isinstance(target, Scalar):
            if "$" in target.value:
                yield from ((name, "") for name in names(target.value))
        elif isinstance(target, Sequence):
            pending += target.items
        else:
            pending += [value for _, value in target.pairs]
