"""Templates of what users get in their own projects: found in the package, in a source checkout, or where they say.

The wheel carries the top-level `templates/` as `aicos_tls/_templates`; in a checkout the folder itself is used. A
directory of the user's (`--templates DIR`) comes first, name by name, so that one template can be replaced alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aicos_tls import files
from aicos_tls.errors import InternalError, TlsError, Where

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACKAGE = Path(__file__).parents[1]


def render(name: str, values: Mapping[str, object], directory: Path | None = None) -> str:
    """Render the template `name` (`node/tls.js.j2`); a template of `directory` takes the place of ours.

    Raises `TlsError` when a template of the user's is missing a value or is not Jinja2.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError

    folders = [*([directory] if directory is not None else []), _ours()]
    environment = Environment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - the results are program code and settings, never HTML
    )
    try:
        return environment.get_template(name).render(values)
    except TemplateError as error:
        if directory is None or not files.is_file(directory / name):
            raise InternalError(f"template {name}: {error}") from error
        line = (error.lineno or 0) if isinstance(error, TemplateSyntaxError) else 0
        raise TlsError(
            f"not a usable template: {error}",
            where=Where(directory / name, line),
            hint="correct it, or leave --templates out to use the one that comes with the tool",
        ) from error


def plain(name: str) -> str:
    """The text of a file among the templates that is no template: `runtime/node/preload.cjs`."""
    return (_ours() / name).read_text("utf-8")


def _ours() -> Path:
    packaged = _PACKAGE / "_templates"
    return packaged if files.is_directory(packaged) else _PACKAGE.parent / "templates"
