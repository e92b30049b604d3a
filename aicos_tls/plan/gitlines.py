"""The lines of a `.gitignore` as a matcher: what strangers write in one neither stops a run nor takes it long."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.plan.globs import STAR, linear, within_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pathspec import GitIgnoreSpec

_HARMLESS = 2
"""So many stars in a line take no longer than the square of a name's length at most."""


def spec(lines: Sequence[str]) -> GitIgnoreSpec:
    """The rules of these lines; one that is no pattern, or would take too long to be tried, says nothing.

    Git passes over `!` alone, a backslash at the end and the like (gitignore(5)); the library stops at them.
    """
    from pathspec import GitIgnoreSpec

    usable = [line for line in lines if len(line) <= budgets.PATTERN and line.count("**") <= budgets.STARS]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # `[[` may mean something else in a later Python
        try:
            rules = GitIgnoreSpec.from_lines(usable)
        except (ValueError, re.error):
            rules = GitIgnoreSpec.from_lines([line for line in usable if _is_pattern(line)])
        for pattern in rules.patterns:
            if pattern.include is not None and pattern.regex is not None:
                pattern.regex = _hardened(pattern.regex)
    return rules


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True


def _hardened(expression: re.Pattern[str]) -> re.Pattern[str]:
    """The expression of the library in a form that takes no exponential time over `*a*a*a*b`.

    And in which no class stands for a slash, as `[!s]` does in the library.
    """
    text = within_names(expression.pattern)
    text = text if text.count(STAR) < _HARMLESS else linear(text)
    return expression if text == expression.pattern else re.compile(text, expression.flags)
