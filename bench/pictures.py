"""Take the pictures of reports and pages that the documentation shows, in a headless chromium.

    python bench/pictures.py RUN

RUN is a stored run of us-base, by its name in runs/ or its folder. Plans and futures of tiny are
solved on the way. The pictures are written to docs/img/; look at them before they are committed.
It needs chromium, pdftoppm (poppler) and convert (ImageMagick).
"""

from __future__ import annotations

import base64
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser import Browser, browsing  # noqa: E402

from planner.cli import main as dcplan  # noqa: E402

IMAGES = ROOT / "docs" / "img"
DESK, PHONE = 1280, 390
MORE_LAND = "new_sites.north.land_limit_mw=60"


def take(browser: Browser, address: str, name: str, size: tuple[int, int], *, dark: bool = False) -> None:
    """Open a page and keep what is seen of it in a window of a size."""
    browser.window(*size, dark=dark)
    browser.open(address)
    keep(base64.b64decode(browser.call("Page.captureScreenshot", format="png")["data"]), name)


def print_first_page(browser: Browser, address: str, name: str) -> None:
    """Print a page on A4 and keep a picture of the first sheet."""
    browser.window(DESK, 900)
    browser.open(address)
    paper = {"paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": True}
    pdf = base64.b64decode(browser.call("Page.printToPDF", **paper)["data"])
    command = ["pdftoppm", "-r", "80", "-png", "-singlefile", "-f", "1", "-"]
    keep(subprocess.run(command, input=pdf, check=True, stdout=subprocess.PIPE).stdout, name)


def keep(picture: bytes, name: str) -> None:
    """Write a picture with a palette, a third as large as in full colour."""
    command = ["convert", "-", "-dither", "None", "-colors", "255", "-strip", f"png8:{IMAGES / name}"]
    subprocess.run(command, input=picture, check=True)


def run(*words: str) -> None:
    dcplan(["-q", *words], standalone_mode=False)


def main() -> None:
    of_base = sys.argv[1]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        runs = str(folder / "runs")
        base, pair, sweep = (folder / f"{name}.html" for name in ("base", "pair", "sweep"))
        run("report", of_base, "-o", str(base))
        run("solve", "tiny", "-o", runs)
        run("solve", "tiny", "--set", MORE_LAND, "-o", runs)
        tiny, more = sorted((folder / "runs").glob("tiny-*"), key=lambda one: one.stat().st_mtime)
        run("report", str(tiny), str(more), "-o", str(pair))
        run("sweep", "tiny", "-o", str(folder / "sweeps" / "tiny"))
        run("report", str(folder / "sweeps" / "tiny"), "-o", str(sweep))
        with browsing(folder / "profile") as browser:
            browser.call("Emulation.setScrollbarsHidden", hidden=True)
            take(browser, base.as_uri(), "us-base-report.png", (DESK, 845))
            take(browser, base.as_uri(), "us-base-report-dark.png", (DESK, 845), dark=True)
            take(browser, base.as_uri(), "us-base-report-phone.png", (PHONE, 1420))
            print_first_page(browser, base.as_uri(), "us-base-report-print.png")
            take(browser, f"{pair.as_uri()}#map-section", "tiny-compared.png", (DESK, 940))
            take(browser, sweep.as_uri(), "tiny-sweep.png", (DESK, 860))


if __name__ == "__main__":
    main()
