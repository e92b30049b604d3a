"""How every service of a project comes to serve TLS without a change of its code, and its clients to trust the CA.

Looks at each service that something was asked for, lets `choose` choose, and puts together what the compose files need
for it: variables, mounts, options, files below the certificates directory, sidecars.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls.plan.model import Declined
from aicos_tls.plan.serve import AUTO, CODE
from aicos_tls.serving import bundles
from aicos_tls.serving import sidecar as sidecars
from aicos_tls.serving.addresses import asks_in_plain
from aicos_tls.serving.choose import choose
from aicos_tls.serving.configuration import Configured, configuration
from aicos_tls.serving.defaults import Default, defaults
from aicos_tls.serving.model import (
    Choice,
    How,
    Merge,
    Mode,
    Needs,
    Option,
    Place,
    RuntimeFile,
    Setting,
    Sidecar,
    Wanted,
)
from aicos_tls.serving.trust import RUNTIMES, joined, trust
from aicos_tls.sources.healthscripts import asked_in_plain
from aicos_tls.sources.nginx.asked import UWSGI, asked
from aicos_tls.sources.runtime import STATIC
from aicos_tls.sources.status import references_in, service_status
from aicos_tls.sources.users import key_status, user_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from aicos_tls.errors import Where
    from aicos_tls.plan.model import Edge, Plan
    from aicos_tls.plan.serve import Ask
    from aicos_tls.serving.bundles import Bundle
    from aicos_tls.sources.project import ServiceSources, Sources
    from aicos_tls.sources.references import SourceReference

_CODE = frozenset({".js", ".cjs", ".mjs", ".ts", ".py", ".go", ".rb", ".php", ".java", ".kt", ".cs", ".rs"})
"""Endings of files that are programs: what READMEs and configuration say is not asked."""
_VARIABLE = re.compile(r"\$(?:\w+|\{[^}]*\})")


class Served(Struct, frozen=True):
    """What was chosen, in the order of the files, what the compose files need for it, and the files to write.

    `untold` are clients that cannot be told to trust the CA, with what they run on. `plain` are places in code that is
    not changed where a service, named first, still asks a server in plain. `edges` are connections that only defaults
    in code name, whose variables are set. `bundles` are files of certificates to write, `declined` the variables that
    name one which cannot be read.
    """

    choices: tuple[Choice, ...] = ()
    wanted: Wanted = Wanted()
    files: tuple[RuntimeFile, ...] = ()
    untold: tuple[tuple[str, str], ...] = ()
    plain: tuple[tuple[str, SourceReference], ...] = ()
    edges: tuple[Edge, ...] = ()
    bundles: tuple[Bundle, ...] = ()
    declined: tuple[Declined, ...] = ()


def serve(
    plan: Plan,
    sources: Sources,
    asks: Mapping[str, Ask],
    coded: Collection[str] = (),
    trusting: Collection[str] = (),
) -> Served:
    """Choose for every server that something was asked for. `coded` are services whose code is changed anyway.

    The tools of those in `trusting` trust what a variable names (`aicos_tls.sources.node.tools`).
    `plan` is the plan without all this: what it declines of healthchecks decides whether plain HTTP stays inside.
    """
    uncoded = frozenset(asks).difference(coded)
    draft = _Draft(plan, sources, _uwsgi(sources, asks))
    for name, service in sources.services.items():
        if name in plan.servers and name in asks:
            draft.server(service, asks[name])
    draft.set_defaults(uncoded)
    for name, service in sources.services.items():
        if name in uncoded or (name not in coded and _asks_one_of(service, sources, asks)):
            draft.client(service)
        if name in trusting:
            draft.trusting(service)
    return replace(draft.served(), plain=tuple(draft.plain(uncoded)) if uncoded else ())


class _Draft:
    def __init__(self, plan: Plan, sources: Sources, uwsgi: Mapping[str, tuple[int, ...]]) -> None:
        self.plan = plan
        self.sources = sources
        self.uwsgi = uwsgi
        self.names: dict[str, list[str]] = {}
        self.choices: list[Choice] = []
        self.needs: dict[str, Needs] = {}
        self.sidecars: list[Sidecar] = []
        self.untold: list[tuple[str, str]] = []
        self.bundles: list[Bundle] = []
        self.declined: list[Declined] = []
        self.asking = {edge.client for edge in plan.edges}
        self.defaults: list[Default] = []

    def server(self, service: ServiceSources, ask: Ask) -> None:
        """Choose the way of a server and note what it needs."""
        name = service.service.name
        place = self._place(name)
        status = service_status(service, self.plan.project)
        if name in self.uwsgi:  # only a sidecar takes this protocol over TLS
            ports = ask.ports or tuple(sorted({*status.ports, *self.uwsgi[name]}))
            ask = replace(ask, how=How.SIDECAR.value, mode=Mode.TCP.value, ports=ports)
        how = None if ask.how == AUTO else How(ask.how)
        static = self._configured(service, is_server=True) if service.runtime[0] in STATIC else None

        def chosen(*, healthcheck_stays: bool) -> Choice:
            return choose(
                status,
                service.service,
                place,
                asked=how,
                ports=ask.ports,
                healthcheck_stays=healthcheck_stays,
                asks_itself=_asks_itself(service, status.ports) or next((w for _, w in asked_in_plain(service)), None),
                unreadable=self._unreadable(service),
                configured=static.option if static else None,
            )

        choice = chosen(healthcheck_stays=False)
        left = any(each.rule == "healthcheck" and each.service == name for each in self.plan.declined)
        if choice.how is How.PRELOAD and left:
            choice = chosen(healthcheck_stays=True)
        self.choices.append(choice)
        if static is not None:
            self._note_configured(name, static, used=choice.option is static.option)
        if choice.option.asks_port:
            return
        self.needs[name] = self._with_values_below(service, choice.option.needs)
        if choice.how is How.SIDECAR:
            self._sidecar(service, choice.option, Mode(ask.mode))

    def client(self, service: ServiceSources) -> None:
        """Note what the clients of a service need to trust the CA; those of nginx ask what its configuration says."""
        name = service.service.name
        place = self._place(name)
        before = self.needs.get(name, Needs())
        runtime = service.runtime[0]
        if runtime in STATIC:
            more = Needs() if before.mounts else self._asking(service)
        else:
            more = trust(runtime, place) if name in self.asking else Needs()
            if name in self.asking and runtime not in RUNTIMES:
                more = Needs(bundles.others(service, place))
                if not more.settings:
                    self.untold.append((name, runtime))
        needs = joined(before, self._with_values_below(service, more))
        if needs != Needs():
            self.needs[name] = needs

    def _asking(self, service: ServiceSources) -> Needs:
        """What nginx needs so that it asks servers over TLS and goes on serving as it does."""
        found = self._configured(service, is_server=False)
        self._note_configured(service.service.name, found, used=True)
        return found.option.needs if isinstance(found.option, Option) else Needs()

    def _configured(self, service: ServiceSources, *, is_server: bool) -> Configured:
        context = replace(service.context, is_server=is_server, uwsgi=frozenset(self.uwsgi))
        return configuration(service, self._place(service.service.name), context)

    def _note_configured(self, name: str, found: Configured, *, used: bool) -> None:
        """Note what the configuration of a service leaves to a person, and the names that it wants of others."""
        self.declined.extend(Declined(CODE, name, each.where, each.reason, each.paste) for each in found.left)
        if isinstance(found.option, str) and found.where is not None:
            paste = f"aicos-tls code apply {name}"
            self.declined.append(Declined(CODE, name, found.where, f"its configuration stays: {found.option}", paste))
        for service, more in found.names if used else ():
            self.names.setdefault(service, []).append(more)

    def set_defaults(self, uncoded: Collection[str]) -> None:
        """Set variables whose default in code, which is not changed, asks a server in plain."""
        served = {choice.service for choice in self.choices if choice.how is not How.NONE}
        if not uncoded or not served:
            return
        self.defaults = defaults(references_in(self.sources), self.sources, uncoded, served)
        for each in self.defaults:
            before = self.needs.get(each.service, Needs())
            self.needs[each.service] = joined(before, Needs((Setting(each.variable, each.after),)))
            self.asking.add(each.service)

    def trusting(self, service: ServiceSources) -> None:
        """Note the variable by which tools that run in Node trust the CA."""
        name = service.service.name
        more = self._with_values_below(service, trust("Node", self._place(name)))
        self.needs[name] = joined(self.needs.get(name, Needs()), more)

    def plain(self, uncoded: Collection[str]) -> Iterator[tuple[str, SourceReference]]:
        """Yield the places where services whose code is not changed still ask in plain."""
        covered = {(each.service, each.where) for each in self.defaults}
        for name, reference in references_in(self.sources):
            if name in uncoded and (name, reference.where) not in covered:
                copied = bool(self.needs.get(name, Needs()).mounts)
                if asks_in_plain(reference, self.sources.services[name].service, copied=copied):
                    yield name, reference

    def served(self) -> Served:
        """Everything together."""
        files = [file for needs in self.needs.values() for file in needs.files]
        files += [file for one in self.sidecars for file in sidecars.files(one)]
        names = {name: tuple(dict.fromkeys(more)) for name, more in self.names.items()}
        wanted = Wanted(self.needs, tuple(self.sidecars), names)
        return Served(
            tuple(self.choices),
            wanted,
            tuple(dict.fromkeys(files)),
            tuple(self.untold),
            edges=tuple(each.edge for each in self.defaults),
            bundles=tuple(dict.fromkeys(self.bundles)),
            declined=tuple(dict.fromkeys(self.declined)),
        )

    def _place(self, name: str) -> Place:
        return Place(self.plan.policy.mount_path, self.plan.short_names[name])

    def _unreadable(self, service: ServiceSources) -> str:
        """Why the user of a container cannot read its key; empty when it can, or when that is not known."""
        if sys.platform != "linux":  # desktop systems show every file as the container's own
            return ""
        image = service.stage.base if service.stage else ("" if service.service.builds else service.service.image or "")
        user = user_of(service.service, image, service.stage)
        name = f"{self.plan.short_names[service.service.name]}-key.pem"
        key = self.plan.project.directory / self.plan.policy.certs_dir / name
        if user is None or user.may_read(key_status(key)):
            return ""
        return f"the container runs as {user.name}{f' ({user.where})' if user.where else ''}, which cannot read the key"

    def _sidecar(self, service: ServiceSources, option: Option, mode: Mode) -> None:
        name = service.service.name
        policy = self.plan.policy
        taken = {*self.plan.project.services, *(one.name for one in self.sidecars)}
        self.sidecars.append(
            Sidecar(
                service=name,
                short_name=self.plan.short_names[name],
                ports=sidecars.port_pairs(option.ports, service.context.ports),
                name=sidecars.name_for(name, taken),
                image=policy.sidecar_image,
                certs_source=policy.certs_source(),
                mount_path=policy.mount_path,
                mode=mode,
                protocols=sidecars.PROTOCOLS[mode],
                profiles=sidecars.profiles(service.service),
            )
        )

    def _with_values_below(self, service: ServiceSources, needs: Needs) -> Needs:
        """The needs with the values that variables have from env files and the image: merged, never lost."""
        image = service.stage.environment if service.stage else {}
        files = {key: value for file in service.service.env_files for key, value in file.values.items()}
        settings = []
        for wanted in needs.settings:
            setting = self._bundled(service, wanted) if wanted.merge is Merge.BUNDLE else wanted
            if setting is None:
                continue
            below = files.get(setting.name) or _known(image.get(setting.name))
            settings.append(replace(setting, below=below) if setting.keeps and below else setting)
        return replace(needs, settings=tuple(settings))

    def _bundled(self, service: ServiceSources, setting: Setting) -> Setting | None:
        """The setting that names a file of theirs and ours; None where theirs cannot be read, which is said."""
        place = self._place(service.service.name)
        found, bundle, reason = bundles.merged(service, setting, place)
        if bundle is not None:
            self.bundles.append(bundle)
        if found is None:
            self.declined.append(bundles.declined(service, setting, reason, place))
        return found


def _uwsgi(sources: Sources, asks: Mapping[str, Ask]) -> dict[str, tuple[int, ...]]:
    """The servers that nginx asks by the uwsgi protocol and that can have a sidecar, with the ports."""
    found: dict[str, set[int]] = {}
    for service in sources.services.values():
        for each in asked(service.of_kind("nginx"), service.environment.values):
            server = sources.servers.get(each.host)
            if server and each.family == UWSGI and each.port is not None:
                found.setdefault(server, set()).add(each.port)
    return {
        name: tuple(sorted(ports))
        for name, ports in found.items()
        if name in asks
        and asks[name].how in (AUTO, How.SIDECAR.value)
        and isinstance(sidecars.sidecar(sources.services[name].service, tuple(ports)), Option)
    }


def _asks_one_of(service: ServiceSources, sources: Sources, asks: Collection[str]) -> bool:
    """Whether an nginx asks a server that is switched by name, so that it has to follow."""
    if service.runtime[0] not in STATIC:
        return False
    hosts = (each.host for each in asked(service.configurations.values(), service.environment.values))
    return any(sources.servers.get(host) in asks for host in hosts)


def _asks_itself(service: ServiceSources, ports: Collection[int]) -> Where | None:
    """The first place in its sources where a service asks itself over plain HTTP; the healthcheck is none of these."""
    if not ports:
        return None
    pattern = re.compile(rf"http://(?:localhost|127\.0\.0\.1|\[::1\]):(?:{'|'.join(map(str, ports))})(?!\d)")
    for path, file in service.files.items():
        match = pattern.search(file.text) if path.suffix in _CODE else None
        if match:
            return file.where(match.start())
    return None


def _known(value: str | None) -> str | None:
    """A value of a Dockerfile without the variables in it: those of base images are not known here."""
    if value is None:
        return None
    parts = [part for part in _VARIABLE.sub("", value).split(":") if part]
    return ":".join(parts) or None


def settings_as_needs(settings: Mapping[str, Mapping[str, str]]) -> Wanted:
    """Variables by service, which their code or their server program reads, as what the compose files need."""
    return Wanted({name: Needs(tuple(Setting(*pair) for pair in each.items())) for name, each in settings.items()})


def joined_wanted(first: Wanted, second: Wanted) -> Wanted:
    """Both together."""
    names = dict.fromkeys((*first.needs, *second.needs))
    needs = {name: joined(first.needs.get(name, Needs()), second.needs.get(name, Needs())) for name in names}
    return Wanted(needs, (*first.sidecars, *second.sidecars), _together(first.names, second.names))


def _together(*given: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The names that certificates get, by service, each once."""
    services = dict.fromkeys(service for names in given for service in names)
    return {
        service: tuple(dict.fromkeys(name for names in given for name in names.get(service, ())))
        for service in services
    }
