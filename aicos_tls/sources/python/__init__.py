"""Python services: what they are, how they come to serve HTTPS, and clients that trust the CA."""

from aicos_tls.sources.python.detect import PythonFacts, detect
from aicos_tls.sources.python.helper import helper_name, helper_source
from aicos_tls.sources.python.servers import CommandSettings, command_settings
from aicos_tls.sources.python.snippets import PARTS, snippets
from aicos_tls.sources.python.transform import transform

__all__ = [
    "PARTS",
    "CommandSettings",
    "PythonFacts",
    "command_settings",
    "detect",
    "helper_name",
    "helper_source",
    "snippets",
    "transform",
]
