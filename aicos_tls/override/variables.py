"""What a changed `.env` or `env_file` means for each service, said in the compose model: an override has no `.env`.

A reference to a changed variable is replaced by its new value; a variable that an `env_file` brings becomes an entry of
`environment`, which counts for more than any `env_file` (compose specification, "env_file").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.dotenv import Binding, EnvFile
from aicos_tls.compose.interpolation import variables
from aicos_tls.compose.urls import has_password
from aicos_tls.files import TextFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aicos_tls.compose.model import Project, Service
    from aicos_tls.plan.model import PlannedFile
    from aicos_tls.proof.plain import Plain


class Changed(Struct, frozen=True):
    """New values that count instead of the old ones, by key: those of `.env`, and those of each other file by path.

    Values are literal: a dollar sign is one. `unclear` are keys whose value cannot be told without running compose.
    """

    dotenv: dict[str, str]
    files: dict[str, dict[str, str]]
    unclear: frozenset[str]


def changed(project: Project, planned: Iterable[PlannedFile]) -> Changed:
    """Read the changed values from the planned files."""
    dotenv: dict[str, str] = {}
    files: dict[str, dict[str, str]] = {}
    unclear: set[str] = set()
    for file in planned:
        if file.kind != "env" or file.before is None:
            continue
        before, after = EnvFile(file.before), EnvFile(TextFile(file.path, file.after))
        new: dict[str, str] = {}
        for key, binding in after.bindings.items():
            if after.values[key] != before.values.get(key):
                value = literal(after.file.text, binding, after.values[key])
                if value is None:
                    unclear.add(f"{file.path}.{key}")
                else:
                    new[key] = value
        files[str(file.path)] = new
        if project.dotenv and project.dotenv.file.path == file.path:
            dotenv = new
    return Changed(dotenv, files, frozenset(unclear))


def literal(text: str, binding: Binding, value: str) -> str | None:
    """The value of a binding as the container gets it; None when it holds variables, escapes or a password."""
    if has_password(value):  # an override is committed, an env file often is not
        return None
    quote = text[binding.start - 1] if binding.start else ""
    if quote == "'" or not ("$" in value or (quote == '"' and "\\" in value)):
        return value
    return None


def from_env_files(service: Service, new: Changed) -> dict[str, str]:
    """The variables that the `env_file`s of a service bring with another value than before."""
    found: dict[str, str] = {}
    for file in service.env_files:
        path = str(file.file.path)
        for key in file.bindings:
            found.pop(key, None)
            if key in new.files.get(path, {}):
                found[key] = new.files[path][key]
    return found


def substituted(value: Plain, values: dict[str, str]) -> Plain:
    """A plain value with references to changed variables replaced by their new values."""
    if isinstance(value, str):
        return substitute(value, values) if "$" in value else value
    if isinstance(value, list):
        return [substituted(item, values) for item in value]
    if isinstance(value, dict):
        return {key: substituted(item, values) for key, item in value.items()}
    return value


def substitute(text: str, values: dict[str, str]) -> str:
    """A text with references to `values` replaced; other references stay, with what they default to.

    A value that would end the reference it stands in (`${OTHER:-${URL}}`) is left out.
    """
    result: list[str] = []
    at = 0
    for variable in variables(text):
        result.append(text[at : variable.start])
        at = variable.end
        whole = text[variable.start : variable.end]
        if variable.name in values and variable.operator[-1:] != "+":
            result.append(escaped(values[variable.name]))
        elif variable.argument and "$" in variable.argument:
            safe = {key: value for key, value in values.items() if "}" not in value and "$" not in value}
            head = whole[: -len(variable.argument) - 1]
            result.append(f"{head}{substitute(variable.argument, safe)}}}")
        else:
            result.append(whole)
    return "".join([*result, text[at:]])


def escaped(text: str) -> str:
    """A literal text as it is written where compose interpolates."""
    return text.replace("$", "$$")
