"""The only part of the program that writes: a set of operations, all of them or none, whenever the process dies.

    with disk.lock(project) as locked:
        disk.recover(locked)                 # what an interrupted run left behind
        ...read the files, make the plan...
        disk.commit(operations, locked)

How a commit goes, each step durable before the next begins:

1. Every operation is checked; nothing is written when one of them cannot be carried out.
2. The journal says *staging*. Directories are made, and those for private keys get their `.gitignore`. Each new
   content goes to a temporary file beside its target, with its final mode and owner; each file that will be replaced
   gets a second name (a hard link, or a copy where there are none).
3. The journal says *swapping*. The temporary files are renamed over their targets, removed files are unlinked; a file
   that is new gets its name as a second one, which fails where somebody made a file of that name meanwhile.
4. The journal says *cleaning*: from here on the run has happened. The second names go, then the journal.

An interrupted run is *undone* unless it had reached the last step; undoing is the direction that also serves a run
that fails while it is alive (a full disk), so there is one way back and not two. `recover` may itself be interrupted.

What stays and what does not: mode, owner and group stay (a run that cannot keep them changes nothing); a symbolic link
stays a link and the file that it leads to is replaced, unless that lies outside of the project, which is refused. A
file without any write bit is refused even for root: renaming would walk round the mode that somebody chose. A hard
link is broken, its other names keep the old bytes; access control lists and extended attributes are as for a new one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from aicos_tls.disk.state import STATE_DIRECTORY

if TYPE_CHECKING:
    from aicos_tls.disk.guard import ALL_BUT_RECORD
    from aicos_tls.disk.locking import LOCK_NAME, Locked, lock, lock_certificates, may_lock
    from aicos_tls.disk.operations import ANY, KeepFromGit, MakeDirectory, Operation, Remove, RemoveDirectory, Write
    from aicos_tls.disk.pairs import KEPT, PairFile, flatten, is_own_link, recover_pairs, replace_pairs
    from aicos_tls.disk.recovery import Forecast, Recovery, forecast, interrupted, recover
    from aicos_tls.disk.single import put
    from aicos_tls.disk.transaction import check, commit

_HOME = {
    "ALL_BUT_RECORD": "aicos_tls.disk.guard",
    "ANY": "aicos_tls.disk.operations",
    "LOCK_NAME": "aicos_tls.disk.locking",
    "KEPT": "aicos_tls.disk.pairs",
    "Forecast": "aicos_tls.disk.recovery",
    "KeepFromGit": "aicos_tls.disk.operations",
    "PairFile": "aicos_tls.disk.pairs",
    "flatten": "aicos_tls.disk.pairs",
    "is_own_link": "aicos_tls.disk.pairs",
    "recover_pairs": "aicos_tls.disk.pairs",
    "replace_pairs": "aicos_tls.disk.pairs",
    "Locked": "aicos_tls.disk.locking",
    "MakeDirectory": "aicos_tls.disk.operations",
    "Operation": "aicos_tls.disk.operations",
    "Recovery": "aicos_tls.disk.recovery",
    "Remove": "aicos_tls.disk.operations",
    "RemoveDirectory": "aicos_tls.disk.operations",
    "Write": "aicos_tls.disk.operations",
    "check": "aicos_tls.disk.transaction",
    "commit": "aicos_tls.disk.transaction",
    "forecast": "aicos_tls.disk.recovery",
    "interrupted": "aicos_tls.disk.recovery",
    "lock": "aicos_tls.disk.locking",
    "lock_certificates": "aicos_tls.disk.locking",
    "put": "aicos_tls.disk.single",
    "may_lock": "aicos_tls.disk.locking",
    "recover": "aicos_tls.disk.recovery",
}
"""Where each name is defined. Modules are loaded when they are first asked for: a dry run needs few of them."""


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(name)
    return getattr(import_module(_HOME[name]), name)


__all__ = [
    "ALL_BUT_RECORD",
    "ANY",
    "KEPT",
    "LOCK_NAME",
    "STATE_DIRECTORY",
    "Forecast",
    "KeepFromGit",
    "Locked",
    "MakeDirectory",
    "Operation",
    "PairFile",
    "Recovery",
    "Remove",
    "RemoveDirectory",
    "Write",
    "check",
    "commit",
    "flatten",
    "forecast",
    "interrupted",
    "is_own_link",
    "lock",
    "lock_certificates",
    "may_lock",
    "put",
    "recover",
    "recover_pairs",
    "replace_pairs",
]
