"""Containers that could not read their private keys: said before anything is written, with what helps.

A key is 0600 and belongs to whoever issued it; a bind mount shows that to the container as well. On Linux that counts;
the virtual machines of desktop systems show every file as the container's own.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from aicos_tls.errors import TlsError
from aicos_tls.plan.model import Note
from aicos_tls.rules.images import Images
from aicos_tls.serving.model import How
from aicos_tls.sources.users import key_status, user_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aicos_tls.plan.model import Plan
    from aicos_tls.serving.model import Choice

_OTHER = "aicos-tls enable --serve auto takes a sidecar, which can"


def locked_out(plan: Plan, choices: Iterable[Choice]) -> Iterator[Note]:
    """Yield a warning for each server whose user cannot read its key and which no sidecar stands before.

    One whose id is not known is not among them: `doctor` names it.
    """
    if sys.platform != "linux":
        return
    ways = {choice.service: choice.how for choice in choices}
    images = Images(plan.project)
    directory = plan.project.directory / plan.policy.certs_dir
    for certificate in plan.certificates:
        name = certificate.service
        if name not in plan.servers or ways.get(name) is How.SIDECAR:
            continue
        service = plan.project.services[name]
        try:
            stage = images.stage(service)
        except TlsError:
            continue  # the healthcheck's rule says so
        user = user_of(service, images.base(service), stage)
        key = directory / f"{certificate.short_name}-key.pem"
        status = key_status(key)
        if user is not None and user.may_read(status) is False:
            helps = user.reading(f"{os.path.normpath(plan.policy.certs_dir)}/{key.name}", status)
            other = "" if name in ways else f"; {_OTHER}"
            text = f"its container runs as {user.name} and could not read {key.name} (0600): {helps}{other}"
            yield Note("warning", text, name, user.where or service.where)
