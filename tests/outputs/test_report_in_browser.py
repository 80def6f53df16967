"""The report in a browser without network: no request, no error, and controls that work."""

from __future__ import annotations

import html
import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from browser import BROWSER, browsing

from planner.outputs.report import report_html

if TYPE_CHECKING:
    from pathlib import Path

    from planner.runs import Run

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium is installed")

# Stands before the policy of the page, which allows no script but its own: what goes wrong, and
# which requests the policy stops.
WATCH = """
window.found = {errors: []};
addEventListener("error", (event) => found.errors.push(event.message));
addEventListener("securitypolicyviolation", (event) => found.errors.push(event.blockedURI));
"""
# Once the page is there: uses the controls and writes down what is seen then.
USE = """
addEventListener("load", () => {
const seen = (selector) => [...document.querySelectorAll(selector)]
  .filter((one) => one.getClientRects().length > 0);
const fire = (one, kind) => one.dispatchEvent(new Event(kind, {bubbles: true}));
found.year = document.querySelector("#map-year-shown").textContent;
found.circles = seen("circle.site").length;
found.keys = seen(".key-colouring").map((one) => one.dataset.colouring);
const slider = document.querySelector("#map-year");
slider.value = "0";
fire(slider, "input");
found.firstYear = document.querySelector("#map-year-shown").textContent;
found.firstCircles = seen("circle.site").length;
found.said = slider.getAttribute("aria-valuetext");
const carbon = document.querySelector("input[value=carbon]");
carbon.click();
found.carbonKeys = seen(".key-colouring").map((one) => one.dataset.colouring);
const circle = seen("circle.site").at(-1);
circle.dispatchEvent(new MouseEvent("click", {bubbles: true}));
found.picked = document.querySelector(".picked").textContent;
found.reach = document.querySelectorAll("#reach details[open] tbody tr").length;
found.width = document.documentElement.scrollWidth;
found.window = innerWidth;
found.focusable = seen("a[href], input, select, summary, [tabindex='0']").length;
fetch("https://example.org/").catch(() => {});
setTimeout(() => {
  const out = document.createElement("pre");
  out.id = "found";
  out.textContent = JSON.stringify(found);
  document.body.append(out);
}, 500);
});
"""


def used(run: Run, folder: Path, width: int) -> dict[str, Any]:
    """Open a report, use its controls, and return what was found."""
    assert BROWSER is not None
    text = report_html(run)
    policy = '<meta http-equiv="Content-Security-Policy"'
    watched = text.replace(policy, f"<script>{WATCH}{USE}</script>{policy}", 1)
    file = folder / "report.html"
    file.write_text(watched, encoding="utf-8")
    command = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={width},800",
        "--virtual-time-budget=2000",
        "--dump-dom",
        file.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stderr
    content: dict[str, Any] = json.loads(html.unescape(found[1]))
    return content


def test_controls_work_and_nothing_is_asked_for(run: Run, tmp_path: Path) -> None:
    found = used(run, tmp_path, 1280)

    # The one request that is tried here is the one that the policy stops.
    assert found["errors"] == ["https://example.org/"]
    assert (found["year"], found["firstYear"], found["said"]) == ("2030", "2025", "2025")
    # Site NA has no load in 2025, its first year.
    assert (found["circles"], found["firstCircles"]) == (9, 8)
    assert (found["keys"], found["carbonKeys"]) == (["use"], ["carbon"])
    assert "2025" in found["picked"]
    assert "MW" in found["picked"]
    assert found["reach"] > 1
    assert found["focusable"] > 10


def test_paper_has_what_is_folded_away_and_the_site_that_is_chosen(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(report_html(run), encoding="utf-8")
    seen = "getComputedStyle(document.querySelector('#reach details:not([open])')).display"
    opened = "document.querySelectorAll('details[open]').length"

    with browsing(tmp_path / "profile") as browser:
        browser.window(1280, 900)
        browser.open(file.as_uri())
        browser.run("document.querySelector('#reach details').open = true")
        on_screen = (browser.run(seen), browser.run(opened))
        browser.run("dispatchEvent(new Event('beforeprint'))")
        browser.call("Emulation.setEmulatedMedia", media="print")
        folded = browser.run(
            "[...document.querySelectorAll('details:not([open])')]"
            ".filter((one) => !one.closest('figure, #reach')).length"
        )
        on_paper = (browser.run(seen), browser.run(opened))
        browser.run("dispatchEvent(new Event('afterprint'))")
        after = browser.run(opened)

    assert on_screen == ("block", 1)
    assert on_paper[0] == "none"
    assert on_paper[1] > 2
    assert folded == 0
    assert after == 1


def test_tables_of_a_page_of_a4_are_no_wider_than_it(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(report_html(run), encoding="utf-8")

    with browsing(tmp_path / "profile") as browser:
        browser.window(703, 900)  # 210 mm less margins of 12 mm, at 96 pixels an inch
        browser.open(file.as_uri())
        browser.run("dispatchEvent(new Event('beforeprint'))")
        browser.call("Emulation.setEmulatedMedia", media="print")
        cut = browser.run(
            "[...document.querySelectorAll('.scroll')].filter((one) =>"
            " one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent.slice(0, 80))"
        )

    assert cut == []


def test_a_phone_shows_whole_amounts_at_axes_and_where_a_table_goes_on(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(report_html(run), encoding="utf-8")

    with browsing(tmp_path / "profile") as browser:
        browser.window(390, 800)
        browser.open(file.as_uri())
        axes = browser.run("getComputedStyle(document.querySelector('svg.axes')).overflow")
        shadows = browser.run("getComputedStyle(document.querySelector('.scroll')).backgroundAttachment")

    assert axes == "visible"
    assert shadows == "local, local, scroll, scroll"


def test_a_phone_need_not_scroll_sideways(run: Run, tmp_path: Path) -> None:
    found = used(run, tmp_path, 500)  # the least that a window of chromium has

    assert found["width"] <= found["window"]
