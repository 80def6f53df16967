"""The page of the form: what is shown of it, by the template that lays it out."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from planner.outputs.projection import sheet_for
from planner.outputs.report.map import HEIGHT, MARGIN, WIDTH, base_map
from planner.outputs.report.markup import element, joined
from planner.place.climate import countries_near
from planner.place.geo import geodesic_km
from planner.serve.form.draft import Said, name_of, value_text
from planner.serve.form.fields import FILE, Cards, FormField, FormGroup, every_cards, fields_by_keys, groups
from planner.serve.project import SCENARIOS, place_path
from planner.serve.service import TEMPLATES, page
from planner.tables.descriptor import PURE_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from starlette.responses import HTMLResponse

    from planner.family.references import IdOf
    from planner.serve.form.draft import BaseScenario, FormDraft
    from planner.serve.form.fields import Keys
    from planner.serve.project import Source
    from planner.serve.service import Service


NEW_SITES: Final = ("new_sites",)
"""Key path of the sites of one's own."""
_TABLE: Final = "sites"
_DIGITS: Final = 4  # of a degree: ten meters


def site_map(base: BaseScenario) -> dict[str, Any] | None:
    """Return what is drawn on the map with its sites; None without a table of any."""
    sites = _sites(base)
    if sites is None:
        return None
    sheet, below = base_map(sites)
    x, y = sheet.place(sites["lon"].to_numpy(float), sites["lat"].to_numpy(float))
    drawn = list(zip(sites["site"], sites["name"], x, y, strict=True))
    return {"width": f"{WIDTH:.0f}", "height": f"{HEIGHT:.0f}", "below": joined([below]), "sites": drawn}


def place_at(base: BaseScenario, x: float, y: float) -> dict[str, Any] | None:
    """Return what is known of a place on the map; None off the globe, or without a map.

    Takes `x` [pixel], `y` [pixel]. Gives [degree].
    """
    known, sites = base.table(_TABLE), _sites(base)
    if known is None or sites is None:
        return None
    lon, lat = sheet_for(sites, WIDTH, HEIGHT, MARGIN).locate(x, y)
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lat) <= 90.0 and abs(lon) <= 180.0):
        return None
    countries = countries_near(lat, lon)
    km = geodesic_km(lat, lon, known["lat"].to_numpy(float), known["lon"].to_numpy(float))
    return {
        "lat": round(lat, _DIGITS),
        "lon": round(lon, _DIGITS),
        "country": countries[0] if countries else "",
        "like": str(known["site"].iloc[int(km.argmin())]),
        "km": round(float(km.min())),
    }


def _sites(base: BaseScenario) -> pd.DataFrame | None:
    """Return the sites of the countries in scope; None where there is no table of any."""
    sites = base.table(_TABLE)
    if sites is None or sites.empty:
        return None
    countries = base.value(("scope", "countries"), ["US"])
    within = sites[sites["country"].isin(countries)] if isinstance(countries, list) else sites
    return within if len(within) else sites


DO: Final = "do"
"""Name of the field that says what to do with a form."""
ADD: Final = "add:"
"""Begins the value of `DO` that adds a card."""


