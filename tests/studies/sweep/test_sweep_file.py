"""The file of a sweep: axes, samples and lists become futures; every mistake has its place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from planner.base.errors import InputError
from planner.lp import HighsSession
from planner.model import build_model
from planner.runs.settings import from_shipped
from planner.studies.sweep.axes import Sample, changed_tree, unit_points
from planner.studies.sweep.file import SweepFile, read_file, shipped_sweeps
from planner.studies.sweep.futures import inputs_of, read_sweep

CHECK = Path(__file__).parents[2] / "check"
HEAD = "version: 1\nbase: tiny\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "ways.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def read(folder: Path, text: str) -> SweepFile:
    file = read_file(written(folder, text))
    assert file.problems == ()
    return file


def problems(path: Path) -> list[str]:
    with pytest.raises(InputError) as raised:
        read_sweep(path)
    return [str(problem).replace(f"{path}:", "") for problem in raised.value.problems]


PRICE = "new_sites.north.retail_usd_per_mwh"


def test_axes_make_a_grid_with_the_last_one_fastest(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        f"""axes:
  price: {{key: {PRICE}, values: [42, 47.5]}}
  late: {{key: lead_times.interconnection_delay_months, range: {{from: 3, to: 9, step: 3}}}}
""",
    )

    assert [future.labels for future in file.futures] == [
        {"price": price, "late": late} for price in (42, 47.5) for late in (3, 6, 9)
    ]
    assert file.futures[4].name == "price=47.5, late=6"
    tree = changed_tree(file.draft.tree, file.futures[4]).children
    assert tree["new_sites"].children["north"].children["retail_usd_per_mwh"].value == 47.5
    assert tree["lead_times"].children["interconnection_delay_months"].value == 6


def test_listed_futures_of_a_name_that_the_axes_make_are_refused(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        f"""axes:
  price: {{key: {PRICE}, values: [42, 47]}}
futures:
  price=42: {{}}
  usual: {{}}
  unmet: {{demand: {{unmet: forbid}}}}
""",
    )

    assert problems(path) == [
        "6:3: a future is called 'price=42'; must be another name; the axes make one of this name; take another name"
    ]


def test_a_range_may_be_given_by_its_count(tmp_path: Path) -> None:
    file = read(tmp_path, f"axes:\n  price: {{key: {PRICE}, range: {{from: 41, to: 44, count: 4}}}}\n")

    assert [future.labels["price"] for future in file.futures] == [41, 42, 43, 44]


def test_levels_set_several_keys_at_once_and_a_list_names_futures(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        """set:
  demand: {unmet_usd_per_h100e_hour: 23}
axes:
  power:
    levels:
      as it is:
      scarce: {new_sites: {north: {land_limit_mw: 14}, south: {land_limit_mw: 33}}}
futures:
  ../far: {new_sites: {coast: {land_limit_mw: 37}}}
runs: [power=scarce]
""",
    )

    assert [future.name for future in file.futures] == ["power=as it is", "power=scarce", "../far"]
    assert file.runs == {"power=scarce"}
    limits = [
        {
            site: node.children["land_limit_mw"].value
            for site, node in changed_tree(file.draft.tree, future).children["new_sites"].children.items()
        }
        for future in file.futures
    ]
    assert limits == [
        {"north": 30, "south": 70, "coast": 50},
        {"north": 14, "south": 33, "coast": 50},
        {"north": 30, "south": 70, "coast": 37},
    ]
    of_all = file.draft.tree.children["demand"].children["unmet_usd_per_h100e_hour"]
    assert of_all.value == 23


@pytest.mark.parametrize("method", ["latin_hypercube", "sobol"])
def test_a_sample_stays_between_the_ends_and_is_that_of_its_seed(tmp_path: Path, method: str) -> None:
    text = f"""axes:
  price: {{key: {PRICE}, between: [41.5, 63.5]}}
  late: {{key: lead_times.interconnection_delay_months, between: [2, 5]}}
  age: {{key: cascade.min_age_years, between: [2, 5]}}
  unmet: {{key: demand.unmet, values: [allow, forbid]}}
