"""How long a command may work before it says so, where no terminal is."""

from __future__ import annotations

__all__ = ["BETWEEN_LINES_S", "PATIENCE_S"]

PATIENCE_S = 2.0
"""How long a command that is mostly quick says nothing. [s]"""
BETWEEN_LINES_S = 5.0
"""Least time from a line to the next that says that work goes on. [s]"""
