"""Node services (CommonJS, ES modules, TypeScript): what their code is, and the changes that make it speak TLS.

One helper file per service (`helper`) carries all that TLS needs; call sites change by a word. A server's `listen` and
`createServer` become the helper's, which take the same arguments and serve HTTPS when TLS_ENABLED is true. Clients are
not touched one by one: loading the helper adds the CA to what the process trusts, and only `axios.create` is given an
agent, as the guide shows, and `http.get`, which cannot ask over HTTPS, becomes the helper's.
"""

from aicos_tls.sources.node.detect import NodeFacts, detect
from aicos_tls.sources.node.helper import ModuleKind, helper_file, import_path
from aicos_tls.sources.node.snippets import snippets
from aicos_tls.sources.node.transform import transform

__all__ = ["ModuleKind", "NodeFacts", "detect", "helper_file", "import_path", "snippets", "transform"]
