"""Tasks for workers, which import them by name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from planner.base.errors import InfeasibleError
from planner.outputs.files import staging
from planner.serve.jobs import ASKED_TO_STOP


def quick(tell: Any, given: str) -> dict[str, Any]:
    tell(stage="Counting", text="one of two", share=0.5)
    tell(warning="a price is implausible")
    return {"run": given, "message": "kept a file"}


def infeasible(tell: Any, given: str) -> dict[str, Any]:
    raise InfeasibleError(given)


def broken(tell: Any, given: str) -> dict[str, Any]:
    tell(stage="Breaking")
    raise ZeroDivisionError(given)


def until_stopped(tell: Any, given: str) -> dict[str, Any]:
    tell(stage=given)
    stopped = ASKED_TO_STOP.wait(60.0)
    return {"message": "the best so far" if stopped else "nobody asked"}


def killed(tell: Any, given: str) -> dict[str, Any]:
    tell(stage="Dying")
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def unsendable(tell: Any, given: str) -> dict[str, Any]:
    return {"run": lambda: given}


def writing(tell: Any, given: Path) -> dict[str, Any]:
    """Begin to write a run, and never end."""
    with staging(given) as partial:
        (partial / "half").write_text("a run", encoding="utf-8")
        tell(stage="Writing")
        time.sleep(600)
    return {}


def with_child(tell: Any, given: Path) -> dict[str, Any]:
    """Start a process of its own, and wait for it."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as child:
        given.write_text(str(child.pid), encoding="utf-8")
        tell(stage="Waiting")
    return {}


def stubborn(tell: Any, given: Path) -> dict[str, Any]:
    """Do not end when asked to."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    tell(stage="Staying")
    time.sleep(600)
    return {}
