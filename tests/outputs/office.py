"""LibreOffice without a window, with a profile of its own that recomputes every formula."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SOFFICE = shutil.which("soffice")

_ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"
 xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode"
 oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


def recalculated(workbook: Path, folder: Path) -> Path:
    """Open a workbook in LibreOffice, recompute all its formulas, and save it as a new one."""
    return _converted(workbook, folder, "xlsx")


def printed(workbook: Path, folder: Path) -> Path:
    """Open a workbook in LibreOffice, recompute it, and print it whole, as a PDF."""
    return _converted(workbook, folder, "pdf")


def _converted(workbook: Path, folder: Path, ending: str) -> Path:
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_ALWAYS_RECALCULATE)
    out = folder / "recalculated"
    command = [
        str(SOFFICE),
        f"-env:UserInstallation={profile.as_uri()}",
        "--headless",
        "--convert-to",
        ending,
        "--outdir",
        str(out),
        str(workbook),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    assert "rror" not in done.stdout + done.stderr.replace("javaldx", "")
    return out / f"{workbook.stem}.{ending}"
