"""Tests by programs that an image has, in the place of one that it lacks: the same question, by other means.

One line each, in the exec form, so that no shell is needed. The programs are those of `ASKERS`; what they are called
with is known to `rewrite`, which has nothing to add to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.healthchecks.model import Form, Test, Trust, TrustPaths

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from aicos_tls.healthchecks.question import Question


def instead(
    question: Question,
    programs: Collection[str],
    trust: Trust = Trust.INSECURE,
    paths: TrustPaths | None = None,
    *,
    secure: bool = True,
) -> Test | None:
    """The test that asks `question` with the first of `programs` that can; None when none of them can.

    `secure`: over HTTPS, as `trust` and `paths` say; otherwise over plain HTTP. None, too, where a client certificate
    is demanded: what has to load one is no line that can be read at a glance.
    """
    if secure and trust is Trust.MUTUAL:
        return None
    for program in programs:
        written = ASKERS[program](question, trust, paths or TrustPaths()) if secure else _PLAIN[program](question)
        if written is not None:
            return Test(Form.EXEC, written)
    return None


def _node(question: Question, trust: Trust, paths: TrustPaths) -> tuple[str, ...]:
    checking = f"ca:require('fs').readFileSync('{paths.ca}')" if trust.verifies else "rejectUnauthorized:false"
    return _node_code(question, "https", f",{{{checking}}}")


def _node_code(question: Question, module: str, options: str) -> tuple[str, ...]:
    address = question.address(secure=module == "https")
    good = "process.exit(r.statusCode<400?0:1)" if question.strict else "process.exit(0)"
    code = f"require('{module}').get('{address}'{options},r=>{good}).on('error',()=>process.exit(1))"
    return "node", "-e", code


def _python(question: Question, trust: Trust, paths: TrustPaths) -> tuple[str, ...] | None:
    address = question.address(secure=True)
    if not question.strict:
        return None
    checking = f"create_default_context(cafile='{paths.ca}')" if trust.verifies else "_create_unverified_context()"
    return "python", "-c", f"import ssl,urllib.request as r;r.urlopen('{address}',context=ssl.{checking},timeout=5)"


def _wget(question: Question, trust: Trust, paths: TrustPaths) -> tuple[str, ...] | None:
    """BusyBox: it can be given no CA (BusyBox 1.36, `wget --help`), and every failure is the same one to it."""
    del paths
    if trust is not Trust.INSECURE or not question.strict:
        return None
    return "wget", "-q", "--no-check-certificate", "-O", "/dev/null", question.address(secure=True)


def _plain_python(question: Question) -> tuple[str, ...] | None:
    address = question.address(secure=False)
    return ("python", "-c", f"import urllib.request as r;r.urlopen('{address}',timeout=5)") if question.strict else None


def _plain_wget(question: Question) -> tuple[str, ...] | None:
    address = question.address(secure=False)
    return ("wget", "-q", "-O", "/dev/null", address) if question.strict else None


ASKERS: dict[str, Callable[[Question, Trust, TrustPaths], tuple[str, ...] | None]] = {
    "node": _node,
    "python": _python,
    "wget": _wget,
}
"""What asks over HTTPS, by the name of the program."""
_PLAIN: dict[str, Callable[[Question], tuple[str, ...] | None]] = {
    "node": lambda question: _node_code(question, "http", ""),
    "python": _plain_python,
    "wget": _plain_wget,
}
