"""`python -m planner`: the command `dcplan` where its folder is not on PATH, as in a notebook."""

from __future__ import annotations

from planner.cli import start

if __name__ == "__main__":
    start()
