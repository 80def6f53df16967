"""The interface for programs: JSON in and out, with the key of the address in a header."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import pytest
import tasks
from client import Answer, Client, serving
from test_form_fields import NAUGHTY
from test_jobs import at, over, wait

from planner.scenario import json_schema, load_scenario
from planner.serve.draft import FormDraft
from planner.serve.jobs import sweep_task
from planner.serve.service import MOST_CHECKS
from planner.studies.solve.asking import STAGES

JSON = "application/json"
PAGE = Path(__file__).parents[2] / "docs" / "serve.md"


def ask(client: Client, path: str, body: Any = None, **headers: str | None) -> Answer:
    """Ask as a program does: without a cookie, with the key of the printed address."""
    known: dict[str, str | None] = {"Cookie": None, "Content-Type": JSON}
    known["Authorization"] = f"Bearer {client.service.keys.address}"
    content = None if body is None else json.dumps(body).encode()
    method = "GET" if body is None else "POST"
    return client.ask(method, path, content, {**known, **headers})


def said(answer: Answer) -> Any:
    assert answer.headers["Content-Type"] == JSON, answer.text
    return json.loads(answer.body)


# --- who may ask --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic {key}", "{key}", "Bearer {cookie}"]
)
def test_without_the_key_of_the_address_nothing_is_told(client: Client, sent: str | None) -> None:
    keys = client.service.keys
    given = None if sent is None else sent.format(key=keys.address, cookie=keys.cookie)

    answer = ask(client, "/api/runs", Authorization=given)

    assert answer.status == 403
    assert "Authorization: Bearer KEY" in said(answer)["error"]


def test_the_key_opens_no_page(client: Client) -> None:
    assert ask(client, "/").status == 403
    assert ask(client, "/apiary").status == 403
    assert ask(client, "/scenarios/tiny", {}).status == 403


def test_a_name_that_is_not_ours_is_refused_with_the_key(client: Client) -> None:
    answer = ask(client, "/api/runs", Host="evil.example")

    assert (answer.status, list(said(answer))) == (421, ["error"])


@pytest.mark.parametrize("header", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_page_of_another_site_changes_nothing_even_with_the_key(client: Client, header: dict[str, str]) -> None:
    assert ask(client, "/api/solves", {"scenario": "tiny"}, **header).status == 403
    assert client.service.jobs.latest() == []


def test_a_page_of_ours_needs_the_token_as_well_as_the_cookie(client: Client) -> None:
    body = json.dumps({"settings": {}}).encode()
    headers: dict[str, str | None] = {"Content-Type": JSON}
    path = "/api/scenarios/tiny/check"

    assert client.ask("POST", path, body, headers).status == 403
    headers["x-dcplan-token"] = client.service.keys.form
    assert client.ask("POST", path, body, headers).status == 200


def test_a_large_body_is_refused(client: Client) -> None:
    answer = ask(client, "/api/solves", {"scenario": "x" * 1_000_001})

    assert (answer.status, said(answer)["error"]) == (413, "a request may have 1,000,000 bytes at most")


# --- what there is ------------------------------------------------------------------------


def test_the_schema_is_that_of_scenarios(client: Client) -> None:
    assert said(ask(client, "/api/schema")) == json.loads(json_schema())


def test_every_path_is_listed_and_documented(client: Client) -> None:
    about = said(ask(client, "/api"))
    listed = {f"{one['method']} {one['path']}" for one in about["paths"]}
    page = PAGE.read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `((?:GET|POST) /api\S*?)(?:\?\S+)?` \|", page, re.MULTILINE))

    assert listed == documented
    assert all(one["does"] for one in about["paths"])
    assert about["versions"]["dcplan"]


def test_what_is_not_there_is_not_found_in_json(client: Client, run: str) -> None:
    for path in (
        "/api/none",
        "/api/runs/none",
        f"/api/runs/{run}/tables/none",
        "/api/scenarios/..%2Ftiny",
        "/api/jobs/0",
    ):
        answer = ask(client, path)
        assert (answer.status, said(answer)) == (404, {"error": "there is nothing of that name"})


def test_an_error_at_the_very_path_of_the_interface_is_json(client: Client) -> None:
    answer = ask(client, "/api", {})

    assert (answer.status, said(answer)) == (405, {"error": "Method Not Allowed"})


# --- runs ---------------------------------------------------------------------------------


def test_a_run_and_rows_of_its_tables_are_read(client: Client, run: str) -> None:
    (listed,) = said(ask(client, "/api/runs"))["runs"]
    whole = said(ask(client, f"/api/runs/{run}"))
    path = f"/api/runs/{run}/tables/summary"
    table = said(ask(client, path))

    assert (listed["run"], listed["checked"]) == (run, True)
    assert whole["meta"]["objective_musd"] == pytest.approx(listed["objective_musd"])
    # Two model years; 40.34 MW at the peak of the second one, as docs/explain.md says.
    assert whole["tables"]["summary"] == table["rows_in_all"] == len(table["rows"]) == 2
    (last,) = said(ask(client, f"{path}?year=2028"))["rows"]
    assert last["facility_peak_mw"] == pytest.approx(40.34, abs=0.005)
    assert said(ask(client, f"{path}?offset=1&limit=7"))["rows"] == [last]
    units = {one["name"]: one["unit"] for one in table["columns"]}
    assert units["facility_peak_mw"] == "MW"


# --- scenarios ----------------------------------------------------------------------------


def test_a_scenario_is_read_changed_checked_and_saved(client: Client, folder: Path) -> None:
    settings = {"new_sites": {"north": {"land_limit_mw": 26}}, "demand": {"scale_frac": 1.1}}
    before = said(ask(client, "/api/scenarios/tiny"))
    assert before["settings"]["new_sites"]["north"]["land_limit_mw"] == 30

    checked = said(ask(client, "/api/scenarios/tiny/check", {"settings": settings}))
    assert (checked["problems"], checked["warnings"]) == ([], [])
    assert not list(folder.glob("*.yaml"))

    body = {"name": "less land", "title": "Less land", "settings": settings}
    answer = ask(client, "/api/scenarios/tiny", body)
    key = said(answer)["scenario"]
    assert (answer.status, answer.headers["Location"]) == (201, f"/api/scenarios/{key}")
    made = load_scenario(folder / key)
    assert (made.new_sites["north"].land_limit_mw, made.demand.scale_frac) == (26.0, 1.1)
    listed = said(ask(client, "/api/scenarios"))["scenarios"]
    assert [one["scenario"] for one in listed if one["is_own"]] == [key]
    again = ask(client, "/api/scenarios/tiny", body)
    assert again.status == 422
    assert "files are never replaced" in said(again)["problems"][0]["text"]


@pytest.mark.parametrize("text", [*NAUGHTY[:7], "line\nbreak"])
def test_naughty_names_come_back_as_they_were_sent(client: Client, folder: Path, text: str) -> None:
    settings = {"new_sites": {"north": {"name": text, "land_limit_mw": 26}}}
    body = {"name": f"x{text}", "title": text, "settings": settings}

    made = ask(client, "/api/scenarios/tiny", body)

    assert made.status == 201, made.text
    key = said(made)["scenario"]
    read = said(ask(client, made.headers["location"]))
    assert read["settings"]["new_sites"]["north"]["name"] == text.strip()
    assert said(made)["title"] == text.strip()
    assert [file.name for file in folder.glob("*.yaml")] == [key]
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize(
    ("settings", "keys", "text"),
    [
        ({"demand": {"scale_frac": -2}}, ["demand", "scale_frac"], "is -2"),
        ({"demand": {"scale": 2}}, ["demand", "scale"], "unknown"),
        ({"": 2}, [""], "unknown key ''"),
        ({"finance": {"wacc_nominal_frac": "=1+1"}}, ["finance", "wacc_nominal_frac"], "=1+1"),
        ({"new_sites": {"north": {"lat": 246.9}}}, ["new_sites", "north", "lat"], "246.9"),
        ({"data": {"racks": "/etc/passwd"}}, ["data"], "not in the folder"),
    ],
)
def test_wrong_settings_are_named_by_key_and_not_saved(
    client: Client, folder: Path, settings: Any, keys: list[str], text: str
) -> None:
    checked = said(ask(client, "/api/scenarios/tiny/check", {"settings": settings}))
    answer = ask(client, "/api/scenarios/tiny", {"name": "wrong", "settings": settings})

    assert any(one["keys"] == keys and text in one["text"] for one in checked["problems"])
    assert (answer.status, said(answer)["problems"]) == (422, checked["problems"])
    assert not list(folder.glob("*.yaml"))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/solves", {}),
        ("/api/solves", {"scenario": "tiny", "more": 1}),
        ("/api/solves", ["tiny"]),
        ("/api/scenarios/tiny/check", {"settings": "demand"}),
        ("/api/scenarios/tiny", {"settings": {}}),
    ],
)
def test_a_body_that_is_not_as_asked_for_is_refused(client: Client, path: str, body: Any) -> None:
    answer = ask(client, path, body)

    assert answer.status == 422
    assert said(answer)["problems"]


@pytest.mark.parametrize("depth", [40, 5_000])  # too deep for a scenario, and to be read at all
def test_settings_that_lie_too_deep_are_refused(client: Client, depth: int) -> None:
    text = b'{"settings": ' + b'{"a": ' * depth + b"1" + b"}" * depth + b"}"
    headers: dict[str, str | None] = {"Cookie": None, "Content-Type": JSON}
    headers["Authorization"] = f"Bearer {client.service.keys.address}"

    answer = client.ask("POST", "/api/scenarios/tiny/check", text, headers)

    assert answer.status == 422
    assert "nested too deeply" in said(answer)["error"]
    assert ask(client, "/api/runs").status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_what_is_not_sent_as_json_is_refused(client: Client, kind: str) -> None:
    answer = ask(client, "/api/solves", {"scenario": "tiny"}, **{"Content-Type": kind})

    assert answer.status == 422
    assert said(answer)["error"].startswith("send Content-Type: application/json and an object")
    assert client.service.jobs.latest() == []


# --- solves -------------------------------------------------------------------------------


def test_a_scenario_that_was_solved_is_found_and_its_plan_read(client: Client, run: str) -> None:
    answer = ask(client, "/api/solves", {"scenario": "tiny"})
    job = said(answer)
    assert (answer.status, answer.headers["Location"]) == (202, f"/api/jobs/{job['job']}")
    (found,) = client.service.jobs.latest()
    over(found)

    ended = said(ask(client, f"/api/jobs/{job['job']}"))

    assert (ended["state"], ended["run"]) == ("done", run)  # the same question has the same name
    stages = [stage["name"] for stage in ended["stages"]]
    assert stages[-1] == "Reading scenario and data"  # it was solved before: its run is found
    assert [one["job"] for one in said(ask(client, "/api/jobs"))["jobs"]] == [job["job"]]


def test_the_program_of_the_page_does_what_it_says(client: Client) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    known = {"KEY": client.service.keys.address, "HOME": f"http://127.0.0.1:{client.port}"}

    exec(program, known)

    rows: Any = known["rows"]
    assert {row["year"] for row in rows} == {2028}
    # Land in the North holds 26 MW of halls: 26 / 0.95 MW of racks, and a twentieth of companions.
    north = next(row for row in rows if row["site"] == "north")
    assert north["nameplate_mw"] == pytest.approx(26 / 0.95 * 1.05)


def test_a_solve_is_cancelled(client: Client) -> None:
    job = client.service.jobs.start("Wait", tasks.until_stopped, "Waiting")

    answer = ask(client, f"/api/jobs/{job.id}/cancel", {})

    assert answer.status == 200
    over(job)
    assert said(ask(client, f"/api/jobs/{job.id}"))["state"] == "cancelled"


def test_a_solve_is_stopped_with_its_best_plan(client: Client) -> None:
    stage = STAGES["solve"]
    job = client.service.jobs.start("Solve mine", tasks.until_stopped, stage, can_stop=True)
    wait(lambda: at(job, stage))

    answer = ask(client, f"/api/jobs/{job.id}/stop", {})

    assert (answer.status, said(answer)["is_stopped"]) == (200, True)
    over(job)
    ended = said(ask(client, f"/api/jobs/{job.id}"))
    assert (ended["state"], ended["message"]) == ("done", "the best so far")


def test_a_sweep_is_started(client: Client, folder: Path) -> None:
    # What a sweep finds is tested with its pages; here it waits, and is not solved once more.
    before = client.service.jobs.start("Wait", tasks.until_stopped, "Waiting")

    answer = ask(client, "/api/sweeps", {"sweep": "tiny"})

    started = said(answer)
    job = client.service.jobs.job(started["job"])
    assert job is not None
    assert (answer.status, answer.headers["Location"]) == (202, f"/api/jobs/{job.id}")
    assert (started["label"], started["page"]) == ("Sweep tiny", f"/jobs/{job.id}")
    assert (job.task, job.given) == (sweep_task, ("tiny", folder / "sweeps" / "tiny"))
    assert said(ask(client, f"/api/jobs/{job.id}"))["state"] == "waiting"
    for one in (job, before):
        client.service.jobs.cancel(one)


def test_what_does_not_exist_is_not_started(client: Client) -> None:
    assert ask(client, "/api/solves", {"scenario": "../tiny"}).status == 404
    assert ask(client, "/api/sweeps", {"sweep": "none"}).status == 404
    assert client.service.jobs.latest() == []


def test_pages_do_not_wait_for_a_check_and_few_checks_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def judged(*_: object) -> list[object]:
        begun.set()
        assert may_end.wait(60)
        return []

    monkeypatch.setattr(FormDraft, "judged", judged)
    body = {"settings": {"demand": {"scale_frac": 0.4}}}
    with serving(tmp_path) as client, ThreadPoolExecutor(MOST_CHECKS + 1) as others:
        checks = [others.submit(ask, client, "/api/scenarios/tiny/check", body) for _ in range(MOST_CHECKS + 1)]
        assert begun.wait(60)
        pages = [ask(client, "/api/scenarios/tiny"), client.ask("GET", "/scenarios/tiny")]
        refused = next(as_completed(checks)).result()  # the others wait
        may_end.set()

    assert [page.status for page in pages] == [200, 200]
    assert (refused.status, said(refused)["error"]) == (503, "8 checks wait already; repeat it later")
    assert sorted(check.result().status for check in checks) == [200] * MOST_CHECKS + [503]
