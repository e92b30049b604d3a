"""Healthchecks that cannot work: what `enable --repair` puts in their place, and the offer to do so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.errors import TlsError
from aicos_tls.plan.model import Note
from aicos_tls.sources.dockerfile import image_healthcheck
from aicos_tls.sources.repairs import Repair, repair_of

if TYPE_CHECKING:
    from aicos_tls.compose.model import Service
    from aicos_tls.errors import Where
    from aicos_tls.rules.context import Context


class Broken(Struct, frozen=True):
    """A healthcheck of a service that cannot work, where it is written, and its repair."""

    service: str
    where: Where
    repair: Repair

    @property
    def why(self) -> str:
        """What a repair does, in words."""
        return f"{self.repair.reason}: {self.repair.program} asks instead"

    @property
    def offer(self) -> Note:
        """What is said while nobody asked for the repair."""
        todo = f"`aicos-tls enable --repair` lets {self.repair.program} ask"
        return Note("todo", f"its healthcheck cannot work: {self.repair.reason}; {todo}", self.service, self.where)


def broken(context: Context) -> dict[str, Broken]:
    """The healthchecks of servers in scope that cannot work and can be repaired, by service."""
    found = (_of(context, service) for service in context.services if service.name in context.servers)
    return {each.service: each for each in found if each}


def _of(context: Context, service: Service) -> Broken | None:
    """The healthcheck that counts, the compose file's or else the image's, where it cannot work."""
    needs = context.needs.get(service.name)
    secure = not (needs and needs.healthcheck_stays)
    try:
        stage = context.images.stage(service)
    except TlsError:
        return None  # said where its healthcheck is looked for
    image = context.images.base(service)
    if written := context.healthchecks.get(service.name):
        test, where = written.test, written.where
    elif service.healthcheck is None and not service.healthcheck_disabled and stage:
        of_image = image_healthcheck(stage)
        if of_image is None:
            return None
        test, where = of_image.test, stage.where(of_image.instruction)
    else:
        return None
    repair = repair_of(test, service, image, stage, secure=secure)
    return Broken(service.name, where, repair) if repair else None
