"""Reports keep no one out: axe-core finds nothing serious, by day, by night and on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe import barriers
from browser import BROWSER, Browser, browsing
from test_report import changed
from test_study_report import frontier_folder, stochastic_folder, sweep_folder

from planner.outputs.report import comparison_html, report_html, stochastic_html, studies_html
from planner.outputs.study_folders import StoredFrontier, StoredStochastic, StoredSweep, read_study

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from planner.runs import Run

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium is installed")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module")
def pages(run: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write a page of each kind."""
    home = tmp_path_factory.mktemp("pages")
    sweep, frontier, stochastic = (
        read_study(of)
        for of in (sweep_folder(home / "sweep"), frontier_folder(home / "carbon"), stochastic_folder(home / "ways"))
    )
    assert isinstance(sweep, StoredSweep)
    assert isinstance(frontier, StoredFrontier)
    assert isinstance(stochastic, StoredStochastic)
    texts = {
        "report": report_html(run),
        "comparison": comparison_html([run, changed(run, new_key="<b>a & b</b>")]),
        "studies": studies_html(sweep, [frontier]),
        "stochastic": stochastic_html(stochastic),
    }
    for kind, text in texts.items():
        (home / f"{kind}.html").write_text(text, encoding="utf-8")
    return {kind: home / f"{kind}.html" for kind in texts}


LOOKS = {
    "desktop": {"width": 1280, "height": 900},
    "dark": {"width": 1280, "height": 900, "dark": True},
    "phone": {"width": 390, "height": 800},
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("kind", ["report", "comparison", "studies", "stochastic"])
def test_axe_finds_nothing_serious(browser: Browser, pages: dict[str, Path], kind: str, look: str) -> None:
    browser.window(**LOOKS[look])
    browser.open(pages[kind].as_uri())
    # What is folded away is read too.
    browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")

    assert barriers(browser) == []


def test_axe_would_find_a_barrier(browser: Browser, pages: dict[str, Path]) -> None:
    browser.window(**LOOKS["desktop"])
    browser.open(pages["report"].as_uri())
    browser.run(
        "document.querySelector('footer').style.color = '#c9d1d9'; document.documentElement.removeAttribute('lang')"
    )

    found = {one.split(": ")[1] for one in barriers(browser)}

    assert found == {"color-contrast", "html-has-lang"}
