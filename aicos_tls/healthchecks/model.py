"""The values of this package: a healthcheck test, whom it may ask, how to trust, and what a rewrite came to.

Nothing here knows YAML. Every text is the value that the compose file holds after YAML and before compose's own
interpolation: `$$` still stands for `$` (compose spec, interpolation) and `${PORT}` is still a variable. All offsets
are characters, from 0, into such a value, so that the caller can splice them into the original text.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from msgspec import Struct, field


class Form(Enum):
    """How compose starts a test (compose spec, healthcheck)."""

    EXEC = "CMD"
    SHELL = "CMD-SHELL"


class Test(Struct, frozen=True):
    """A healthcheck's test without its leading keyword.

    `EXEC` has the program and its arguments. `SHELL` has one word of shell text; Docker hands further items to the
    shell as `$0`, `$1`, …, and they are never changed here.
    """

    __test__: ClassVar[bool] = False  # pytest would collect a class of this name

    form: Form
    words: tuple[str, ...]


class Endpoint(Struct, frozen=True):
    """What counts as the service itself, apart from the loopback names.

    `hosts`: its DNS names, any case. `port_known`: the container ports that will speak TLS; empty when not known, and
    then every port of its own counts. A port in a variable always counts.
    """

    hosts: frozenset[str] = frozenset()
    port_known: frozenset[int] = frozenset()


class Trust(Enum):
    """How far a healthcheck checks the certificate of the service it belongs to."""

    INSECURE = "insecure"
    CA = "ca"
    MUTUAL = "mutual"

    @property
    def verifies(self) -> bool:
        """Whether the server's certificate is checked."""
        return self is not Trust.INSECURE


class Wget(Enum):
    """Which wget an image holds; only GNU's can be given a CA (BusyBox 1.36, `wget --help`)."""

    UNKNOWN = "unknown"
    GNU = "gnu"
    BUSYBOX = "busybox"


class TrustPaths(Struct, frozen=True):
    """Files inside the container: `ca` for `Trust.CA`, all three for `Trust.MUTUAL`, none for `Trust.INSECURE`."""

    ca: str = ""
    cert: str = ""
    key: str = ""


class TextEdit(Struct, frozen=True, order=True):
    """Replace the characters `start` to `end` of the value of item `word` by `text`; an insertion has start == end."""

    word: int
    start: int
    end: int
    text: str


class InsertWord(Struct, frozen=True, order=True):
    """Put the new item `text` before item `before`; several for one place keep their order."""

    before: int
    text: str


Edit = TextEdit | InsertWord


class Ask(Struct, frozen=True):
    """One HTTP request to the service itself. `port` is None when a variable holds it; `path` may have a query."""

    port: int | None
    path: str
    host: str


class Rewritten(Struct, frozen=True):
    """The test can ask over HTTPS: with `edits`, or as it stands when there are none (it already does)."""

    edits: tuple[Edit, ...]
    program: str
    summary: str
    notes: tuple[str, ...] = field(default=())


class Refused(Struct, frozen=True):
    """The test asks the service over HTTP, or may, in a way that cannot be changed safely.

    `suggestion`: lines of YAML to paste under `healthcheck:`, or one sentence where no such line can be given.
    """

    reason: str
    suggestion: str


class NotHttp(Struct, frozen=True):
    """Nothing here asks the service over HTTP: the test stays valid when the service speaks TLS."""

    reason: str


Outcome = Rewritten | Refused | NotHttp
