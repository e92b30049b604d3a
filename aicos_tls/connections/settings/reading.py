"""Reads the settings of one service: all files of its frameworks that count, in their order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.connections.code.expressions import Evaluator
from aicos_tls.connections.code.grammars import GRAMMARS
from aicos_tls.connections.code.names import Names
from aicos_tls.connections.code.values import UNKNOWN
from aicos_tls.connections.code.variables import Variables
from aicos_tls.connections.settings.asked import known
from aicos_tls.connections.settings.families import active, counts, family_of, is_active
from aicos_tls.connections.settings.formats import LONGEST, Setting, with_ruby
from aicos_tls.errors import TlsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePosixPath

    from aicos_tls.connections.settings.asked import Known
    from aicos_tls.connections.settings.families import Family
    from aicos_tls.files import TextFile

_ACTIVE = "spring.profiles.active"
_OTHER_QUARKUS = re.compile(r"%(?!prod\b)[\w,-]+\.")


class Settings(Struct, frozen=True):
    """The settings of one service by the language they are for, and their values by key for its code."""

    known: list[tuple[str, Known]]
    values: dict[str, str]


def settings(files: Mapping[PurePosixPath, TextFile], environment: Mapping[str, str]) -> Settings:
    """The settings that count in a container with these variables."""
    sets: dict[tuple[str, bool, str], list[Setting]] = {}
    files_of = [(*of, path, file) for path, file in files.items() if (of := family_of(path)) is not None]
    dotenv = _dotenv(files_of, environment)
    around = {**dotenv, **environment}
    for family, profile, path, file in sorted(files_of, key=lambda each: (bool(each[1]), each[2])):
        key = (family.language, family.overrides, path.parent.as_posix())
        sets.setdefault(key, []).extend(_of_file(family, profile, file, around))
    found: list[tuple[str, Known]] = []
    values: dict[str, str] = dict(dotenv)
    for (language, overrides, _), listed in sets.items():
        for each in known(listed, environment, overrides=overrides):
            found.append((language, each))
            if overrides and UNKNOWN not in each.value and len(each.setting.key) > 3:  # noqa: PLR2004 - says nothing
                values[each.setting.key] = each.value
    return Settings(found, values)


def _dotenv(files: list[tuple[Family, str, PurePosixPath, TextFile]], environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of `.env` files: frameworks put them beside those of the container."""
    found: dict[str, str] = {}
    for family, profile, path, file in files:
        if path.name.startswith(".env"):
            found.update({each.key: each.value for each in _of_file(family, profile, file, environment)})
    return found


def _of_file(family: Family, profile: str, file: TextFile, environment: Mapping[str, str]) -> list[Setting]:
    if len(file.raw) > LONGEST or not is_active(family, profile, environment):
        return []
    try:
        ready = with_ruby(file, lambda code: _evaluated(code, environment)) if family.ruby else file
        documents = family.read(ready)
    except TlsError:
        return []
    profiles = active(family, environment)
    profiles |= {each.value.lower() for document in documents for each in document if each.key == _ACTIVE}
    found = [each for document in documents if counts(document, profiles) for each in document]
    if family.top:
        found = [each for each in found if _below(each.key) in profiles or _below(each.key) == ""]
    return [
        Setting(each.key.removeprefix("%prod."), each.value, each.where)
        for each in found
        if not _OTHER_QUARKUS.match(each.key) and not each.key.startswith(("when@test", "when@dev"))
    ]


def _below(key: str) -> str:
    """The first key, where there is one above: `production` of `production.host`."""
    return key.partition(".")[0].lower() if "." in key else ""


def _evaluated(code: str, environment: Mapping[str, str]) -> str:
    """What an expression of Ruby comes to; empty where that is not known."""
    names = Names(code, GRAMMARS["rb"], Variables(environment))
    nodes = names.root.slots[0].nodes
    found = [value.text for value in Evaluator(names).values(nodes) if UNKNOWN not in value.text]
    text = found[0] if found else ""
    return text if re.fullmatch(r"[\w.:/@?=&%+,-]*", text) else ""