@dataclass(frozen=True)
class ShownForm:
    """What is shown of a form."""

    service: Service  # of the server
    draft: FormDraft  # what was typed
    about: Mapping[str, str]  # name, title and question of the new scenario
    said: tuple[Said, ...] = ()  # what is wrong or implausible
    is_judged: bool = False  # whether it was looked at
    added: tuple[str, ...] = ()  # key path of a card that was just added

    @property
    def source(self) -> Source:
        """The scenario that is changed."""
        return self.draft.base.source

    @property
    def problems(self) -> list[Said]:
        """What keeps a plan from being made."""
        return [one for one in self.said if one.kind == "problem"]

    def said_of(self, keys: Keys) -> list[Said]:
        """Return what is wrong or implausible at a key path."""
        return [one for one in self.said if one.keys == keys]

    def _is_changed(self, of: FormField, keys: Keys) -> bool:
        return self.draft.text(of, keys) != self.draft.before(of, keys)

    def state_of(self, group: FormGroup) -> tuple[int, bool]:
        """Return how many settings of a group the scenario sets, and whether it is shown open."""
        fields = [(of, of.keys) for of in group.fields]
        cards = [(one, id_) for one in group.cards for id_ in self.draft.ids(one)]
        fields += [(of, (*one.keys, id_, *of.keys)) for one, id_ in cards for of in one.fields]
        known = {one.name for one in groups()}
        said = {one.keys[0] if one.keys[0] in known else FILE for one in self.said if one.keys}
        is_added = any(self.added[: len(one.keys)] == one.keys for one in group.cards)
        is_open = is_added or group.name in said or any(self._is_changed(of, keys) for of, keys in fields)
        return sum(bool(self.draft.base.place(keys)) for _, keys in fields), is_open

    def in_card(self, cards: Cards, id_: str) -> tuple[list[FormField], list[FormField]]:
        """Return the fields of a card: those that are needed, set or said something of, and all others."""
        said, first, others = {one.keys for one in self.said}, list[FormField](), list[FormField]()
        for of in cards.fields:
            keys = (*cards.keys, id_, *of.keys)
            is_told = of.is_required or keys in said or self.draft.base.place(keys)
            (first if is_told or self._is_changed(of, keys) else others).append(of)
        return first, others

    def ids(self) -> dict[IdOf, list[str]]:
        """Return the ids that fields of the page take, out of its tables and new sites."""
        kinds = [*(of.kind.ids for of in fields_by_keys().values()), *(cards.ids for cards in every_cards())]
        marks = {list_id(mark): mark for mark in reversed(kinds) if mark is not None}  # the first of each
        new = [one for cards in every_cards() if cards.keys == NEW_SITES for one in self.draft.ids(cards)]
        found = {}
        for mark in marks.values():
            table = self.draft.base.table(mark.table)
            known = [] if table is None else list(map(str, table[mark.column].dropna().unique()))
            found[mark] = [*(new if (mark.table, mark.column) == ("sites", "site") else []), *known]
        return found


def form_page(shown: ShownForm) -> HTMLResponse:
    """Return the page of a form; its status says whether there are problems."""
    return page(
        "form.html",
        f"Change {shown.source.name}",
        shown.service,
        here=SCENARIOS,
        status=422 if shown.problems else 200,
        script="form.js",
        page=shown,
        ids=shown.ids(),
        groups=groups(),
        map=site_map(shown.draft.base),
    )


def _facts_of(of: FormField, place: str) -> str:
    """Say what is known of a setting: bounds, usual figures, how it is written, default, its place."""
    form, default = of.kind.form, value_text(of, of.default)
    lists = f"{' or '.join(of.kind.choices)}, or a list with commas" if of.kind.choices else "a list with commas"
    ways = {"list": lists, "path": "one number, or by year as 2026: 30, 2030: 90"}
    facts = (
        of.kind.bounds,
        of.usual and f"usually {of.usual}",
        (ways | {"mapping": "as id: value, with commas between"}).get(form),
        "required" if of.is_required else default and f"default {default}",
        place and f"set in {place}",
    )
    return "; ".join(filter(None, facts))


def _in_words(text: str) -> Markup:
    """Show text of ours, with keys and names of tables between its backticks."""
    return Markup(joined(element("code", one) if at % 2 else one for at, one in enumerate(text.split("`"))))


def _class_of(said: Said) -> str:
    return "bad" if said.kind == "problem" else "remark"


def anchor_of(keys: tuple[str, ...]) -> str:
    """Return the id of an element for a key path: letters, digits and hyphens, none twice."""
    return "f-" + ".".join(
        "".join(
            sign if sign.isascii() and (sign.isalnum() or sign == "_") else f"-{ord(sign):x}-"
            for sign in unicodedata.normalize("NFC", key)
        )
        for key in keys
    )


def list_id(mark: IdOf) -> str:
    """Return the id of the list of what a field of ids may hold."""
    return f"ids-{mark.table}-{mark.column}"


TEMPLATES.globals |= {one.__name__.lstrip("_"): one for one in (anchor_of, list_id, name_of, place_path)}
TEMPLATES.globals |= {one.__name__.lstrip("_"): one for one in (_class_of, _in_words, _facts_of)}
TEMPLATES.globals |= {"do": DO, "add": ADD, "file": FILE, "new_sites": NEW_SITES, "pure_numbers": PURE_NUMBERS}
