"""Healthchecks that cannot work, because the image lacks their program, and the test that asks the same and can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.healthchecks import Trust
from aicos_tls.healthchecks.instead import instead
from aicos_tls.healthchecks.question import question
from aicos_tls.plan.checks import endpoint
from aicos_tls.sources import images
from aicos_tls.sources.missing import surely_missing

if TYPE_CHECKING:
    from aicos_tls.compose.model import Service
    from aicos_tls.healthchecks import Test, TrustPaths
    from aicos_tls.sources.dockerfile import Stage


class Repair(Struct, frozen=True):
    """A test that can work in the place of one that cannot: `missing` is a program that `image` lacks."""

    before: Test
    after: Test
    missing: str
    image: str

    @property
    def program(self) -> str:
        """The program that asks from now on."""
        return self.after.words[0]

    @property
    def reason(self) -> str:
        """Why the test cannot work, in words."""
        return f"{self.missing} is not in {self.image}"


def repair_of(
    test: Test,
    service: Service,
    image: str,
    stage: Stage | None,
    *,
    secure: bool = True,
    trust: Trust = Trust.INSECURE,
    paths: TrustPaths | None = None,
) -> Repair | None:
    """The repair of a test that surely cannot work; None where it may work, or nothing is known that can.

    `image` is the image that the service is or is built on (empty when that is not known), `stage` the final stage of
    its Dockerfile. `secure`: over HTTPS, as `trust` and `paths` say; otherwise over plain HTTP, as within the network
    namespace of a sidecar.
    """
    asked = question(test, endpoint(service))
    if asked is None or not surely_missing(asked.program, image, stage, service):
        return None
    after = instead(asked, images.askers(image), trust, paths, secure=secure)
    return Repair(test, after, asked.program, image) if after else None
