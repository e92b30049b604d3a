"""What is fuzzed: one module for each reader, with `check`, `TOKENS` and `seeds`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAMES = (
    "compose_loader",
    "compose_styles",
    "dockerfile",
    "dotenv",
    "editor",
    "enabling",
    "healthcheck",
    "ignores",
    "journal",
    "nginx",
    "record",
)


class Target(Protocol):
    """A harness."""

    TOKENS: Iterable[str]
    """Pieces of the language, from which a fuzzer puts texts together."""

    def check(self, data: bytes, /) -> None:
        """Hold one input to the laws of the reader; raises for one that breaks them."""

    def seeds(self) -> Iterator[bytes]:
        """Yield inputs to start from."""


def target(name: str) -> Target:
    """The harness of that name."""
    return cast("Target", import_module(f"fuzz.{name}"))
