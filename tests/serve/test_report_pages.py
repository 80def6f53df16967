"""The catalogue, and reports and comparisons as `dcplan report` makes them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from pathlib import Path

from client import Client

from planner.outputs.report import report_html
from planner.runs import load_run
from planner.runs.meta import meta_bytes, sealed
from planner.runs.names import change_tags, give_name


def test_the_catalogue_names_each_run_and_what_it_costs(client: Client, run: str) -> None:
    page = client.get("/").text

    assert f'href="/runs/{run}"' in page
    assert f'value="{run}"' in page
    assert "Three sites, an optimum by hand" in page
    assert "Net present cost [MUSD]" in page
    assert ">637.5<" in page  # as test_tiny works out


def test_a_report_is_that_of_the_command_with_the_menu_on_top(client: Client, folder: Path, run: str) -> None:
    page = client.get(f"/runs/{run}").text

    whole = report_html(load_run(folder / "runs" / run))
    before, header, after = whole.partition("<header>")
    assert page.startswith(before)
    assert page.endswith(header + after)
    added = page[len(before) : -len(header + after)]
    assert added.startswith('<nav aria-label="dcplan">')
    assert f'href="/scenarios/tiny?run={run}"' in added


def test_the_policy_of_a_report_allows_its_own_script_and_style_alone(client: Client, run: str) -> None:
    answer = client.get(f"/runs/{run}")

    policy = answer.headers["Content-Security-Policy"]
    inline = re.findall(r"<(script|style)>(.*?)</\1>", answer.text, re.DOTALL)
    assert {kind for kind, _ in inline} == {"script", "style"}
    for kind, text in inline:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        sources = re.search(rf"{kind}-src ([^;]*)", policy)
        assert sources is not None
        assert f"'sha256-{digest}'" in sources[1]
    assert "unsafe" not in policy
    assert " style=" not in answer.text  # a hash allows no styles of single elements


def test_runs_are_compared_with_the_first(client: Client, folder: Path, run: str) -> None:
    second = folder / "runs" / "tiny-second"
    shutil.copytree(folder / "runs" / run, second)

    page = client.get(f"/compare?run={run}&run=tiny-second")

    assert page.status == 200
    assert "<h1><bdi>Comparison of tiny, tiny</bdi></h1>" in page.text


def test_a_run_that_is_not_there_is_not_found(client: Client, run: str) -> None:
    assert client.get("/runs/none").status == 404
    assert client.get(f"/compare?run={run}&run=none").status == 404


def test_a_folder_that_is_no_run_is_named_with_its_reason(client: Client, folder: Path) -> None:
    broken = folder / "runs" / "<b>broken"
    broken.mkdir()
    (broken / "run.json").write_text("{}", encoding="utf-8")

    page = client.get("/").text

    assert "What cannot be read" in page
    assert "&lt;b&gt;broken" in page
    assert "<b>broken" not in page


def test_names_of_users_stay_text(client: Client, folder: Path, run: str) -> None:
    file = folder / "runs" / run / "run.json"
    meta = json.loads(file.read_text(encoding="utf-8"))
    for title in ("<script>alert(1)</script>", "=1+1", "../../x", "\u202etxt", 300 * "x"):
        file.write_bytes(meta_bytes(sealed({**meta, "title": title})))

        page = client.get("/").text

        assert "<script>alert" not in page
        assert "\u202e" not in page
        assert title.replace("<", "&lt;").replace(">", "&gt;").replace("\u202e", "") in page


def test_runs_are_found_by_tags_which_stay_text(client: Client, folder: Path, run: str) -> None:
    naughty = "<b>&board"
    shutil.copytree(folder / "runs" / run, folder / "runs" / "tiny-untagged")
    give_name(folder / "runs" / run, "<i>for the board")
    change_tags(folder / "runs" / run, [naughty, "march"])

    every = client.get("/").text
    tagged = client.get("/?tag=%3Cb%3E%26board&tag=march").text

    assert 'href="/?tag=%3Cb%3E%26board"' in every
    assert "&lt;i&gt;for the board" in every
    assert "<i>for" not in every
    assert "tiny-untagged" in every
    assert "tiny-untagged" not in tagged
    assert "Only runs with the tags <bdi>&lt;b&gt;&amp;board</bdi> <bdi>march</bdi>" in tagged
    assert run in tagged
