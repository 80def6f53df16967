"""README and tour say what is: every command, every scenario, and what is seen on the way."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from planner.base.paths import SCENARIOS_DIR
from planner.cli import COMMANDS, main
from planner.outputs import WRITERS

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
TOUR = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
FIRST_HOUR = (ROOT / "docs" / "first-hour.md").read_text(encoding="utf-8")
LIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
# What of the pages is meant to go wrong.
GOES_WRONG = {
    "dcplan validate tiny --set demand": 2,
    "dcplan -q solve tiny --set demand": 3,
    "dcplan validate more-land.yaml --set": 2,
}


def test_the_readme_lists_every_command_and_no_other() -> None:
    listed = re.findall(r"^\| `dcplan ([\w-]+)", README, flags=re.MULTILINE)

    assert listed == list(COMMANDS)


def test_the_readme_lists_every_scenario_and_no_other() -> None:
    heading = README.index("| scenario | asks |")
    table = README[heading : README.index("\n\n", heading)]
    listed = re.findall(r"^\| `([\w.-]+)` \|", table, flags=re.MULTILINE)

    assert sorted(listed) == sorted(path.stem for path in SCENARIOS_DIR.glob("*.yaml"))


def test_the_readme_names_every_format() -> None:
    (line,) = re.findall(r"^\| `dcplan export RUN` \| (.*) \|$", README, flags=re.MULTILINE)

    assert set(re.findall(r"\w+", line)) >= set(WRITERS)


def test_what_the_readme_shows_in_python_is_so() -> None:
    failed, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False, encoding="utf-8", verbose=False)

    assert (failed, tried) == (0, 4)


def anchors(page: Path) -> set[str]:
    """What a link can lead to within a page: its headings as code hosts spell them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in headings}


@pytest.mark.parametrize("page", sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")]))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target:
            file, _, anchor = target.partition("#")
            other = page.parent / file if file else page
            assert other.exists(), target
            assert not anchor or anchor in anchors(other), target


def test_the_tour_works_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert follow(TOUR) >= 8


def test_the_first_hour_works_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in re.findall(r"^```yaml\n# (\S+)\n(.*?)^```", FIRST_HOUR, re.M | re.S):
        Path(name).write_text(text, encoding="utf-8")

    assert follow(FIRST_HOUR) >= 10


def test_the_first_hour_installs_as_the_readme_does() -> None:
    (with_make, with_pip) = re.findall(r"^```sh\n(.*?)^```", FIRST_HOUR, re.M | re.S)
    *steps, activate = with_make.splitlines()
    *pip, activate_too = with_pip.splitlines()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert activate == activate_too == "source .venv/bin/activate"
    assert steps == ["make plan"]
    assert "\nplan:" in makefile
    assert len(pip) == 2
    assert all(f"\n    {line}\n" in README for line in pip)


def follow(page: str) -> int:
    """Do what a page shows, and find that all of it is seen; return how many steps that takes."""
    blocks = re.findall(r"^```console\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    steps = [step.partition("\n") for block in blocks for step in block.split("$ ")[1:]]
    for command, _, shown in steps:
        result = CliRunner().invoke(main, shlex.split(command)[1:])

        codes = [code for start, code in GOES_WRONG.items() if command.startswith(start)]
        assert [result.exit_code] == (codes or [0]), result.output
        seen = result.output.replace("\r", "")
        assert doctest.OutputChecker().check_output(shown, seen, LIKE), f"{command}\n{seen}"
    return len(steps)
