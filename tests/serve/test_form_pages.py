"""A scenario is changed in the form, each mistake is beside its field, and what is saved solves."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from client import Answer, Client
from test_form_fields import NAUGHTY
from test_jobs import over

from planner.scenario import load_scenario, shipped_names
from planner.scenario.tree import plain
from planner.scenario.yaml12 import parse
from planner.serve.draft import BaseScenario, FormDraft, name_of
from planner.serve.fields import groups
from planner.serve.project import Project

UNMET = name_of(("demand", "unmet_usd_per_h100e_hour"))


def typed(page: str) -> dict[str, str]:
    """Return what a browser would send of a form."""
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]*>", page):
        found = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if "name" in found and found.get("type") != "checkbox":
            fields[html.unescape(found["name"])] = html.unescape(found.get("value", ""))
    for name, content in re.findall(r'<textarea[^>]* name="([^"]*)"[^>]*>(.*?)</textarea>', page, re.S):
        fields[html.unescape(name)] = html.unescape(content[1:]).replace("\n", "\r\n")
    for name, content in re.findall(r'<select name="([^"]*)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected>', content)
        assert chosen is not None, name
        fields[html.unescape(name)] = html.unescape(chosen[1])
    return fields


def send(client: Client, scenario: str, do: str, **changed: str) -> Answer:
    fields = typed(client.get(f"/scenarios/{scenario}").text)
    return client.post(f"/scenarios/{scenario}", {**fields, **changed, "do": do})


def beside(page: str, keys: str) -> str:
    """Return what is said beside a field."""
    found = re.search(rf'<div id="said-f-{re.escape(keys)}">(.*?)</div>', page, re.S)
    return html.unescape(re.sub("<[^>]*>", "", found[1])) if found else ""


@pytest.mark.parametrize("scenario", ["tiny", "us-base", "us-247-cfe"])
def test_a_form_that_nobody_typed_into_changes_nothing(client: Client, scenario: str) -> None:
    saved = send(client, scenario, "save")

    assert saved.status == 422
    assert "Nothing is changed yet" in saved.text


@pytest.mark.parametrize("scenario", shipped_names())
def test_every_scenario_is_shown_as_it_is(tmp_path: Path, scenario: str) -> None:
    source = Project(tmp_path).source(scenario)
    assert source is not None
    draft = FormDraft(BaseScenario(source))
    shown = {name_of(of.keys): draft.before(of, of.keys) for group in groups() for of in group.fields}
    for group in groups():
        for cards in group.cards:
            for identifier in draft.ids(cards):
                for of in cards.fields:
                    keys = (*cards.keys, identifier, *of.keys)
                    shown[name_of(keys)] = draft.before(of, keys)

    assert FormDraft(draft.base, shown).settings() == ({}, [])


def test_what_is_changed_is_saved_as_a_scenario_of_its_own(client: Client, folder: Path) -> None:
    answer = send(
        client,
        "tiny",
        "save",
        name="Pricey, <b>",
        title="=1+1",
        question="What if?",
        **{UNMET: "31.5", name_of(("new_sites", "north", "land_limit_mw")): "44"},
    )

    assert (answer.status, answer.headers["Location"]) == (303, "/scenarios")
    file = folder / "pricey-b.yaml"
    assert file.read_text(encoding="utf-8") == (
        "# Changed from tiny with dcplan serve.\n"
        "version: 1\n"
        "extends: tiny\n"
        'title: "=1+1"\n'
        'question: "What if?"\n'
        "demand:\n"
        "  unmet_usd_per_h100e_hour: 31.5\n"
        "new_sites:\n"
        "  north:\n"
        "    land_limit_mw: 44\n"
    )
    made = load_scenario(file)
    assert (made.title, made.demand.unmet_usd_per_h100e_hour) == ("=1+1", 31.5)
    assert made.new_sites["north"].land_limit_mw == 44
    assert made.new_sites["south"].land_limit_mw == 70
    assert "pricey-b.yaml" in client.get("/scenarios").text
    assert {path.name for path in folder.iterdir()} == {"pricey-b.yaml", "runs"}


def test_no_file_is_ever_replaced(client: Client, folder: Path) -> None:
    (folder / "tiny-2.yaml").write_text("mine", encoding="utf-8")

    answer = send(client, "tiny", "save", name="tiny 2", **{UNMET: "31.5"})

    assert answer.status == 422
    assert "tiny-2.yaml is there already" in beside(answer.text, "name")
    assert (folder / "tiny-2.yaml").read_text(encoding="utf-8") == "mine"
    assert 'value="31.5"' in answer.text  # what was typed is still there


WRONG = {
    "operator.demand_share_frac": ("7", "7; must be at most 1"),
    "demand.scale_frac": ("2027: 1.5, 2027: 2", "given twice"),
    "demand.unmet_usd_per_h100e_hour": ("", "must be"),
    "time.peak_hotter_k": ("a little", "must be"),
    "grid.headroom_scale_frac": ("{2027: 1.5", "must be"),
    "years": ("2027, 2026", "strictly increasing"),
    "carbon.cap_kt": ("-4", "at least 0"),
    "demand.explicit": ("- {workload: chat_interactive, unit: mw}", "must be"),
    "decisions_start": ("soon", "a date such as"),
    "time.peak_month": ("13", "at most 12"),
}
UNKNOWN = {
    "scope.sites": ("north, southh", "did you mean 'south'?"),
    "racks.allow": ("gb200_nvl73", "did you mean 'gb200_nvl72'?"),
}


@pytest.mark.parametrize("wrong", [WRONG, UNKNOWN])
def test_wrong_values_are_named_each_beside_its_field(
    client: Client, folder: Path, wrong: dict[str, tuple[str, str]]
) -> None:
    unreadable = {"demand.scale_frac", "grid.headroom_scale_frac"}  # said before all others
    for keys in (wrong.keys() & unreadable, wrong.keys() - unreadable):
        if not keys:
            continue
        changed = {name_of(tuple(key.split("."))): wrong[key][0] for key in keys}

        answer = send(client, "tiny", "solve", **changed)

        assert answer.status == 422
        for key in keys:
            assert wrong[key][1] in beside(answer.text, key)
            assert f'href="#f-{key}"' in answer.text
            assert re.search(rf'id="f-{re.escape(key)}"[^>]* aria-invalid="true"', answer.text)
    assert client.service.jobs.latest() == []
    assert [path.name for path in folder.iterdir()] == ["runs"]  # not even what was looked at


def test_an_implausible_value_is_warned_of_beside_its_field_and_may_be_solved(client: Client) -> None:
    checked = send(client, "tiny", "check", **{UNMET: "0.2"})

    assert checked.status == 200
    assert "outside the plausible 0.5 to 1,000" in beside(checked.text, "demand.unmet_usd_per_h100e_hour")
    assert "No problem found" in checked.text


def test_what_is_changed_is_solved_and_its_report_opens(client: Client, folder: Path) -> None:
    answer = send(client, "tiny", "solve", name="more land", **{name_of(("new_sites", "north", "land_limit_mw")): "41"})

    assert answer.status == 303
    (job,) = client.service.jobs.latest()
    assert over(job).state == "done", job.message
    assert job.result["run"].startswith("more-land-")
    run = job.result["run"]
    assert client.get(f"/runs/{run}").status == 200
    before = next(path.name for path in (folder / "runs").iterdir() if path.name != run)
    compared = client.get(f"/compare?run={before}&run={run}").text
    assert "new_sites.north.land_limit_mw" in compared
    # The form of the run's scenario, with its settings and those of the run.
    again = client.get(f"/scenarios/tiny?run={run}").text
    assert typed(again)[name_of(("new_sites", "north", "land_limit_mw"))] == "41"


def test_an_unchanged_form_solves_the_scenario_itself(client: Client, folder: Path) -> None:
    answer = send(client, "tiny", "solve")

    assert answer.status == 303
    (job,) = client.service.jobs.latest()
    assert job.given[0] == "tiny"
    client.service.jobs.cancel(job)
    assert [path.name for path in folder.iterdir()] == ["runs"]


def test_a_site_is_placed_on_the_map_named_and_saved(client: Client, folder: Path) -> None:
    place = json.loads(client.get("/place/us-base?x=500&y=280").text)
    assert (place["country"], 30 < place["lat"] < 45, -105 < place["lon"] < -90) == ("US", True, True)
    cards = name_of(("new_sites",))
    new = {f"new:{key}": str(place[key]) for key in ("lat", "lon", "country", "like")}

    added = send(client, "us-base", f"add:{cards}", **{f"id:{cards}": "my.own", "new:name": "<i>Own"}, **new)
    fields = typed(added.text)
    answer = client.post("/scenarios/us-base", {**fields, "name": "own", "do": "save"})

    assert added.status == 200
    assert "&lt;i&gt;Own" in added.text
    assert fields[name_of(("new_sites", "my.own", "lat"))] == str(place["lat"])
    assert answer.status == 303
    made = load_scenario(folder / "own.yaml").new_sites["my.own"]
    assert (made.name, made.lat, made.lon, made.like) == ("<i>Own", place["lat"], place["lon"], place["like"])


def test_naughty_names_stay_text(client: Client, folder: Path) -> None:
    site = name_of(("new_sites", "north", "name"))
    for text in ("<script>alert(1)</script>", "../../x", "\u202eright to left", "line\nbreak"):
        answer = send(client, "tiny", "save", name=f"n {text}", **{site: text})

        assert "<script>alert" not in answer.text
        assert "\u202e" not in answer.text
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    made = {load_scenario(file).new_sites["north"].name for file in folder.glob("*.yaml")}
    assert {"<script>alert(1)</script>", "../../x"} <= made


@pytest.mark.parametrize("text", NAUGHTY)
def test_any_name_is_written_as_it_was_typed(tmp_path: Path, text: str) -> None:
    source = Project(tmp_path).source("tiny")
    assert source is not None
    keys = ("new_sites", "north", "name")
    draft = FormDraft(BaseScenario(source), {name_of(keys): text})

    changed, said = draft.settings()
    written, at = draft.file({"title": text}, changed)

    assert (changed, said) == ({keys: text.strip()}, [])
    if text.strip().isprintable() and text.strip():
        tree = plain(parse(written, ""))
        assert tree["new_sites"]["north"]["name"] == text.strip()
        assert tree["title"] == text
        assert at[written[: written.index("name:")].count("\n") + 1] == keys


@pytest.mark.parametrize("path", ["../outside.csv", "/etc/passwd"])
def test_a_table_outside_the_folder_is_refused_unread(client: Client, path: str) -> None:
    rtt = send(client, "tiny", "check", **{name_of(("latency", "rtt_table")): path})
    data = name_of(("data",))
    before = typed(client.get("/scenarios/tiny").text)[data]
    table = send(client, "tiny", "check", **{data: f'{before}, racks: "{path}"'})

    assert "is not in the folder that is served" in beside(rtt.text, "latency.rtt_table")
    assert "is not in the folder that is served" in beside(table.text, "data")


def test_a_place_off_the_globe_or_the_map_is_refused(client: Client) -> None:
    assert client.get("/place/world?x=0&y=0").status == 404
    for wrong in ("x=a&y=1", "x=nan&y=1", "x=1e400&y=1", "x=1&y=-1e308", "x=1e9&y=1e9"):
        assert client.get(f"/place/us-base?{wrong}").status == 422


@pytest.mark.parametrize("sign", ["\n", "\r", "\x85", "\u2028", "\x1b"])
def test_the_name_of_a_file_ends_no_line_of_the_one_made_of_it(tmp_path: Path, sign: str) -> None:
    name = f"a{sign}finance: 7 #.yaml"
    (tmp_path / name).write_text("version: 1\nextends: tiny\n", encoding="utf-8")
    source = Project(tmp_path).source(name)
    assert source is not None

    written, _ = FormDraft(BaseScenario(source)).file({}, {("operator", "demand_share_frac"): 0.5})

    assert written.startswith("# Changed from a?finance: 7 #.yaml with dcplan serve.\n")
    assert plain(parse(written, "")) == {"version": 1, "extends": name, "operator": {"demand_share_frac": 0.5}}
