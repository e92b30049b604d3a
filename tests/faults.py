"""Makes the program die, or the disk fail, at a chosen system call."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CALLS = (
    "open",
    "write",
    "fsync",
    "replace",
    "link",
    "unlink",
    "mkdir",
    "rmdir",
    "chmod",
    "fchmod",
    "fchown",
    "symlink",
)
NEED_SPACE = ("open", "write", "link", "mkdir")


class Faults:
    """Stands between the program and `os`: counts the calls that change something, and lets chosen ones go wrong."""

    def __init__(self, act: Callable[[str, Callable[..., Any], tuple[Any, ...]], None]) -> None:
        self.count = 0
        self.act = act

    def wrap(self, name: str) -> Callable[..., object]:
        real = getattr(os, name)

        def call(*args: Any, **kwargs: Any) -> object:
            if name != "open" or args[1] & os.O_CREAT:
                self.count += 1
                self.act(name, real, args)
            # Flushing takes most of the time and can only be seen to matter when the power fails.
            return os.fstat(args[0]) if name == "fsync" else real(*args, **kwargs)

        return call

    @contextmanager
    def installed(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in CALLS:
                patch.setattr(os, name, self.wrap(name))
            yield


def die_at(k: int) -> Faults:
    def act(name: str, real: Callable[..., Any], args: tuple[Any, ...]) -> None:
        if faults.count == k:
            if name == "write":
                real(args[0], bytes(args[1])[: len(args[1]) // 2])
            os._exit(77)

    faults = Faults(act)
    return faults


def fail_at(k: int, error: BaseException, *, names: tuple[str, ...] = CALLS, onwards: bool = False) -> Faults:
    def act(name: str, _real: Callable[..., Any], _args: tuple[Any, ...]) -> None:
        if name in names and (faults.count == k or (onwards and faults.count > k)):
            raise error

    faults = Faults(act)
    return faults


def in_child(work: Callable[[], None]) -> int:
    """Exit code of `work` in a process of its own; 77 is a death that was ordered."""
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def with_faults(faults: Faults, work: Callable[[], None]) -> Callable[[], None]:
    def both() -> None:
        with faults.installed():
            work()

    return both
