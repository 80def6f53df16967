"""Pages of scenarios and of the form: what is shown of it, by the template that lays it out."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Query
from markupsafe import Markup
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from planner.outputs.projection import HEIGHT, WIDTH, sheet_for
from planner.outputs.report.map import base_map
from planner.outputs.report.markup import element, joined
from planner.place.climate import countries_near
from planner.place.geo import geodesic_km
from planner.runs.folder import load_run
from planner.scenario.keys import ID
from planner.serve.draft import ABOUT, NAME, BaseScenario, FormDraft, Keys, Said, is_setting, name_of, value_text
from planner.serve.fields import FILE, Cards, FormField, FormGroup, every_cards, fields_by_keys, groups
from planner.serve.jobs import Job
from planner.serve.project import PLACE, SCENARIOS, SWEEPS, Source, path_of
from planner.serve.service import TEMPLATES, Asked, Fields, Service, page
from planner.tables.descriptor import PURE_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.family.references import IdOf


NEW_SITES: Final = ("new_sites",)  # key path of the sites of one's own
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
    """Return what is known of a place on the map [pixel]; None off the globe, or without a map."""
    known, sites = base.table(_TABLE), _sites(base)
    if known is None or sites is None:
        return None
    lon, lat = sheet_for(sites).locate(x, y)
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


DO: Final = "do"  # name of the field that says what to do with a form
ADD: Final = "add:"  # begins the value of `DO` that adds a card


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


_SHOWING: Final = (anchor_of, list_id, name_of, path_of, _class_of, _in_words, _facts_of)
TEMPLATES.globals |= {one.__name__.lstrip("_"): one for one in _SHOWING} | {"do": DO, "add": ADD, "file": FILE}
TEMPLATES.globals |= {"new_sites": NEW_SITES, "pure_numbers": PURE_NUMBERS, "place_path": PLACE}


router = APIRouter()
_LONGEST_ID: Final = 300
_OnMap = Annotated[float, Query(ge=0, le=max(WIDTH, HEIGHT), allow_inf_nan=False)]
"""From the upper left corner of a map. [pixel]"""


@router.get(f"{SCENARIOS}/{{key}}")
def form(service: Asked, key: str, run: str = "") -> HTMLResponse:
    """Show the form of a scenario, with the settings of a run of it if one is named."""
    base = BaseScenario(service.source(key))
    with service.computing:
        draft = FormDraft(base, _texts_of_run(service, base, run) if run else {})
        return form_page(ShownForm(service, draft, {NAME: service.project.free_name(base.source.name)}))


@router.post(f"{SCENARIOS}/{{key}}")
def change(service: Asked, fields: Fields, key: str) -> Response:
    """Check what was typed, save it as a new scenario, solve it."""
    return _changed(service, BaseScenario(service.source(key)), fields)


@router.get(f"{PLACE}/{{key}}")
def place(service: Asked, key: str, x: _OnMap, y: _OnMap) -> JSONResponse:
    """Return what is known of a place on the map of a scenario."""
    found = place_at(BaseScenario(service.source(key)), x, y)
    if found is None:
        raise HTTPException(404)
    return JSONResponse(found)


def _texts_of_run(service: Service, base: BaseScenario, run: str) -> dict[str, str]:
    """Return the settings of a run that are not those of its scenario."""
    merged = load_run(service.run_folder(run)).meta["merged"]
    found = ((keys, of, value) for at, of in fields_by_keys().items() for keys, value in _values_at(merged, at))
    return {
        name_of(keys): text
        for keys, of, value in found
        if keys != ("data",) and value is not None
        if (text := value_text(of, value)) != value_text(of, base.value(keys, of.default))
    }


def _values_at(merged: Any, at: Keys) -> list[tuple[Keys, Any]]:
    """Return what settings hold at a key path, with that of each id where it has one."""
    found: list[tuple[Keys, Any]] = [((), merged)]
    for step in at:
        inside = [(keys, below) for keys, below in found if isinstance(below, dict)]
        found = [((*keys, k), below[k]) for keys, below in inside for k in below if step in {ID, k}]
    return found


def _changed(service: Service, base: BaseScenario, fields: Mapping[str, str]) -> Response:
    """Do what was asked for with what was typed."""
    # A browser sends the lines of a text with both signs of a line's end.
    texts = {key: text.replace("\r\n", "\n") for key, text in fields.items() if is_setting(key)}
    about = {key: fields.get(key, "").strip() for key in (NAME, *ABOUT)}
    shown = ShownForm(service, FormDraft(base, texts), about)
    do = fields.get(DO, "")
    if do.startswith(ADD):
        with service.computing:
            return form_page(_with_card(shown, do.removeprefix(ADD), fields))
    with service.checking():
        changed, said = shown.draft.settings()
        if not said:
            said = shown.draft.judged(service.project, about, changed)
        if do in {"save", "solve"} and not any(one.kind == "problem" for one in said):
            if do == "solve" and not changed:
                return _watched(service.start_solve(base.source))
            made = shown.draft.saved(service.project, about, changed)
            if isinstance(made, Source):
                if do == "solve":
                    return _watched(service.start_solve(made, base.source.name))
                return RedirectResponse(SCENARIOS, status_code=303)
            said = [made, *said]
    with service.computing:
        return form_page(replace(shown, said=tuple(said), is_judged=True))


def _watched(job: Job) -> RedirectResponse:
    """Lead to the page that shows how far a job is."""
    return RedirectResponse(job.page, status_code=303)


def _with_card(page: ShownForm, cards_name: str, fields: Mapping[str, str]) -> ShownForm:
    """Add a card for an id."""
    cards = next((one for one in every_cards() if name_of(one.keys) == cards_name), None)
    if cards is None:
        raise HTTPException(404)
    identifier = fields.get(f"id:{cards_name}", "").strip()
    needs_id = not identifier or len(identifier) > _LONGEST_ID
    if needs_id or identifier in page.draft.ids(cards):
        text = "What is added needs an id." if needs_id else f"{identifier} is there already."
        return replace(page, said=(Said(cards.keys, text, "problem"),))
    keys = (*cards.keys, identifier)
    texts = {**page.draft.texts, name_of(keys): ""}
    for of in cards.fields:
        typed = fields.get(f"new:{'.'.join(of.keys)}", "").strip()
        if cards.keys == NEW_SITES and typed:
            texts[name_of((*keys, *of.keys))] = typed
    return replace(page, draft=replace(page.draft, texts=texts), added=keys)


@router.get(SCENARIOS)
def scenarios(service: Asked) -> HTMLResponse:
    """List the scenarios."""
    return sources_page("Scenarios", service, service.project.sources(), SCENARIOS)


def sources_page(title: str, service: Service, every: list[Source], here: str) -> HTMLResponse:
    """List scenarios, or sweeps: the folder's own, and those that ship."""
    own, shipped = ([one for one in every if one.is_own is is_own] for is_own in (True, False))
    return page("scenarios.html", title, service, here=here, own=own, shipped=shipped, is_sweep=here == SWEEPS)


@router.post("/solve")
def solve(service: Asked, fields: Fields) -> RedirectResponse:
    """Solve a scenario as it is."""
    source = service.source(fields.get("scenario", ""))
    return _watched(service.start_solve(source))
