"""Go services: net/http, gin, echo, fiber that serve HTTPS, and clients that trust the CA."""

from aicos_tls.sources.go.detect import GoFacts, detect
from aicos_tls.sources.go.helper import helper_name, helper_source, package_of
from aicos_tls.sources.go.snippets import PARTS, snippets
from aicos_tls.sources.go.transform import transform

__all__ = ["PARTS", "GoFacts", "detect", "helper_name", "helper_source", "package_of", "snippets", "transform"]
