"""What a language's code change is given and what it returns. One shape for Node, Python, Go, nginx and Dockerfiles.

A change of code is data, like every change: splices into the text of a file, new files, and what a person has to do.
The guide (phases 3 and 4) is the source of what the code does: serve HTTPS when `TLS_ENABLED=true`, fall back to HTTP
otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from aicos_tls.compose.urls import host_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile
    from aicos_tls.yamledit.edits import Splice


HELPER_MARK = "HTTPS between the containers: what this service serves with"
"""Stands at the top of each helper file: by it one that is there already is told from a file of the service's own."""


IMPORT = "import "
"""How the words of a change begin that brings the helper into a module; its name there follows."""


class CodeContext(Struct, frozen=True):
    """What is known of the service whose code is looked at.

    `short_name` names its certificate files, `mount_path` is where they are in the container, `ports` are the ports it
    is known to listen on, `servers` are the DNS names of all servers in scope (lower case) with the service each means,
    `is_server` says whether it has to serve HTTPS itself, `asks` whether a variable of the compose file has it ask a
    server, `start` are the words of the program that it starts (empty when they are not known), `templates` is a
    directory whose templates go before those of the program. `environment` has the variables of the container with
    their values as they will be; `uwsgi` are the services that take the uwsgi protocol over TLS.
    """

    service: str
    short_name: str
    mount_path: str
    ports: frozenset[int]
    servers: Mapping[str, str]
    is_server: bool
    start: tuple[str, ...] = ()
    templates: Path | None = None
    asks: bool = True
    environment: Mapping[str, str] = {}
    uwsgi: frozenset[str] = frozenset()

    def names_server(self, host: str) -> str | None:
        """The service in scope that `host` names, or None."""
        return self.servers.get(host_name(host))


class CodeChange(Struct, frozen=True):
    """One intended difference in a source: what it is in words, where, and the splices that make it.

    `for_helper`: it brings the helper into the image or has it compiled, and is wrong without it. `names` are DNS names
    that certificates have to have for it besides their own: each with its service.
    """

    what: str
    where: Where
    splices: tuple[Splice, ...]
    for_helper: bool = False
    names: tuple[tuple[str, str], ...] = ()


class Manual(Struct, frozen=True):
    """A place that is not understood well enough to change: why, and the code to paste.

    `stays_plain` are the services that are asked there in plain for sure as long as nobody changes it.
    """

    where: Where
    reason: str
    paste: str
    stays_plain: frozenset[str] = frozenset()


class NewSource(Struct, frozen=True):
    """A file to be added to a service: `tls.js`, `tls.py`, `tls.go`. `path` lies in the service's directory."""

    path: Path
    text: str


class Refusal(Struct, frozen=True):
    """Why the files of a service cannot have a helper that they would need: where, and what to do by hand."""

    where: Where
    reason: str
    paste: str = "see: aicos-tls code show"


class WordEdit(Struct, frozen=True):
    """A change of a start command in the compose file: `value[start:end]` of it becomes `text`.

    `attribute` is `command` or `entrypoint`; of a list, `item` is the index of the word. With `new`, the text is a word
    of its own before that index.
    """

    attribute: str
    start: int
    end: int
    text: str
    item: int | None = None
    new: bool = False


class Covered(Struct, frozen=True):
    """A text from `start` to `end` that stays, because what uses it follows TLS_ENABLED; `done`: it does so already."""

    start: int
    end: int
    done: bool


class CodeResult(Struct, frozen=True):
    """What is to be done about one source file; `covered` stays. `helper`: it calls the service's helper file.

    `browser` is the evidence that it runs in browsers, and is not changed therefore. `trusts_variable` says that what
    it asks is verified by what the process is started with: NODE_EXTRA_CA_CERTS has to name the CA.
    """

    file: TextFile
    changes: tuple[CodeChange, ...] = ()
    manual: tuple[Manual, ...] = ()
    helper: bool = field(default=False)
    covered: tuple[Covered, ...] = ()
    browser: str = ""
    trusts_variable: bool = False
