"""How long reading code for connections takes: 5,000 sources of all kinds, of which one in twenty names a service.

python benchmarks/code.py [FILES]
"""

# ruff: noqa: E501 - code as people write it, each in one line of a table
from __future__ import annotations

import sys
import time
from pathlib import Path, PurePosixPath

from aicos_tls.connections.evidence.code import READER
from aicos_tls.connections.model import Surroundings
from aicos_tls.files import TextFile

_SOURCES = {
    "java": 'class C{n} {{ String url = "{url}"; // api\n  void go() {{ log.info("asking api", "x"); }}\n}}\n',
    "kt": 'class C{n} {{ val url = System.getenv("API_URL") ?: "{url}" }}\n',
    "cs": 'class C{n} {{ string Url = Environment.GetEnvironmentVariable("X") ?? "{url}"; }}\n',
    "php": "<?php class C{n} {{ private $url = '{url}'; }}\n",
    "rb": 'class C{n}\n  URL = ENV.fetch("API_URL", "{url}")\nend\n',
    "rs": 'fn f{n}() -> String {{ "{url}".to_string() }}\n',
    "ex": 'defmodule C{n} do\n  @url "{url}"\nend\n',
    "ts": "export const url{n} = process.env.API_URL || '{url}';\n",
    "py": 'URL{n} = os.getenv("API_URL", "{url}")\n',
    "go": 'package c\n\nvar url{n} = getEnv("API_URL", "{url}")\n',
}
_FILLER = {
    "py": "def work_{n}(value, api):\n    return [item.name for item in value if item.api(api) and item.count > {n}]\n",
    "rb": "def work_{n}(value, api)\n  value.select {{ |item| item.api(api) && item.count > {n} }}\nend\n",
    "ex": "  def work_{n}(value, api), do: Enum.filter(value, &(&1.api == api and &1.count > {n}))\n",
}
_C_LIKE = "// the api of the web, number {n}\nfunction work{n}(value, api) {{\n  return value.filter(item => item.api(api) && item.count > {n});\n}}\n"


def sources(count: int) -> dict[PurePosixPath, TextFile]:
    """As many sources of about 5 KB as asked for."""
    found = {}
    kinds = list(_SOURCES)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        url = (
            "http://api:8080/v1"
            if number % 20 < len(kinds) and number // 20 % 10 == number % 10
            else "https://example.org/"
        )
        filler = _FILLER.get(kind, _C_LIKE)
        text = _SOURCES[kind].format(n=number, url=url) + "".join(filler.format(n=each) for each in range(45))
        path = PurePosixPath(f"src/part{number % 50}/file{number}.{kind}")
        found[path] = TextFile(Path("/", path), text.encode())
    return found


def main(count: int) -> None:
    """Print how many connections were found, and in which time."""
    files = sources(count)
    for file in files.values():
        _ = file.text
    hosts = {
        name: name for name in ["web", "api", "db", "cache", "queue", "worker", "gateway", "auth", "search", "mail"]
    }
    start = time.perf_counter()
    found = [
        *READER.destinations({p: f for p, f in files.items() if READER.concerns(p)}, Surroundings(hosts, {}, "web"))
    ]
    took = time.perf_counter() - start
    size = sum(len(file.raw) for file in files.values()) / 1e6
    sys.stdout.write(f"{count} files, {size:.1f} MB: {len(found)} connections in {took:.2f} s\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
