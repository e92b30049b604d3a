"""Where a project keeps what this program must remember."""

from __future__ import annotations

from typing import Final

STATE_DIRECTORY: Final = ".aicos-tls"
"""Name of the directory beside the compose file that holds the record, and the lock and the journal during a run."""
