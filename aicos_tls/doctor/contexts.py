"""Private keys in images: a build whose context holds the certificates directory, and which copies it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from aicos_tls.doctor.model import Finding
from aicos_tls.errors import Where
from aicos_tls.pki import CA_NAME
from aicos_tls.sources.keepout import line_for, sendings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.doctor.facts import Facts


def check(facts: Facts) -> Iterator[Finding]:
    """Yield the instructions that copy private keys, of every service that is built here, in scope or not."""
    names = [CA_NAME, *(wanted.short_name for wanted in facts.plan.certificates)]
    for sending in sendings(facts.project, facts.certs):
        if row := sending.copying(sending.sent(names)):
            text = f"{row.name} {row.value} takes the private keys of {sending.certs}/ into the image"
            goal = os.path.relpath(sending.ignore, facts.directory)
            todo = f"aicos-tls enable, or add this line to {goal}: {line_for(sending)}"
            yield Finding("key-in-image", text, todo, Where(sending.dockerfile, row.line), sending.service.name)
