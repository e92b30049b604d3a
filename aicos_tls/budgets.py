"""How much of what strangers write is taken in. Imports nothing: whoever reads input asks here.

Each is far above what projects have and low enough that a run stays within ten seconds and 1 GiB. What is over one is
refused with its place (exit code 2), or, where the rest can do without it, left alone and said so. README, "Budgets".
"""

from __future__ import annotations

from typing import Final

FILE: Final = 16 * 2**20
"""Bytes of a file of any kind."""
COMPOSE_FILE: Final = 4 * 2**20
"""Bytes of a compose file, a file of variables or `aicos-tls.toml`."""
LINE: Final = 2**18
"""Characters of a line of such a file."""
VALUE: Final = 2**17
"""Characters that a value may have once variables are put in; no program can be given a longer one on Linux (execve(2),
MAX_ARG_STRLEN)."""
VALUES: Final = 2**22
"""Characters of all values of a file of variables once they are put in: as many as such a file may have itself, and
twice what a program can be given in all (execve(2), a quarter of the stack)."""
NESTED: Final = 32
"""Levels of what stands within itself in a value: `${A:-${B:-…}}`, brackets and `sh -c` in a shell command."""
DEPTH: Final = 100
"""Levels of nesting of a YAML, TOML or JSON text."""
NODES: Final = 250_000
"""Nodes of a compose file once its aliases are put in, and of all services once what they extend is."""
DOCUMENTS: Final = 100
"""Documents of a YAML text."""
FILES: Final = 1_000
"""Compose files and files of variables of a project."""
CHAIN: Final = 50
"""Files that include each other, services that extend each other, one after the other."""
STAGES: Final = 200
"""Build stages of a Dockerfile."""
INSTRUCTIONS: Final = 20_000
"""Instructions of a Dockerfile, those of the stages that a stage is built on counted in."""
CONFIGURATION: Final = 2**20
"""Characters of a Dockerfile or an nginx configuration."""
DIRECTIVES: Final = 20_000
"""Directives of an nginx configuration."""
COMMAND: Final = 2**13
"""Characters of a healthcheck, all words together: a longer one is left alone, and said so."""
AUTHORITY: Final = 2_048
"""Characters of host, port, user and password of a URL: what is longer is no URL."""
CODE: Final = 3_000_000
"""Characters of the code of a service that are looked at for connections: files that name a service of the project."""
PATTERNS: Final = 5_000
"""Lines of an ignore file that are applied."""
PATTERN: Final = 4_096
"""Characters of such a line: no path is longer (PATH_MAX)."""
STARS: Final = 3
"""`**` in such a line, where they stand for a number of directories that has to be tried."""
TESTS: Final = 20_000_000
"""Lines of ignore files times the paths that they are tried on, in one walk."""
CONNECTIONS: Final = 5_000
"""`[[connection]]` tables of an `aicos-tls.toml`."""
DIRECTORIES: Final = 64
"""Levels of directories below a build context or a project."""
PORT: Final = 65_535

_DIGITS: Final = 9


def number(text: str | None, most: int = PORT) -> int | None:
    """The number that `text` is in decimal ASCII digits, when it is at most `most`; None for every other text.

    `int` takes digits of any script, and refuses more than 4,300 of them.
    """
    if text is None or not text.isascii() or not text.isdecimal():
        return None
    digits = text.lstrip("0") or "0"
    return value if len(digits) <= _DIGITS and (value := int(digits)) <= most else None
