"""Fuzzes with atheris: `python tests/fuzz/run.py [--seconds 60] [TARGET …]`.

Each target runs in a process of its own, since libFuzzer ends it. What it learns stays in the corpus directory; what breaks a
law, takes longer than ten seconds or more than a gigabyte is written to `crashes/` there, and the exit code is 1. Where
atheris cannot be had, hypothesis tries the same laws, and that is said.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
SECONDS_OF_ONE = 10
MEGABYTES = 1_024
LARGEST = 4_096
"""Bytes of an input."""


def main() -> int:
    """Fuzz each target that is named, or all; 1 when one of them broke a law."""
    from fuzz.targets import NAMES

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[*NAMES, []], metavar="TARGET", help=", ".join(NAMES))
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--corpus", type=Path, default=Path(".fuzz"), help="directory of what was learned")
    parser.add_argument("--runs", type=int, default=-1, help="for each target, with the same random numbers each time")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        fuzz(options.targets[0], options.corpus, options.seconds, options.runs)
    if importlib.util.find_spec("atheris") is None:
        print("atheris cannot be had here (extra `fuzz`): hypothesis tries the same laws, without coverage to guide it")
        return hypothesis(options.targets, options.seconds)
    names = options.targets or NAMES
    failed = [name for name in names if not fuzzed(name, options.corpus, options.seconds, options.runs)]
    if failed:
        print(f"broke a law: {', '.join(failed)}; the inputs are in {options.corpus / 'crashes'}")
    return int(bool(failed))


def fuzzed(name: str, corpus: Path, seconds: int, runs: int) -> bool:
    """Fuzz one target in a process of its own, and say what came of it; whether all its laws held."""
    began = time.monotonic()
    log = corpus / f"{name}.log"
    corpus.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        limits = ["--corpus", str(corpus), "--seconds", str(seconds), "--runs", str(runs)]
        done = subprocess.run(
            [sys.executable, __file__, "--one", *limits, name],
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
    lines = log.read_text(errors="replace").splitlines()
    count = next((line.split()[1] for line in lines if line.startswith("stat::number_of_executed_units")), "?")
    print(
        f"{name:<16} {count:>10} runs in {time.monotonic() - began:6.1f} s{'' if not done.returncode else '  FAILED'}",
        flush=True,
    )
    if done.returncode:
        print("\n".join(lines[-40:]))
    return not done.returncode


def fuzz(name: str, corpus: Path, seconds: int, runs: int) -> None:
    """Fuzz one target in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(include=["aicos_tls"]):
        from fuzz.targets import target

        chosen = target(name)
    learned, crashes, start = corpus / name, corpus / "crashes", corpus / "seeds" / name
    for directory in (learned, crashes, start):
        directory.mkdir(parents=True, exist_ok=True)
    for seed in chosen.seeds():
        (start / sha256(seed).hexdigest()[:16]).write_bytes(seed)
    words = corpus / f"{name}.dict"
    words.write_text("".join(map(_entry, chosen.TOKENS)))
    arguments = [
        sys.argv[0],
        str(learned),
        str(start),
        f"-dict={words}",
        f"-artifact_prefix={crashes}/{name}-",
        f"-max_total_time={seconds}",
        f"-runs={runs}",
        *(["-seed=1"] if runs > 0 else []),
        f"-timeout={SECONDS_OF_ONE}",
        f"-rss_limit_mb={MEGABYTES}",
        f"-max_len={LARGEST}",
        "-print_final_stats=1",
        "-verbosity=1",
    ]
    atheris.Setup(arguments, chosen.check)
    atheris.Fuzz()


def _entry(token: str) -> str:
    """A token as a line of a dictionary of libFuzzer."""
    written = "".join(f"\\x{byte:02x}" for byte in token.encode())
    return f'"{written}"\n'


def hypothesis(names: list[str], seconds: int) -> int:
    """Run the test of the harnesses for longer."""
    wanted = ["-k", " or ".join(names)] if names else []
    environment = {**os.environ, "AICOS_TLS_FUZZ_SECONDS": str(seconds)}
    command = [sys.executable, "-m", "pytest", "-q", str(TESTS / "fuzz"), *wanted]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
