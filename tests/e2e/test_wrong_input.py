"""Wrong scenarios and tables: exit code 2, every problem at its place, and nothing is written."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from project import MINI, Project

# File, then line and column where there are any; what is; what must be.
PROBLEM = re.compile(r"^(mini\.yaml|a\.yaml|rtt\.csv|data/\w+\.\w+)(:\d+(:\d+)?)?: \S.*")

Mistake = Callable[[Project], object]

_LINES = (MINI / "mini.yaml").read_text(encoding="utf-8").splitlines()
END = len(_LINES) + 1  # what is appended stands here


def line_of(start: str) -> int:
    """Return the line, counted from 1, that begins so."""
    (number,) = [n for n, line in enumerate(_LINES, 1) if line.startswith(start)]
    return number


SITES = line_of("  sites:")

IN_SCENARIOS: dict[str, tuple[Mistake, list[str]]] = {
    "an unknown key": (
        lambda p: p.append("operater: {demand_share_frac: 0.3}"),
        [f"mini.yaml:{END}:1: unknown key 'operater'; must be a key of the schema; did you mean"],
    ),
    "no YAML": (lambda p: p.append("carbon: {cap_kt: [}"), [f"mini.yaml:{END}:19: this is not YAML:"]),
    "a bomb of aliases": (
        lambda p: p.append(
            "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + "\n".join(f"{c}: &{c} [{', '.join([f'*{d}'] * 10)}]" for d, c in ("ab", "bc", "cd"))
            + "\ne: [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]"
        ),
        [f"mini.yaml:{END + 4}:33: the file expands to more than 100000 values; must be smaller;"],
    ),
    "an unknown rack": (
        lambda p: p.append("racks: {exclude: [air25]}"),
        [f"mini.yaml:{END}:19: unknown rack 'air25'; must be an id of table racks; did you mean"],
    ),
    "racks that work above their full work": (
        lambda p: p.append("workloads: {chat: {utilisation_frac: 0.64}}"),
        [
            f"mini.yaml:{END}:38: chat: utilisation_frac times the highest hour of its shape is 1.",
            f"mini.yaml:{END}:38: chat: utilisation_frac x peak_over_mean_frac is 1.024; must be a",
        ],
    ),
    "a class whose racks do other work": (
        lambda p: p.append(
            "workloads: {train: {racks: [chip26]}}\nracks: {override: {chip26: {training_h100e: null}}}"
        ),
        [f"mini.yaml:{END}:13: no rack that train may run on has a throughput for training; must"],
    ),
}

IN_TABLES: dict[str, tuple[Mistake, list[str]]] = {
    "an unknown zone": (
        lambda p: p.cell("sites", 1, "zone", "wset"),
        ["data/sites.csv:3:60: zone is wset; must be an id of grid_zones.zone; did you mean 'west"],
    ),
    "a number with its unit": (
        lambda p: p.cell("zone_headroom", 1, "headroom_mw", "1,900 MW"),
        ["data/zone_headroom.csv:3:10: headroom_mw is 1,900 MW; must be a number [MW];"],
    ),
    "a measured round trip faster than light": (
        lambda p: p.cell("rtt_measured", 0, "rtt_ms", "2.4"),
        ["data/rtt_measured.csv:2:52: Phoenix to Dallas: 2.4 ms over 1168 km; must be at least 11.44 ms"],
    ),
    "a round trip of one's own faster than light": (
        lambda p: (
            p.write("rtt.csv", "from,to,rtt_ms\nbay,oak,7.3\nmesa,oak,3.5\n"),
            p.append("latency: {rtt_table: rtt.csv, own_rtt_fill_missing: true}"),
        ),
        ["rtt.csv:3:10: mesa to oak: 3.5 ms over 3128 km; must be at least 30.63 ms, light in fibre;"],
    ),
    "a header alone": (
        lambda p: p.write_rows("levers", p.rows("levers"), only_header=True),
        ["data/levers.csv:2:1: there is no row under the header; must be at least one row"],
    ),
    "a file that is not there": (
        lambda p: p.table("sites").unlink(),
        [f"mini.yaml:{SITES}:10: data.sites is 'data/sites.csv'; must be a file; check the path;"],
    ),
    "a workbook that is none": (
        lambda p: (
            p.write("data/sites.xlsx", "site,name\n"),
            p.replace("mini.yaml", "data/sites.csv", "data/sites.xlsx"),
        ),
        ["data/sites.xlsx: the workbook cannot be opened (File is not a zip file); must be an .xl"],
    ),
    "a figure missing that a scenario needs": (
        lambda p: p.write_rows("finance", p.rows("finance")[1:]),
        ["data/finance.csv: wacc_nominal is missing for world; must be a row for it or for `world"],
    ),
    "a class that no rack is admitted for": (
        lambda p: p.write_rows("workload_racks", [r for r in p.rows("workload_racks") if r["workload"] != "chat"]),
        ["data/workload_racks.csv: no rack that chat may run on has a throughput for inference; m"],
    ),
}

MISTAKES = [
    pytest.param(*mistake, id=f"{where}: {name}")
    for where, mistakes in (("scenario", IN_SCENARIOS), ("table", IN_TABLES))
    for name, mistake in mistakes.items()
]


@pytest.mark.parametrize(("make", "problems"), MISTAKES)
def test_a_mistake_ends_with_2_names_its_place_and_leaves_no_file(
    project: Project, make: Mistake, problems: list[str]
) -> None:
    make(project)
    before = project.files()

    result = project.dcplan("-q", "solve", "mini.yaml")

    lines = result.stderr.splitlines()
    assert (result.exit_code, result.stdout) == (2, ""), result.stderr
    assert [line[: len(start)] for line, start in zip(lines, problems, strict=True)] == problems
    assert all(PROBLEM.match(line) for line in lines)
    assert project.files() == before


@pytest.mark.parametrize(
    "make",
    [
        IN_SCENARIOS["an unknown rack"][0],
        IN_SCENARIOS["a class whose racks do other work"][0],
        IN_TABLES["an unknown zone"][0],
        IN_TABLES["a file that is not there"][0],
        IN_TABLES["a figure missing that a scenario needs"][0],
    ],
    ids=["id", "together", "cell", "file", "row"],
)
def test_validate_finds_what_solve_would_find(project: Project, make: Mistake) -> None:
    make(project)

    solved = project.dcplan("-q", "solve", "mini.yaml")
    validated = project.dcplan("validate", "mini.yaml")

    assert (validated.exit_code, validated.stderr) == (2, solved.stderr)


def test_mistakes_in_several_tables_are_named_together(project: Project) -> None:
    project.cell("racks", 0, "capex_usd", "-3000000")
    project.cell("sites", 0, "zone", "esat")
    project.cell("sites", 2, "lat", "456")

    result = project.dcplan("-q", "solve", "mini.yaml")

    assert result.exit_code == 2
    assert [line.split(";")[0] for line in result.stderr.splitlines()] == [
        "data/racks.csv:2:61: capex_usd is -3000000",
        "data/sites.csv:2:58: zone is esat",
        "data/sites.csv:4:36: lat is 456",
    ]


@pytest.mark.parametrize("command", [["validate"], ["-q", "solve"]], ids=["validate", "solve"])
def test_mistakes_of_scenario_and_tables_are_named_together(project: Project, command: list[str]) -> None:
    project.append("sites: {oka: {land_limit_mw: -5}}")
    project.cell("racks", 0, "capex_usd", "-3000000")

    result = project.dcplan(*command, "mini.yaml")

    assert result.exit_code == 2
    assert [line.split(";")[0] for line in result.stderr.splitlines()] == [
        "data/racks.csv:2:61: capex_usd is -3000000",
        f"mini.yaml:{END}:30: sites.oka.land_limit_mw is -5",
    ]


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("years=[2027,2025]", "--set years=[2027,2025]: years is [2027, 2025]; must be strictly"),
        ("racks.exclude=[air25]", "--set racks.exclude=[air25]: unknown rack 'air25'; must be an"),
        ("slot_h=3", "--set slot_h=3: unknown key 'slot_h'; must be a key of the schema; did you"),
        ("years", "--set years: "),
    ],
)
def test_a_wrong_setting_is_named_as_it_was_typed(project: Project, setting: str, problem: str) -> None:
    before = project.files()

    result = project.dcplan("-q", "solve", "mini.yaml", "--set", setting)

    assert result.exit_code == 2
    assert result.stderr.startswith(problem)
    assert project.files() == before


def test_a_file_in_the_place_of_the_runs_folder_is_refused_before_solving(project: Project) -> None:
    project.write("runs", "mine")
    before = project.files()

    result = project.dcplan("-q", "solve", "mini.yaml")

    assert result.exit_code == 2
    assert "'runs' is a file" in result.stderr
    assert project.files() == before
