"""The override file as text: block style, two spaces, quotes where YAML needs them, commands on one line.

Written by the same functions that write every added line elsewhere: what YAML could misread is known in one place, and
no template engine or dumper has to be loaded for a few lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.proof.plain import Tagged
from aicos_tls.yamledit.edits import Items, Pairs
from aicos_tls.yamledit.manner import Manner
from aicos_tls.yamledit.render import flow_text, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aicos_tls.proof.plain import Plain
    from aicos_tls.yamledit.edits import Value

_MANNER = Manner()
_STEP = "  "
_NUMBERS = frozenset({"priority", "gw_priority"})
"""Attributes of networks that compose takes as numbers only (compose specification, "networks")."""
HEADER = """\
# TLS between the containers, to be merged over the compose files, which stay as they are:
#   docker compose {options} up -d
# or once for all, in .env or the environment: COMPOSE_FILE={listed}
# Written by aicos-tls; `aicos-tls enable --override` writes it anew, `aicos-tls rollback` removes it.
"""


def options(names: Sequence[str]) -> str:
    """The options of docker compose that merge these files."""
    return " ".join(f"-f {name}" for name in names)


def text(model: dict[str, Plain], names: Sequence[str]) -> str:
    """The file that holds `model`; `names` are the files to merge, this one last."""
    header = HEADER.format(options=options(names), listed=":".join(names))
    return header + "\n".join(_mapping(model, "")) + "\n"


def _mapping(value: dict[str, Plain], indent: str) -> Iterator[str]:
    for key, inner in value.items():
        head = f"{indent}{scalar(key, '', _MANNER, flow=True)}:"
        if isinstance(inner, dict):
            yield head
            yield from _mapping(inner, indent + _STEP)
        elif isinstance(inner, list) and key == "volumes":
            yield head
            yield from (f"{indent}{_STEP}- {_scalar(item)}" for item in inner)
        elif isinstance(inner, list):
            yield f"{head} " + flow_text(_value(inner), '"', _MANNER)
        elif isinstance(inner, str) and _fits_block(inner):
            yield f"{head} |" + ("" if inner.endswith("\n") else "-")
            yield from (f"{indent}{_STEP}{line}" if line else "" for line in inner.removesuffix("\n").split("\n"))
        else:
            yield f"{head} {inner if key in _NUMBERS else _scalar(inner)}"


def _value(value: Plain) -> Value:
    if isinstance(value, list):
        return Items(tuple(map(_value, value)))
    if isinstance(value, dict):
        return Pairs(tuple((key, _value(inner)) for key, inner in value.items()))
    return str(value)


def _scalar(value: Plain) -> str:
    if isinstance(value, Tagged):
        return f"{value.tag} null"
    return "null" if value is None else scalar(str(value), "", _MANNER, flow=False)


def _fits_block(value: str) -> bool:
    """Whether a text of several lines reads the same as a literal block scalar (YAML 1.2, 8.1)."""
    return (
        "\n" in value.removesuffix("\n")
        and value.replace("\n", "").isprintable()
        and not value.startswith((" ", "\n"))
        and not value.endswith("\n\n")
    )
