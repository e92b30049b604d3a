"""Compose texts in random styles from random models, for laws (hypothesis)."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NAMES = ("api", "web", "db", "worker-1", "auth_svc")
PORTS = (80, 3000, 8001)


@st.composite
def models(draw: st.DrawFn) -> dict[str, Any]:
    """A compose model: services that ask each other, as plain data."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    return {"services": {name: draw(_service(name, names)) for name in names}}


@st.composite
def _service(draw: st.DrawFn, name: str, names: list[str]) -> dict[str, Any]:
    service: dict[str, Any] = {}
    if draw(st.booleans()):
        service["build"] = draw(
            st.sampled_from([".", f"./{name}", {"context": ".", "args": {"URL": f"http://{name}"}}])
        )
    else:
        service["image"] = draw(st.sampled_from(["postgres:15", "nginx:alpine", f"acme/{name}:1", "redis"]))
    if draw(st.booleans()):
        service["environment"] = draw(_environment(names))
    if draw(st.booleans()):
        service["volumes"] = draw(
            st.lists(st.sampled_from(["data:/data", "./src:/app", "/app/x"]), unique=True, max_size=2)
        )
    if draw(st.booleans()):
        port, path = draw(st.sampled_from(PORTS)), draw(st.sampled_from(["", "/", "/health?x=1"]))
        url = f"http://localhost:{port}{path}"
        test = draw(
            st.sampled_from(
                [
                    ["CMD", "curl", "-f", url],
                    ["CMD-SHELL", f"curl -sf {url} || exit 1"],
                    f"wget -q --spider {url}",
                    ["CMD", "wget", "-qO-", url],
                    ["CMD", "python", "-c", f"import urllib.request as r; r.urlopen('{url}')"],
                    ["NONE"],
                ]
            )
        )
        service["healthcheck"] = {"test": test, "interval": "30s"}
    if draw(st.booleans()):
        service["command"] = draw(st.sampled_from(["run --peer http://web:3000", ["serve", "ws://api:80/x"], "plain"]))
    return service


@st.composite
def _environment(draw: st.DrawFn, names: list[str]) -> Any:
    host = draw(st.sampled_from([*names, "example.com", "localhost"]))
    port = draw(st.sampled_from([*(f":{p}" for p in PORTS), ""]))
    values = {
        "PEER_URL": f"{draw(st.sampled_from(['http', 'ws', 'https']))}://{host}{port}/path",
        "NOTE": draw(st.sampled_from(["plain", "it's", 'say "hi"', "💚 ü", "a: b", "# no comment", "yes", "1:30", ""])),
        "TLS_ENABLED": draw(st.sampled_from(["true", "false"])),
        "VITE_API": f"http://{host}",
    }
    chosen = draw(st.lists(st.sampled_from(sorted(values)), unique=True, max_size=4))
    mapping = {key: values[key] for key in chosen}
    return mapping if draw(st.booleans()) else [f"{key}={value}" for key, value in mapping.items()]


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A compose text: a random model in a random style."""
    writer = _Writer(draw)
    lines = writer.mapping(draw(models()), 0)
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    text = newline.join(lines) + draw(st.sampled_from([newline, newline, ""]))
    return draw(st.sampled_from(["", "", "\ufeff"])) + text


class _Writer:
    """Writes plain data as YAML, deciding on the way: block or flow, quotes, comments, blank lines."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self.indent = draw(st.sampled_from([2, 2, 4, 3, 8]))
        self.offset = draw(st.sampled_from([0, self.indent]))
        self.busy = draw(st.booleans())

    def _maybe(self) -> bool:
        return self.busy and self._draw(st.integers(0, 5)) == 0

    def _comments(self, column: int) -> list[str]:
        if not self._maybe():
            return []
        return self._draw(
            st.sampled_from(
                [[""], [" " * column + "# comment"], [" " * (column + 2) + "# - DISABLED=1"], ["#\ttab"], ["  "]]
            )
        )

    def mapping(self, data: dict[str, Any], column: int) -> list[str]:
        lines: list[str] = []
        for key, value in data.items():
            lines += self._comments(column)
            head = f"{' ' * column}{self._key(key)}:"
            if isinstance(value, dict) and value and column < 2 * self.indent:
                lines += [head + self._tail(), *self.mapping(value, column + self.indent)]
            elif isinstance(value, list | dict) and not value:
                lines.append(head + self._draw(st.sampled_from([" []" if isinstance(value, list) else " {}", ""])))
            elif isinstance(value, dict) and self._draw(st.booleans()):
                lines += [head + self._tail(), *self.mapping(value, column + self.indent)]
            elif isinstance(value, list) and self._draw(st.booleans()):
                lines += [head + self._tail(), *self._items(value, column + self.offset)]
            elif isinstance(value, list | dict):
                lines.append(f"{head} {self._flow(value)}{self._tail()}")
            else:
                lines.append(f"{head} {self._scalar(value)}{self._tail()}")
        return lines

    def _items(self, data: list[Any], column: int) -> list[str]:
        lines: list[str] = []
        for item in data:
            lines += self._comments(column) if self.offset else []
            lines.append(f"{' ' * column}- {self._scalar(item)}{self._tail()}")
        return lines

    def _tail(self) -> str:
        return self._draw(st.sampled_from(["  # why", " ", ""])) if self._maybe() else ""

    def _key(self, key: str) -> str:
        return f'"{key}"' if self._maybe() else key

    def _flow(self, data: Any) -> str:
        if isinstance(data, dict):
            return "{" + ", ".join(f"{self._key(k)}: {self._flow(v)}" for k, v in data.items()) + "}"
        if isinstance(data, list):
            return "[" + ", ".join(map(self._flow, data)) + "]"
        return self._scalar(data, flow=True)

    def _scalar(self, text: str, *, flow: bool = False) -> str:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        double, single = f'"{escaped}"', "'" + text.replace("'", "''") + "'"
        unsafe = not text or text[0] in "#'\"&*!|>%@`[]{},-?: " or ": " in text or " #" in text or text.endswith(":")
        if unsafe or text in ("yes", "true", "false", "1:30") or (flow and any(c in text for c in ",[]{}?")):
            return self._draw(st.sampled_from([double, single]))
        return self._draw(st.sampled_from([text, text, double, single]))
