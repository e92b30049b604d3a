"""What the record keeps of unchanged lines: just enough to find the changed ones again after later edits.

Each line becomes three characters (18 bits) of a digest, and of a line that says `name = value` or `name: value` only
the part before the value goes into it. So the value of a setting is not in the record in any form, not even as a
digest that could confirm a guess; of a line without `=` or `:` 18 bits are, which leave four of a million guesses. In
an env file every line that does not begin with a name and `=` or `:` counts as empty.

That is enough because the outline only says *where* to look. Whether the changed lines are still there is decided by
comparing them in full, and the result is made of lines of the file as it is and of lines in the record: a collision
may cost a match, never a line. And a line whose value was edited since is still recognised.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

TOKEN_LENGTH: Final = 3
"""Characters of base64 (RFC 4648 section 5) for each line, 6 bits each."""

_NAME = re.compile(rb"[^=:\r\n]*[=:]?")
_ENV_NAME = re.compile(rb"\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_.-]*\s*[=:]|")


def tokens(lines: Iterable[bytes], path: str, *, env: bool) -> list[str]:
    """The token of each line; `path` makes them differ from file to file, `env` chooses the stricter reading."""
    name = _ENV_NAME if env else _NAME
    salt = hashlib.sha256(path.encode("utf-8", "surrogateescape")).digest()
    known: dict[bytes, str] = {}
    found: list[str] = []
    for line in lines:
        match = name.match(line)
        part = match.group() if match else b""
        token = known.get(part)
        if token is None:
            digest = hashlib.blake2b(part, key=salt, digest_size=TOKEN_LENGTH).digest()
            token = known[part] = urlsafe_b64encode(digest)[:TOKEN_LENGTH].decode("ascii")
        found.append(token)
    return found


def env_name(line: bytes) -> bytes:
    """What a line of an env file begins with, up to the value: `export API_URL=`; empty when it begins otherwise."""
    match = _ENV_NAME.match(line)
    return match.group() if match else b""


def divide(outline: str) -> list[str]:
    """The tokens of an outline, which is all of them in one string."""
    return [outline[start : start + TOKEN_LENGTH] for start in range(0, len(outline), TOKEN_LENGTH)]
