"""axe-core in a page of a browser: what it finds that keeps people from using the page."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from browser import Browser

_GRAVE = ("serious", "critical")


def barriers(browser: Browser) -> list[str]:
    """Return what axe finds serious or critical in the page that is open, and where."""
    # The package is there for the script alone: it drives Playwright, which nothing here needs.
    script = files("axe_playwright_python").joinpath("axe.min.js")
    browser.run(script.read_text(encoding="utf-8"))
    found = browser.run("axe.run({resultTypes: ['violations']})")
    assert len(found["passes"]) > 15  # it has looked at the page
    return [
        f"{rule['impact']}: {rule['id']}: {node['html'][:200]}: {node.get('failureSummary')}"
        for rule in found["violations"]
        if rule["impact"] in _GRAVE
        for node in rule["nodes"]
    ]
