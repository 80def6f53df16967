"""Exports of a run: one writer per format."""

from planner.outputs.writers import WRITERS

__all__ = ["WRITERS"]