sample: {{method: {method}, size: 32, seed: %d}}
"""
    one, same, other = ([future.labels for future in read(tmp_path, text % seed).futures] for seed in (7, 7, 8))

    assert one == same
    assert one != other
    assert len(one) == 32
    assert all(41.5 <= labels["price"] < 63.5 for labels in one)
    # Each strip of 22 / 32 USD/MWh is met once, and so is each of 3 / 32 months: ends may be
    # integers where the setting takes fractions.
    for axis, low, width in (("price", 41.5, 22 / 32), ("late", 2, 3 / 32)):
        assert len({int((labels[axis] - low) / width) for labels in one}) == 32
    for axis, values in (("age", (2, 3, 4, 5)), ("unmet", ("allow", "forbid"))):
        counts = [sum(labels[axis] == value for labels in one) for value in values]
        assert counts == [32 / len(values)] * len(values)


def test_sobol_has_a_sample_for_each_seed() -> None:
    drawn = unit_points(Sample(method="sobol", size=8, seed=3), axes=2)

    assert drawn.shape == (8, 2)
    assert (drawn == unit_points(Sample(method="sobol", size=8, seed=3), axes=2)).all()


def test_figures_move_between_their_own_low_and_high(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        """axes:
  rack: {table: racks, column: capex_usd, row: gb200_nvl72}
  halls: {table: facility_market, column: index, values: [low, high]}
""",
    )

    by_end = {future.labels["rack"]: future for future in file.futures}
    assert len(file.futures) == 3 * 2
    (low, value, high) = sorted(by_end)
    figure, moved = by_end[high].figures[0]
    assert (figure.table, figure.column) == ("racks", "capex_usd")
    assert (low, value, high, moved) == (figure.low, figure.value, figure.high, figure.high)
    assert {future.labels["halls"] for future in file.futures} == {"low", "high"}


def test_figures_that_a_future_moves_are_named_with_what_differs(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text("version: 1\nextends: tiny\nrent: {allow: true}\n", encoding="utf-8")
    path = tmp_path / "ways.yaml"
    path.write_text(
        """version: 1
base: mine.yaml
axes:
  rack: {table: racks, column: capex_usd, row: gb200_nvl72}
  halls: {table: facility_market, column: index, values: [low]}
""",
        encoding="utf-8",
    )
    sweep = read_sweep(path)

    said = {}
    for question in sweep.questions:
        inputs = inputs_of(question, sweep.tables[question.tables_key])
        assert question.scenario is not None
        shipped = from_shipped(question.scenario, inputs.sha256, inputs.moved)
        assert shipped is not None
        assert shipped["scenario"] == "tiny"
        said[question.future.labels["rack"]] = shipped["differs"]

    figure, _ = sweep.questions[0].future.points["rack"].figures[0]
    for rack, differs in said.items():
        assert differs.pop("rent.allow") == "true"
        assert differs.pop("data.facility_market.index")  # of every market there is
        moved = set() if rack == figure.value else {"data.racks.capex_usd"}
        assert differs.keys() == moved
        assert all(value.startswith(f"{rack:.10g} of ") for value in differs.values())


def test_integer_figures_are_drawn_as_integers_each_as_likely(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        """axes:
  sold until: {table: racks, column: last_year, row: gb200_nvl72}
  price: {table: racks, column: capex_usd, row: gb200_nvl72}
