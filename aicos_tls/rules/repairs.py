"""Healthchecks that cannot work: what `enable --repair` puts in their place, and the offer to do so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.errors import TlsError
from aicos_tls.plan.model import Note
from aicos_tls.sources import images

if TYPE_CHECKING:
    from aicos_tls.compose.model import Service
    from aicos_tls.errors import Where
    from aicos_tls.rules.context import Context
    from aicos_tls.sources.repairs import Repair

_LACKING = ("curl", "wget")
"""The programs that known images are known to lack (`sources.images.lacks`)."""


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
    written = context.healthchecks.get(service.name)
    if written is None and (service.healthcheck is not None or service.healthcheck_disabled):
        return None
    if written and not any(program in word for word in written.test.words for program in _LACKING):
        return None
    try:
        stage = context.images.stage(service)
    except TlsError:
        return None  # said where its healthcheck is looked for
    image = context.images.base(service)
    if not images.askers(image):
        return None
    from aicos_tls.sources.dockerfile import image_healthcheck  # these here: most projects need none of them
    from aicos_tls.sources.repairs import repair_of

    of_image = image_healthcheck(stage) if stage and written is None else None
    test = written.test if written else of_image.test if of_image else None
    if test is None:
        return None
    needs = context.needs.get(service.name)
    repair = repair_of(test, service, image, stage, secure=not (needs and needs.healthcheck_stays))
    where = written.where if written else stage.where(of_image.instruction) if stage and of_image else service.where
    return Broken(service.name, where, repair) if repair else None
