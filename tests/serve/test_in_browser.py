"""The pages in a browser: from a form to a report, by mouse and by keyboard, asking nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tasks
from axe import barriers
from browser import BROWSER, Browser, browsing
from client import Client
from test_jobs import at, over, wait

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium is installed")
# The answer to a form with a mistake in it; a browser notes every answer of that kind.
REFUSED = "Failed to load resource: the server responded with a status of 422"


@pytest.fixture
def browser(client: Client, tmp_path: Path) -> Iterator[Browser]:
    """Return a browser that has opened the printed address."""
    with browsing(tmp_path / "profile") as browser:
        browser.window(1280, 900)
        browser.open(f"{at_server(client)}/?token={client.service.keys.address}")
        yield browser


def at_server(client: Client) -> str:
    return f"http://127.0.0.1:{client.port}"


def complaints(browser: Browser) -> list[str]:
    return [said for said in browser.complaints if not said.startswith(REFUSED)]


def elsewhere(browser: Browser, client: Client) -> list[str]:
    ours = (f"{at_server(client)}/", "data:", "about:")
    return [address for address in browser.requests if not address.startswith(ours)]


def named(keys: str) -> str:
    """Return the selector of a field."""
    return f'[id="f-{keys}"]'


def test_the_key_is_not_left_in_the_address(client: Client, browser: Browser) -> None:
    assert browser.run("location.href") == f"{at_server(client)}/"
    assert browser.run("document.cookie") == ""  # scripts cannot read it


def test_a_scenario_is_changed_solved_and_read(client: Client, browser: Browser, folder: Path) -> None:
    browser.open(f"{at_server(client)}/scenarios/tiny")
    browser.type("#find", "land_limit_mw")
    browser.wait("document.getElementById('found').textContent === '3 settings'")
    browser.type(named("new_sites.north.land_limit_mw"), "-5")
    assert browser.run("document.querySelectorAll('.field.changed').length") == 1
    browser.click("button[value=solve]")
    browser.wait("document.querySelector('#summary')")
    said = browser.run("document.querySelector('#summary').textContent")
    assert re.search(r"(?s)1 problem to fix.*land_limit_mw is -5; must be at least 0", said)
    browser.wait("document.activeElement.id === 'summary'")
    assert barriers(browser) == []
    browser.click("#summary a")
    browser.wait("document.activeElement.id === 'f-new_sites.north.land_limit_mw'")

    browser.type(named("new_sites.north.land_limit_mw"), "41")
    browser.run("window.isOld = true")
    browser.click("button[value=solve]")
    browser.loaded()
    assert "/jobs/" in browser.run("location.pathname")
    browser.wait("document.querySelector('#live a.button')")  # by its script, without a click
    browser.run("window.isOld = true")
    browser.click("#live a.button")
    browser.loaded()

    assert browser.run("document.querySelector('h1').textContent") == "tiny-2"
    assert (folder / "tiny-2.yaml").is_file()
    # The report's own script runs under the policy of its hash.
    assert browser.run("document.querySelector('.controls').hidden") is False
    browser.run(
        "(() => { const one = document.querySelector('#map-year'); one.value = '0';"
        " one.dispatchEvent(new Event('input')); })()"
    )
    assert browser.run("document.querySelector('#map-year-shown').textContent") == "2027"
    assert complaints(browser) == []
    assert elsewhere(browser, client) == []


def test_a_solve_is_cancelled(client: Client, browser: Browser, folder: Path) -> None:
    job = client.service.jobs.start("Write", tasks.writing, folder / "runs")
    wait(lambda: at(job, "Writing"))
    browser.open(f"{at_server(client)}/jobs/{job.id}")
    browser.wait("document.querySelector('#said').textContent === 'Writing'")

    browser.run("window.isOld = true")
    browser.click("#live button")
    browser.loaded()
    browser.wait("document.querySelector('#live').textContent.includes('Nothing of it was')")

    assert over(job).state == "cancelled"
    assert complaints(browser) == []


def test_a_site_is_placed_by_a_click(client: Client, browser: Browser) -> None:
    browser.open(f"{at_server(client)}/scenarios/us-base#f-new_sites")
    browser.wait("document.querySelector('#place-map').getBoundingClientRect().height > 0")

    browser.click("#place-map")
    browser.wait("document.querySelector('#new-lat').value")

    # The middle of the sheet is where its projection has its middle.
    place = browser.run("['lat', 'lon'].map((key) => +document.getElementById(`new-${key}`).value)")
    assert place == pytest.approx([37.5, -96.0], abs=1.5)
    assert browser.run("document.querySelector('#new-country').value") == "US"
    browser.type("#new-name", "Mine & <b>yours")
    browser.type(named("new_sites.-2b-"), "mine")
    browser.run("window.isOld = true")
    browser.key("Enter")  # the first button is to check, so a site is not added by it
    browser.loaded()
    assert browser.run("document.querySelector('#summary h2').textContent") == "No problem found"
    assert complaints(browser) == []


def test_it_goes_by_keyboard_alone(client: Client, browser: Browser, run: str) -> None:
    browser.open(f"{at_server(client)}/")
    seen = []
    for _ in range(9):
        browser.key("Tab")
        seen.append(browser.run("document.activeElement.textContent || document.activeElement.name"))

    assert seen[:5] == ["Skip to the content", "Runs", "Scenarios", "Sweeps", "Solves"]
    assert seen[5:8] == ["run", "tiny", "Compare chosen runs"]


def test_ids_are_chosen_from_a_list(client: Client, browser: Browser) -> None:
    browser.open(f"{at_server(client)}/scenarios/tiny#f-racks.allow")
    browser.wait("document.activeElement.id === 'f-racks.allow'")
    field = "document.querySelector('[id=\"f-racks.allow\"]')"

    browser.run(f"{field}.parentElement.querySelector('.picker').open = true")
    browser.wait(f"{field}.parentElement.querySelectorAll('.picker input').length > 5")
    browser.run(
        f"[...{field}.parentElement.querySelectorAll('.picker label')]"
        ".find((one) => one.textContent.trim() === 'hgx_b200_air').querySelector('input').click()"
    )

    assert browser.run(f"{field}.value") == "gb200_nvl72, hgx_b200_air"


PATHS = ["/", "/scenarios", "/scenarios/tiny", "/sweeps", "/jobs", "/runs/{run}", "/runs/{run}/files"]


@pytest.mark.parametrize("dark", [False, True])
def test_every_page_fits_a_phone_and_each_field_has_a_name(
    client: Client, browser: Browser, run: str, dark: bool
) -> None:
    browser.window(390, 800, dark=dark)
    for path in PATHS:
        browser.open(at_server(client) + path.format(run=run))
        browser.run("document.querySelectorAll('.group').forEach((one) => { one.open = true; })")

        assert browser.run("document.documentElement.scrollWidth") <= 390, path
        nameless = browser.run(
            "[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]"
            ".filter((one) => !one.labels.length && !one.ariaLabel).map((one) => one.outerHTML)"
        )
        assert nameless == []
        doubled = browser.run(
            "(() => { const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);"
            " return ids.filter((id, at) => ids.indexOf(id) !== at); })()"
        )
        assert doubled == []
        paper = browser.run("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(20, 25, 31)") == dark
    assert complaints(browser) == []
    assert elsewhere(browser, client) == []


@pytest.mark.parametrize("look", ["desktop", "dark", "phone"])
def test_axe_finds_nothing_serious(client: Client, browser: Browser, run: str, look: str) -> None:
    browser.window(390 if look == "phone" else 1280, 900, dark=look == "dark")
    job = client.service.jobs.start("Write", tasks.writing, client.service.project.folder / "runs")
    wait(lambda: at(job, "Writing"))
    for path in [*PATHS, f"/jobs/{job.id}", "/sweeps/tiny", "/compare"]:
        browser.open(at_server(client) + path.format(run=run))
        browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")

        assert barriers(browser) == [], path
    client.service.jobs.cancel(job)