sample: {method: latin_hypercube, size: 40, seed: 5}
""",
    )

    figure = file.axes[0].points[0].figures[0][0]
    years = [future.labels["sold until"] for future in file.futures]
    every = list(range(int(figure.low), int(figure.high) + 1))
    assert len(every) > 1
    assert {year: years.count(year) for year in every} == pytest.approx(dict.fromkeys(every, 40 / len(every)), abs=1)
    prices = {future.labels["price"] for future in file.futures}
    assert len(prices) == 40
    assert any(price % 1.0 for price in prices)


def test_shipped_sweeps_have_no_problems() -> None:
    assert "tiny" in shipped_sweeps()
    for name in shipped_sweeps():
        assert read_file(name).problems == ()


def test_all_futures_of_the_sweep_of_tiny_but_the_one_without_land_have_a_plan() -> None:
    sweep = read_sweep("tiny")

    found = {
        question.name: HighsSession(build_model(inputs_of(question, sweep.tables[question.tables_key])).problem).solve()
        for question in sweep.questions
    }

    status = {name: outcome.status for name, outcome in found.items()}
    assert status.pop("all chat on the coast, no land") == "infeasible"
    assert list(status.values()) == ["optimal"] * 6


def test_every_published_path_has_campuses_in_2030() -> None:
    sweep = read_sweep("us-grid-demand")

    assert len({question.name for question in sweep.questions}) == 84
    for question in sweep.questions:
        assert question.problems == ()
        assert question.scenario is not None
        assert question.scenario.siting.block_from_year == {"train_frontier": 2030}
    lowest = next(one for one in sweep.questions if "deloitte_us_ai" in one.name)
    inputs = inputs_of(lowest, sweep.tables[lowest.tables_key])
    block = inputs.siting.block
    is_training = block["workload"] == block.axis("workload").code("train_frontier")
    assert set(block.select(is_training, "training").labels("year")) == {"2030"}
    assert not any("block_from_year" in str(noted) for noted in inputs.noted_settings)


def test_sixty_futures_of_us_base_balance_delay_gas_and_efficiency() -> None:
    sweep = read_sweep("us-grid-options")

    assert len({question.name for question in sweep.questions}) == 60
    options: dict[object, list[object]] = {}
    for question in sweep.questions:
        assert question.problems == ()
        assert question.scenario is not None
        of = question.scenario
        assert of.siting.block_from_year == {"train_frontier": 2028}
        option = (
            of.lead_times.interconnection_delay_months,
            0 if of.supply.bridge is None else len(of.supply.bridge.sources),
            bool(of.levers.allow),
        )
        options.setdefault(option, []).append((of.demand.trajectory, question.begins_at))
    assert {len(futures) for futures in options.values()} == {15}
    assert set(options) == {(0, 0, False), (12, 3, False), (0, 3, True), (12, 0, True)}
    begin = [at for futures in options.values() for _, at in futures]
    assert sum(not at for at in begin) == 20  # the others differ from one in headroom alone


def test_every_mistake_is_named_at_once_with_its_place(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """axis: {}
axes:
  price:
    key: new_sites.north.retail_usd_per_mw
    values: [42]
  late:
    key: lead_times.interconnection_delay_months
    range: {from: 3, to: 9, step: 4}
  status:
    key: demand.unmet
    values: [allow, allow]
  none: {values: [2]}
  far: {key: years, between: [2, 5]}
  rack: {table: racks, column: capex_usd, row: gb200_nvl}
sample: {method: sobol, size: 12, seed: -4}
runs: some
""",
    )

    assert [line.partition("; meaning: ")[0] for line in problems(path)] == [
        "3:1: unknown key 'axis'; must be a key of the schema; did you mean 'axes'?",
        "6:10: axes.price.key is text 'new_sites.north.retail_usd_per_mw'; must be a key of the schema:"
        " new_sites.north.retail_usd_per_mw is none, did you mean 'retail_usd_per_mwh'? Its unit is [USD/MWh]",
        "10:35: axes.late.range.step is 4; must be a part of 6 that makes at most 10,000 values",
        "11:3: axes has the key 'status'; must be another name: table futures has a column 'status'",
        "13:5: axes.status.values is [allow, allow]; must be a list without repeats, but allow is there more than once",
        "14:3: axes.none is a mapping; must be given one of key, levels and table",
        "16:48: the row of the axis is 'gb200_nvl'; must be a row of figures with a low and a high;"
        " did you mean 'gb200_nvl72'?",
        "17:31: sample.size is 12; must be a power of 2 with sobol, as 8 or 16",
        "17:41: sample.seed is -4; must be at least 0",
        "18:7: runs is text 'some'; must be 'all' or 'none'",
    ]


def test_a_future_is_another_one_once_a_file_that_is_no_table_has_changed(tmp_path: Path) -> None:
    own = tmp_path / "mine.csv"
    shutil.copy(CHECK / "own_rtt.csv", own)
    path = tmp_path / "ways.yaml"
    path.write_text(
        f"""version: 1
base: {CHECK}/rich.yaml
set:
  latency:
    {{rtt_table: mine.csv, own_rtt_fill_missing: true, own_rtt_includes_last_mile: true}}
