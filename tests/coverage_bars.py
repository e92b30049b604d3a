"""The bars that branch coverage must clear (`make cover`): 100 % where data can be lost, 95 % elsewhere."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

CAREFUL = frozenset({"yamledit", "plan", "planner", "rules", "proof", "override", "rollback", "disk", "pki"})
BARS = {True: 100.0, False: 95.0}


def main(report: Path) -> int:
    """Print one line for each part of the package and return 1 when one of them is below its bar."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, file in json.loads(report.read_text())["files"].items():
        path = Path(name)
        if "aicos_tls" in path.parts:
            part = path.parts[path.parts.index("aicos_tls") + 1].removesuffix(".py")
            summary = file["summary"]
            counts[part][0] += summary["covered_lines"] + summary["covered_branches"]
            counts[part][1] += summary["num_statements"] + summary["num_branches"]
    failed = False
    for part, (covered, all_of_it) in sorted(counts.items()):
        percent = 100 * covered / all_of_it if all_of_it else 100.0
        bar = BARS[part in CAREFUL]
        failed |= percent < bar
        sys.stdout.write(f"{'  ' if percent >= bar else 'X '}{part:<14} {percent:6.2f} %  (bar {bar:.0f})\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
