"""Ctrl-C while processes start."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

from planner.base.paths import apart_from_ctrl_c


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is done there")
def test_ctrl_c_waits_until_processes_have_started_whichever_thread_gets_it() -> None:
    ended, steps = threading.Event(), list[str]()

    def start() -> None:
        with apart_from_ctrl_c():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)
            steps.append("started")

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    other = threading.Thread(target=ended.wait)  # which does not block the signal
    other.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            start()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        ended.set()
        other.join()
        signal.signal(signal.SIGINT, before)

    assert steps == ["started"]