futures: {{as it is: }}
""",
        encoding="utf-8",
    )
    names = []
    for content in (own.read_text(), own.read_text(), own.read_text().replace("\n", "\r\n")):
        own.write_bytes(content.encode())
        names += [question.file_name for question in read_sweep(path).questions]

    assert names[0] == names[1] != names[2]


def test_values_that_fit_no_setting_are_found_before_a_solve(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        f"""axes:
  price: {{key: {PRICE}, values: [42, -3, cheap]}}
  zone:
    levels:
      here: {{new_sites: {{north: {{like: us-tx-dalas}}}}}}
futures:
  late: {{years: [2027, 2026]}}
  too much: {{siting: {{at_most_sites: 2, exactly_sites: 3, whole_openings: true}}}}
""",
    )

    assert problems(path) == [
        "4:65: new_sites.north.retail_usd_per_mwh is -3; must be above 0 [USD/MWh]; meaning:"
        " Delivered price of a flat load. [USD/MWh]",
        "4:69: new_sites.north.retail_usd_per_mwh is text 'cheap'; must be a number [USD/MWh];"
        " meaning: Delivered price of a flat load. [USD/MWh]",
        "7:40: unknown site 'us-tx-dalas'; must be an id of table sites; did you mean 'us-tx-dallas'?",
        "9:10: years is [2027, 2026]; must be strictly increasing; meaning: Model years; each"
        " stands for itself and the years up to the next, the last for one.",
        "10:38: exactly_sites and at_most_sites are both given; must be one of them; remove one of the two",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 1\n", "base is missing"),
        ("version: 1\nbase: tny\naxes: {}\n", "2:7: no shipped scenario is called 'tny'"),
        (
            "version: 1\nbase: ./gone\nfutures: {a: }\n",
            "2:7: the scenario '{home}/gone' cannot be read: No such file or directory; must be a file; check the path",
        ),
        ("version: 2\nbase: tiny\nfutures: {a: }\n", "1:10: version is 2"),
        ("version: 1\nbase: tiny\n", "the sweep has no futures"),
        ("version: 1\nbase: ways.yaml\nfutures: {a: }\n", "2:1: unknown key 'base'; must be a key of the schema"),
        (
            "version: 1\nextends: tiny\ndemand: {unmet: forbid}\n",
            "2:1: unknown key 'extends'; must be a key of the schema; known here: version, title, question, base",
        ),
        (
            "version: 1\nbase: tiny\ndemand: {unmet: forbid}\nfutures: {a: }\n",
            "3:1: unknown key 'demand'; must be a key of the schema; known here: version, title, question, base, set",
        ),
    ],
)
def test_a_file_that_is_no_sweep_says_so(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "ways.yaml"
    path.write_text(text, encoding="utf-8")

    assert any(said.replace("{home}", str(tmp_path)) in problem for problem in problems(path))


def test_a_file_that_is_not_there_is_called_a_sweep(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    with pytest.raises(InputError, match=f"the sweep '{missing}' cannot be read: No such file"):
        read_sweep(missing)


def test_too_many_futures_are_counted_not_made(tmp_path: Path) -> None:
    many = ", ".join(str(value) for value in range(40, 140))
    axes = "".join(
        f"  {name}: {{key: new_sites.{name}.retail_usd_per_mwh, values: [{many}]}}\n"
        for name in ("north", "south", "coast")
    )
    path = written(tmp_path, f"axes:\n{axes}")

    assert problems(path) == [
        "3:1: the axes make 1,000,000 futures; must be at most 10,000; take fewer values, or draw a sample"
    ]


def test_what_is_implausible_is_warned_of_and_a_future_has_one_thread(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        f"""set: {{solver: {{threads: 7}}}}
axes:
  price: {{key: {PRICE}, values: [42, 0.047]}}
""",
    )

    sweep = read_sweep(path)

    assert ["5:65: " in str(warning) for warning in sweep.warnings] == [True]
    threads = [one.scenario.solver.threads for one in sweep.questions if one.scenario]
    assert threads == [1, 1]
    assert sweep.questions[1].scenario is not None
    assert sweep.questions[1].scenario.name == "price=0.047"
