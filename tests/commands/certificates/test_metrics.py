"""`certs metrics`: what Prometheus gets, held against promtool; nothing vanishes because it has expired."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from doctor_seeds import reissue, revocation_list
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from support import dies_at, need

from aicos_tls.commands.certificates import metrics
from aicos_tls.errors import TlsError
from aicos_tls.pki.certificate import load
from aicos_tls.report.metrics import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support import Run

NOW = datetime.now(UTC)
MONITORING = Path(__file__).parents[3] / "templates/monitoring"
Values = dict[tuple[str, str], float]


def values(exposed: str) -> Values:
    """The values by metric (without prefix) and certificate."""
    families = text_string_to_metric_families(exposed)
    found = (sample for family in families for sample in family.samples)
    return {(s.name.removeprefix(metrics.PREFIX), s.labels.get("certificate", "")): s.value for s in found}


def collected(now: datetime = NOW) -> Values:
    return values(text(metrics.collect([], {}, None, now=now, environment={})).decode())


def ends(shop: Path, name: str) -> float:
    return load((shop / f"certs/{name}-cert.pem").read_bytes()).not_valid_after_utc.timestamp()


def test_dates_of_every_certificate_and_of_the_ca(shop: Path, run: Run) -> None:
    shown = run("certs", "metrics")
    assert shown.code == 0
    found = values(shown.out)
    for name in ("ca", "api", "web", "job"):
        assert found["certificate_expiry_timestamp_seconds", name] == ends(shop, name)
        assert found["certificate_present", name] == 1
        assert found["certificate_problems", name] == 0
        made = found["certificate_renewed_timestamp_seconds", name]
        assert abs(made - (NOW - timedelta(days=300)).timestamp()) < 600
    assert found["stack_up", ""] == 0
    assert found["collection_failed", ""] == 0
    assert abs(found["collected_timestamp_seconds", ""] - datetime.now(UTC).timestamp()) < 60


def test_promtool_finds_no_fault_with_them(shop: Path, run: Run) -> None:
    revocation_list(shop, "api", now=NOW)
    shown = run("certs", "metrics", "--no-served")
    command = [need("promtool"), "check", "metrics"]
    done = subprocess.run(command, input=shown.out, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_an_expired_certificate_goes_on_saying_when(shop: Path) -> None:
    reissue(shop, "api", ("shop-api",), NOW - timedelta(days=200), days=100)
    found = collected()
    assert found["certificate_expiry_timestamp_seconds", "api"] == ends(shop, "api") < NOW.timestamp()
    assert found["certificate_problems", "api"] == 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(-800, 8000))
def test_the_same_metrics_whatever_the_time(shop: Path, days: int) -> None:
    assert shop.is_dir()
    assert set(collected(NOW + timedelta(days=days))) == set(collected())


def test_what_is_missing_revoked_or_broken(shop: Path) -> None:
    revocation_list(shop, "api", now=NOW)
    (shop / "certs/web-cert.pem").unlink()
    (shop / "certs/job-key.pem").write_text("rubbish")
    found = collected()
    assert found["certificate_revoked", "api"] == 1
    assert found["certificate_revoked", "job"] == 0
    assert found["certificate_present", "web"] == 0
    assert found["certificate_problems", "job"] == 1
    assert found["crl_revoked_certificates", ""] == 1
    assert found["crl_lifetime_seconds", ""] == 30 * 86_400


def test_a_rotation_is_known(shop: Path, run: Run) -> None:
    assert shop.is_dir()
    assert ("ca_rotation_started_timestamp_seconds", "") not in collected()
    run("certs", "rotate-ca", "trust")
    assert ("ca_rotation_started_timestamp_seconds", "") in collected()


def test_the_file_is_replaced_at_once(shop: Path, run: Run) -> None:
    path = shop.parent / "out" / "aicos.prom"
    path.parent.mkdir()
    assert run("certs", "metrics", "--no-served", "--textfile", path).code == 0
    assert path.stat().st_mode & 0o777 == 0o644
    first = path.read_text()
    for step in itertools.count(1):
        died = dies_at(step, ["certs", "metrics", "--no-served", "--textfile", os.fspath(path)])
        assert set(values(path.read_text())) == set(values(first))
        if not died:
            break
    assert step > 4
    assert list(path.parent.iterdir()) == [path]
    assert path.read_text() != first
    assert run("certs", "metrics", "--textfile", shop / "none/x.prom").code == 2


def test_a_project_that_cannot_be_read_leaves_the_file(shop: Path, run: Run) -> None:
    path = shop.parent / "aicos.prom"
    run("certs", "metrics", "--no-served", "--textfile", path)
    before = path.read_bytes()
    (shop / "docker-compose.yml").write_text("services: [")
    assert run("certs", "metrics", "--no-served", "--textfile", path).code == 2
    assert path.read_bytes() == before


def test_it_listens_on_loopback_until_it_is_stopped(shop: Path) -> None:
    command = [sys.executable, "-m", "aicos_tls", "certs", "metrics", "--listen", "0", "--no-served"]
    with subprocess.Popen(command, cwd=shop, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        for _ in range(2):
            with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own
                found = values(answer.read().decode())
            assert found["certificate_expiry_timestamp_seconds", "api"] == ends(shop, "api")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_options_that_make_no_sense(shop: Path, run: Run) -> None:
    assert shop.is_dir()
    for wrong in ("x", "70000", "127.0.0.1:", "127.0.0.1:x"):
        assert run("certs", "metrics", "--listen", wrong).code == 2
    assert run("certs", "metrics", "--listen", "1", "--textfile", "x").code == 2


def test_a_port_that_is_taken(shop: Path, run: Run) -> None:
    import socket

    assert shop.is_dir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = run("certs", "metrics", "--no-served", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert (refused.code, "cannot listen at" in refused.err) == (2, True)


def test_a_look_that_fails_leaves_the_last_figures_and_says_so() -> None:
    sample = metrics.Sample("collected_timestamp_seconds", (("project", "p"),), 1.0)
    good = metrics.Sample("collection_failed", (("project", "p"),), 0.0)
    answers: list[object] = [(good, sample), TlsError("gone"), TlsError("gone"), TlsError("other"), (good, sample)]
    clock = itertools.count(0.0, 10.0)
    said: list[str] = []

    def look() -> tuple[metrics.Sample, ...]:
        answer = answers.pop(0)
        if isinstance(answer, TlsError):
            raise answer
        assert isinstance(answer, tuple)
        return answer

    latest = metrics.Latest(look, lambda error: said.append(error.message), age=15.0, clock=lambda: next(clock))
    assert latest() == (good, sample)
    found = [latest() for _ in range(8)]
    assert said == ["gone", "other"]
    failed = [{each.name: each.value for each in samples}["collection_failed"] for samples in found]
    assert failed[-1] == 0.0
    assert 1.0 in failed
    assert all(samples[-1] == sample for samples in found)
    empty = metrics.Latest(lambda: (_ for _ in ()).throw(TlsError("x")), said.append, age=1, clock=lambda: 0.0)  # type: ignore[arg-type]
    with pytest.raises(TlsError):
        empty()


class TestMonitoring:
    """Alert rules and the dashboard."""

    def test_they_are_printed(self, run: Run) -> None:
        assert run("certs", "metrics", "--print", "rules").out == (MONITORING / "rules.yml").read_text()
        assert json.loads(run("certs", "metrics", "--print", "dashboard").out)["title"]

    def test_they_use_metrics_that_there_are(self) -> None:
        import re

        for path in MONITORING.iterdir():
            used = set(re.findall(r"aicos_tls_(\w+)", path.read_text()))
            assert used <= set(metrics.HELP), path.name
            assert used

    def test_promtool_takes_the_rules_and_they_fire_when_they_should(self, tmp_path: Path) -> None:
        rules = MONITORING / "rules.yml"
        subprocess.run([need("promtool"), "check", "rules", rules], check=True, capture_output=True)
        (tmp_path / "tests.yml").write_text(json.dumps(rule_tests(rules)))
        done = subprocess.run(
            [need("promtool"), "test", "rules", tmp_path / "tests.yml"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def test_promtool_takes_the_expressions_of_the_dashboard(self, tmp_path: Path) -> None:
        board = json.loads((MONITORING / "dashboard.json").read_text())
        expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
        assert len(expressions) >= 8
        made = [{"record": f"r{n}", "expr": e.replace("$project", ".*")} for n, e in enumerate(expressions)]
        (tmp_path / "r.yml").write_text(json.dumps({"groups": [{"name": "g", "rules": made}]}))
        subprocess.run([need("promtool"), "check", "rules", tmp_path / "r.yml"], check=True, capture_output=True)


DAY = 86_400


def rule_tests(rules: Path) -> dict[str, object]:
    """One certificate of 90 days from time 0 on, seen at several times; its metrics are the same at all of them."""

    def series(name: str, value: float, labels: Mapping[str, str] | None = None) -> dict[str, str]:
        more = {"project": "p", "certificate": "api", "service": "s", **(labels or {})}
        inner = ",".join(f'{key}="{text}"' for key, text in more.items())
        return {"series": f"aicos_tls_{name}{{{inner}}}", "values": f"{value}x200"}

    every = [
        series("certificate_expiry_timestamp_seconds", 90 * DAY),
        series("certificate_lifetime_seconds", 90 * DAY),
        series("certificate_present", 1),
        series("certificate_problems", 0),
        series("certificate_revoked", 0),
        series("served_matches_file", 0, {"container": "c", "port": "1"}),
        series("served_tls", 1, {"container": "c", "port": "1"}),
        series("collected_timestamp_seconds", 80 * DAY),
    ]

    def fires(alert: str, day: int, times: int) -> dict[str, object]:
        samples = [{"labels": "{}", "value": times}] if times else []
        return {"expr": f'count(ALERTS{{alertname="{alert}"}})', "eval_time": f"{day}d", "exp_samples": samples}

    checks = [
        fires("TlsCertificateNotRenewed", 70, 0),
        fires("TlsCertificateNotRenewed", 76, 1),
        fires("TlsCertificateExpired", 89, 0),
        fires("TlsCertificateExpired", 91, 1),
        fires("TlsCertificateExpired", 150, 1),
        fires("TlsServedCertificateOld", 2, 1),
        fires("TlsMetricsStale", 80, 0),
        fires("TlsMetricsStale", 81, 1),
        fires("TlsCertificateMissing", 91, 0),
        fires("TlsCertificateRevoked", 91, 0),
    ]
    test = {"interval": "1d", "input_series": every, "promql_expr_test": checks}
    return {"rule_files": [str(rules)], "evaluation_interval": "1d", "tests": [test]}
