"""Frameworks that make their server themselves and take the certificate as an option: Fastify, NestJS, hapi.

Tried with Fastify 5, NestJS 11 and hapi 21: `null` as the option means plain HTTP for each of them. TypeScript's types
of NestJS want `undefined` instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.sources.node.kinds import Kind, maker
from aicos_tls.sources.node.objects import add_property
from aicos_tls.sources.node.syntax import TYPESCRIPT, arguments, bare, properties
from aicos_tls.sources.node.values import value_of
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

    from aicos_tls.sources.node.look import Look

_WHAT = "serve HTTPS when TLS_ENABLED is true"


def _fastify(node: Node, look: Look) -> None:
    _option(node, look, 0, f"https: {look.name}.serverOptions()", ("https", "http2", "serverFactory"))


def _hapi(node: Node, look: Look) -> None:
    given = arguments(node)
    if given and given[0].type == "object":
        port = properties(given[0], look.syntax).get("port")
        value = value_of(port, look.bindings) if port is not None else None
        ports = look.context.ports
        if value is not None and value.fixed and ports and value.text not in {str(number) for number in ports}:
            return
    _option(node, look, 0, f"tls: {look.name}.serverOptions()", ("tls", "listener"))


def _nest(node: Node, look: Look) -> None:
    typed = look.syntax.file.path.suffix.lower() in TYPESCRIPT
    option = f"httpsOptions: {look.name}.serverOptions(){' ?? undefined' if typed else ''}"
    given = arguments(node)
    at = 1
    if len(given) > 1 and given[1].type == "new_expression":
        made = maker(given[1], look.bindings)
        if made == ("@nestjs/platform-fastify", "FastifyAdapter"):
            _option(given[1], look, 0, f"https: {look.name}.serverOptions()", ("https", "http2", "serverFactory"))
            return
        at = 2
    if not given or (len(given) > at and given[at].type != "object"):
        look.decline(node, "the options of NestFactory.create are not written here", f"{{ {option} }}")
        return
    _option(node, look, at, option, ("httpsOptions",))


def _option(node: Node, look: Look, index: int, option: str, owned: tuple[str, ...]) -> None:
    """Put `option` into the object that is argument number `index`; `owned` are options that say it already."""
    given, syntax = arguments(node), look.syntax
    if len(given) <= index:
        arguments_node = node.child_by_field_name("arguments")
        if arguments_node is None:
            return
        at = syntax.end(given[-1]) if given else syntax.start(arguments_node) + 1
        look.change(_WHAT, node, Splice(at, at, (0,), f"{', ' if given else ''}{{ {option} }}"))
        return
    options = bare(given[index])
    if options.type == "object":
        _into_object(node, options, look, option, owned)
    elif options.type in {"identifier", "member_expression"}:
        at, end = syntax.start(options), syntax.end(options)
        look.change(_WHAT, node, Splice(at, at, (0,), "{ ..."), Splice(end, end, (0,), f", {option} }}"))
    else:
        look.decline(node, "the options of the server are not written here", f"{{ {option} }}")


def _into_object(node: Node, options: Node, look: Look, option: str, owned: tuple[str, ...]) -> None:
    known = properties(options, look.syntax)
    taken = next((name for name in owned if name in known), None)
    if taken is None:
        look.change(_WHAT, node, *add_property(options, option, look.syntax))
        return
    if not (taken in option and f"{look.name}.serverOptions" in look.syntax.source(known[taken])):
        look.decline(known[taken], f"the server has a {taken} option of its own", option)


FRAMEWORKS: dict[Kind, Callable[[Node, Look], None]] = {
    Kind.FASTIFY: _fastify,
    Kind.NEST: _nest,
    Kind.HAPI: _hapi,
}
