from __future__ import annotations

from pathlib import PurePath

import pytest

from aicos_tls.sources.comments import comments, is_documentation, suffix

CASES = {
    "a.js": ("f('http://a'); // b\n/* c\n d */ x `// no ${'//'}` \"//no\" don't // e", ["// b", "/* c\n d */", "// e"]),
    "jsx.tsx": ("<p>http://a</p> /* open", ["/* open"]),
    "a.go": ("`raw // no`\n// yes", ["// yes"]),
    "a.css": ("a { b: url(//x) } /* c */", ["/* c */"]),
    "a.html": ("<a href='//x'> <!-- b\n -->x", ["<!-- b\n -->"]),
    "a.py": (
        '"""doc\n# x"""\nx = """# no"""\ny = "# no"  # yes\ndef f():\n    r\'\'\'doc\'\'\'\nz = \'\'\'# no\'\'\'\n',
        ['"""doc\n# x"""', "# yes", "    r'''doc'''"],
    ),
    "a.sh": ("# a\necho '# no' a#b \"# no\" # c\nit's # d", ["# a", "# c", "# d"]),
    "a.yml": ("a: b # c\nd: e#f", ["# c"]),
    "nginx.conf": ("a;# b\n{# c\n} # d", ["# b", "# c", "# d"]),
    "a.ini": ("; a\n# b\nx = y ; c\nz=a;b", ["; a", "# b", "; c"]),
    "a.sql": ("-- a\nx '--no'", ["-- a"]),
    "Dockerfile": ("# a\nRUN x # no\n  # b", ["# a", "  # b"]),
    "Dockerfile.dev": ("# a", ["# a"]),
    "prod.dockerfile": ("# a", ["# a"]),
    "Makefile": ("a: # b", ["# b"]),
    ".env": ("# a\nX=y", ["# a"]),
    ".env.local": ("X=y # a", ["# a"]),
    ".env.example": ("X=y # a", ["# a"]),
    "run": ("#!/bin/sh\na # b", ["#!/bin/sh", "# b"]),
    "tool": ("#!/usr/bin/env python3\n'''d'''", ["#!/usr/bin/env python3", "'''d'''"]),
    "cli": ("#!/usr/bin/env node\n// a", ["// a"]),
    "unknown": ("# a // b", []),
    "a.json": ('{"a": "// b"}', []),
}


@pytest.mark.parametrize("name", CASES)
def test_where_the_comments_are(name: str) -> None:
    text, expected = CASES[name]
    assert [text[start:end] for start, end in comments(PurePath(name), text)] == expected


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("README.md", True),
        ("README", True),
        ("docs/a.rst", True),
        ("notes.txt", True),
        ("LICENSE", True),
        ("requirements.txt", False),
        ("requirements-dev.txt", False),
        ("CMakeLists.txt", False),
        ("readme.js", True),
        ("a.js", False),
    ],
)
def test_texts_for_people(name: str, *, holds: bool) -> None:
    assert is_documentation(PurePath(name)) is holds


@pytest.mark.parametrize(("name", "expected"), [("a.JS", "js"), ("a", ""), (".env", "env"), (".env.x", "env")])
def test_suffix(name: str, expected: str) -> None:
    assert suffix(PurePath(name)) == expected
