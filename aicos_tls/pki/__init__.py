"""Certificates: one CA for a project, one leaf for each service; what is there, what is missing, what must be made.

Knows nothing of compose and writes nothing: files come out as bytes and modes. Issuing is separate from deploying,
and everything that depends on time takes `now`. This page and the three modules it names (`layout`, `names`,
`profile`) do not import `cryptography`, because a dry run must not pay for it; `store` and `issuing` do, so import them
where they are needed.
"""

from aicos_tls.pki.layout import CA_NAME, Wanted, presence
from aicos_tls.pki.profile import KeyType, Profile

__all__ = ["CA_NAME", "KeyType", "Profile", "Wanted", "presence"]
