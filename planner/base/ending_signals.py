"""Signals that end a program from outside, and what is said of each."""

from __future__ import annotations

import signal
from typing import Final

__all__ = ["ENDING_SIGNALS"]

ENDING_SIGNALS: Final = {
    getattr(signal, name): message
    for name, message in (("SIGINT", "interrupted"), ("SIGTERM", "terminated"), ("SIGHUP", "hung up"))
    if hasattr(signal, name)  # Windows has no SIGHUP
}
"""Message by number: of Ctrl-C, of a scheduler of jobs or a system that shuts down, and of a
terminal that closes."""
