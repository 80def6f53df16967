"""The form has every setting of the schema, and what is written comes back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.outputs.plan_workbook.write import one_line
from planner.scenario import keys as schema_keys
from planner.scenario.keys import settings
from planner.scenario.tree import plain
from planner.scenario.yaml12 import parse
from planner.serve.draft import _read, keys_of, name_of, scenario_text, value_text
from planner.serve.fields import FormField, groups

ABOUT = {"version", "extends", "title", "question"}


def every() -> dict[tuple[str, ...], FormField]:
    found = {of.keys: of for group in groups() for of in group.fields}
    for group in groups():
        for cards in group.cards:
            found |= {(*cards.keys, "<id>", *of.keys): of for of in cards.fields}
    return found


def test_every_setting_is_in_the_form_or_inside_one_of_its_fields() -> None:
    known = every()

    missing = [
        setting.keys
        for setting in settings()
        if setting.keys[0] not in ABOUT
        and not any(setting.keys[:length] in known for length in range(1, len(setting.keys) + 1))
    ]

    assert missing == []


@pytest.mark.parametrize(
    ("keys", "form", "bounds", "usual"),
    [
        ("operator.demand_share_frac", "number", "above 0, at most 1", "0.0001 to 1"),
        ("carbon.cap_kt", "path", "at least 0", "0.05 to 300,000"),
        ("racks.allow", "list", "", ""),
        ("supply.max_mw", "mapping", "at least 0", "0.02 to 10,000"),
        ("demand.explicit", "yaml", "", ""),
        ("rent.allow", "choice", "", ""),
        ("solver.method", "choice", "", ""),
        ("demand.trajectory", "text", "", ""),
        ("failover.barred_pairs", "yaml", "", ""),
        ("failover.from_year", "number", "2000 to 2100", ""),
        ("new_sites.<id>.lat", "number", "-90 to 90", ""),
        ("sites.<id>.grid_firm_mw", "path", "at least 0", "0.03 to 10,000"),
    ],
)
def test_a_field_is_as_the_schema_and_the_plausible_ranges_say(keys: str, form: str, bounds: str, usual: str) -> None:
    of = every()[tuple(keys.split("."))]

    assert (of.kind.form, of.kind.bounds, of.usual) == (form, bounds, usual)


@pytest.mark.parametrize("setting", [one for one in settings() if one.keys[0] not in ABOUT and "<n>" not in one.keys])
def test_a_default_is_read_back_as_it_is_shown(setting: schema_keys.SchemaKey) -> None:
    of = every().get(setting.keys)
    if of is None or of.default is None:
        return
    text = value_text(of, of.default)

    read = _read(of, text)

    assert read == (list(of.default) if isinstance(of.default, tuple) else of.default)


NAUGHTY = [
    "=1+1",
    "<script>alert(1)</script>",
    "../../x",
    "\u202eright to left",
    "\N{GRINNING FACE}",
    300 * "x",
    "NO",
    "true",
    "null",
    "~",
    "1e3",
    "0x1F",
    "2027",
    "",
    " padded ",
    "a: b # c",
    "- x",
    "'\"\\",
    "line\nbreak\ttab\x00\x7f\x85",
    "[a",
    "{b",
    "*c",
    "&d",
    "!e",
    "%f",
    "@g",
]


@pytest.mark.parametrize("text", NAUGHTY)
def test_any_text_is_read_back_as_it_was(text: str) -> None:
    written = one_line({text: [text, {"k": text}]})

    assert "\n" not in written
    if text.isprintable():  # other signs are refused when a scenario is read
        assert plain(parse(written, "")) == {text: [text, {"k": text}]}


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**17), 10**17)
        | st.floats(allow_nan=False)
        | st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=12),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab1. -", max_size=4), inner),
        max_leaves=8,
    )
)
def test_any_value_is_read_back_as_it_was(value: object) -> None:
    assert plain(parse(one_line(value), "")) == value


def test_settings_are_put_into_their_blocks_each_on_a_line_of_its_own() -> None:
    text, at = scenario_text(
        ["version: 1"],
        {
            ("carbon", "cap_kt"): {2027: 40.5},
            ("new_sites", "my.site", "name"): "=1+1",
            ("carbon", "price_usd_per_t"): 7,
            ("new_sites", "b", "lat"): 3.5,
        },
    )

    assert text == (
        "version: 1\n"
        "carbon:\n"
        "  cap_kt: {2027: 40.5}\n"
        "  price_usd_per_t: 7\n"
        "new_sites:\n"
        "  my.site:\n"
        '    name: "=1+1"\n'
        "  b:\n"
        "    lat: 3.5\n"
    )
    assert at[2] == ("carbon",)
    assert at[4] == ("carbon", "price_usd_per_t")
    assert at[6] == ("new_sites", "my.site")
    assert at[9] == ("new_sites", "b", "lat")


@pytest.mark.parametrize("keys", [("a", "b.c"), ("sites", '"]'), ("<b>", "\N{GRINNING FACE}")])
def test_the_name_of_a_field_holds_any_id(keys: tuple[str, ...]) -> None:
    assert keys_of(name_of(keys)) == keys
