"""The form in which a scenario is changed: every setting of the schema, errors beside each."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from planner.outputs.report.markup import NOTHING, Html, element, joined, name
from planner.runs.folder import load_run
from planner.serve.form.draft import (
    ABOUT,
    NAME,
    BaseScenario,
    FormDraft,
    Said,
    is_setting,
    name_of,
    value_text,
)
from planner.serve.form.fields import FILE, Cards, FormField, FormGroup, groups
from planner.serve.form.site_map import NEW_SITES, new_site_part, place_at
from planner.serve.guard import TOKEN_FIELD
from planner.serve.jobs import Job
from planner.serve.paths import PLACE, SCENARIOS, job_path, scenario_path
from planner.serve.posted import fields_of
from planner.serve.project import Source
from planner.serve.service import Service, service_of
from planner.serve.shell import shell
from planner.serve.starting import start_solve
from planner.tables.descriptor import PURE_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from planner.scenario.references import IdOf

__all__ = ["router"]

router = APIRouter()
_DO: Final = "do"
_ADD: Final = "add:"
_LONGEST_ID: Final = 300
_ROWS: Final = 6
_KINDS: Final = {"problem": "must be fixed", "warning": "implausible", "note": "note"}


@dataclass(frozen=True)
class Page:
    """What is shown of a form.

    Parameters
    ----------
    service : Service
        Of the server.
    draft : FormDraft
        What was typed.
    about : mapping of str to str
        Name, title and question of the new scenario.
    said : tuple of Said
        What is wrong or implausible.
    is_judged : bool
        Whether it was looked at.
    added : tuple of str
        Key path of a card that was just added.
    """

    service: Service
    draft: FormDraft
    about: Mapping[str, str]
    said: tuple[Said, ...] = ()
    is_judged: bool = False
    added: tuple[str, ...] = ()

    @property
    def source(self) -> Source:
        """The scenario that is changed."""
        return self.draft.base.source


@router.get(f"{SCENARIOS}/{{key}}")
def form(request: Request, key: str, run: str = "") -> HTMLResponse:
    """Show the form of a scenario, with the settings of a run of it if one is named."""
    service = service_of(request)
    base = BaseScenario(service.source(key))
    with service.computing:
        draft = FormDraft(base, _texts_of_run(service, base, run) if run else {})
        about = {NAME: service.project.free_name(base.source.name)}
        return _show(Page(service, draft, about))


@router.post(f"{SCENARIOS}/{{key}}")
async def change(request: Request, key: str) -> Response:
    """Check what was typed, save it as a new scenario, solve it."""
    service = service_of(request)
    fields = await fields_of(request)
    base = BaseScenario(service.source(key))
    return await run_in_threadpool(_changed, service, base, fields)


@router.get(f"{PLACE}/{{key}}")
def place(request: Request, key: str, x: float, y: float) -> JSONResponse:
    """Return what is known of a place on the map of a scenario."""
    service = service_of(request)
    found = place_at(BaseScenario(service.source(key)), x, y)
    if found is None:
        raise HTTPException(404)
    return JSONResponse(found)


def _texts_of_run(service: Service, base: BaseScenario, run: str) -> dict[str, str]:
    """Return the settings of a run that are not those of its scenario."""
    folder = service.project.run_folder(run)
    if folder is None:
        raise HTTPException(404)
    merged = load_run(folder).meta["merged"]
    texts = {}
    for keys, of in _every_field(FormDraft(base, {}), merged):
        value = merged
        for step in keys:
            value = value.get(step) if isinstance(value, dict) else None
        text = value_text(of, value)
        if (
            keys != ("data",)
            and value is not None
            and text != value_text(of, base.value(keys, of.default))
        ):
            texts[name_of(keys)] = text
    return texts


def _every_field(
    draft: FormDraft, merged: Mapping[str, object]
) -> Iterable[tuple[tuple[str, ...], FormField]]:
    """Return every field with its key path, those of the cards of a run too."""
    for group in groups():
        for of in group.fields:
            yield of.keys, of
        for cards in group.cards:
            found: object = merged
            for step in cards.keys:
                found = found.get(step) if isinstance(found, dict) else None
            for identifier in found if isinstance(found, dict) else ():
                for of in cards.fields:
                    yield (*cards.keys, identifier, *of.keys), of


def _changed(service: Service, base: BaseScenario, fields: Mapping[str, str]) -> Response:
    """Do what was asked for with what was typed."""
    # A browser sends the lines of a text with both signs of a line's end.
    texts = {key: text.replace("\r\n", "\n") for key, text in fields.items() if is_setting(key)}
    about = {key: fields.get(key, "").strip() for key in (NAME, *ABOUT)}
    page = Page(service, FormDraft(base, texts), about)
    do = fields.get(_DO, "")
    with service.computing:
        if do.startswith(_ADD):
            return _show(_with_card(page, do.removeprefix(_ADD), fields))
        changed, said = page.draft.settings()
        if not said:
            said = page.draft.judged(service.project, about, changed)
        if do in {"save", "solve"} and not any(one.kind == "problem" for one in said):
            if do == "solve" and not changed:
                return _watched(start_solve(service, base.source))
            made = page.draft.saved(service.project, about, changed)
            if isinstance(made, Source):
                if do == "solve":
                    return _watched(start_solve(service, made, base.source.name))
                return RedirectResponse(SCENARIOS, status_code=303)
            said = [made, *said]
        return _show(replace(page, said=tuple(said), is_judged=True))


def _watched(job: Job) -> RedirectResponse:
    """Lead to the page that shows how far a job is."""
    return RedirectResponse(job_path(job), status_code=303)


def _with_card(page: Page, cards_name: str, fields: Mapping[str, str]) -> Page:
    """Add a card for an id."""
    cards = next(
        (one for group in groups() for one in group.cards if name_of(one.keys) == cards_name), None
    )
    if cards is None:
        raise HTTPException(404)
    identifier = fields.get(f"id:{cards_name}", "").strip()
    if not identifier or len(identifier) > _LONGEST_ID:
        problem = Said(cards.keys, "What is added needs an id.", "problem")
        return replace(page, said=(problem,))
    if identifier in page.draft.ids(cards):
        problem = Said(cards.keys, f"{identifier} is there already.", "problem")
        return replace(page, said=(problem,))
    keys = (*cards.keys, identifier)
    texts = {**page.draft.texts, name_of(keys): ""}
    for of in cards.fields:
        typed = fields.get(f"new:{'.'.join(of.keys)}", "").strip()
        if cards.keys == NEW_SITES and typed:
            texts[name_of((*keys, *of.keys))] = typed
    return replace(page, draft=replace(page.draft, texts=texts), added=keys)


def _show(page: Page) -> HTMLResponse:
    ids = _ids_of_page(page)
    parts = (_group(group, page) for group in groups())
    status = 422 if any(one.kind == "problem" for one in page.said) else 200
    content = element(
        "form",
        element("input", type="hidden", name=TOKEN_FIELD, value=page.service.keys.form),
        # The first button is what Enter does.
        element("button", "Check", type="submit", name=_DO, value="check", class_="heard"),
        _summary(page),
        _about(page),
        _filter(),
        parts,
        _buttons(),
        method="post",
        action=scenario_path(page.source),
        class_="settings",
        novalidate=True,
        data_added=_anchor(page.added) if page.added else None,
    )
    lists = (
        element("datalist", (element("option", value=one) for one in known), id=_list_id(mark))
        for mark, known in ids.items()
    )
    asks = page.source.question or page.source.title
    return shell(
        f"Change {page.source.name}",
        element("p", name(asks), class_="question") if asks else NOTHING,
        content,
        *lists,
        here=SCENARIOS,
        status=status,
        script="form.js",
    )


def _summary(page: Page) -> Html:
    """Say what is wrong, with links to where."""
    if not page.is_judged and not page.said:
        return NOTHING
    problems = [one for one in page.said if one.kind == "problem"]
    count = len(problems)
    head = f"{count} problem{'s' if count != 1 else ''} to fix" if count else "No problem found"
    others = len(page.said) - count
    if others:
        head += f", {others} remark{'s' if others != 1 else ''}"
    items = (element("li", _linked(one), class_=_class(one)) for one in page.said)
    return element(
        "section",
        element("h2", head, id="summary-head"),
        element("ul", items) if page.said else NOTHING,
        id="summary",
        tabindex="-1",
        role="alert" if count else "status",
    )


def _linked(said: Said) -> Html:
    """Return what is said of a field with a link to it, its key path once."""
    if not said.keys:
        return name(said.text)
    key = ".".join(said.keys)
    link = element("a", key, href=f"#{_anchor(said.keys)}")
    rest = said.text.removeprefix(key)
    return joined([link, name(rest) if rest != said.text else joined([": ", name(said.text)])])


def _about(page: Page) -> Html:
    """Return the fields of what the new scenario says of itself."""
    hints = {
        NAME: "Of the new file, in the folder that is served. No file is ever replaced.",
        "title": "For reports; left out: the name.",
        "question": "Which question does it answer?",
    }
    labels = {NAME: "Name", "title": "Title", "question": "Question"}
    return element(
        "section",
        (
            _labelled(
                element(
                    "input",
                    type="text",
                    name=key,
                    id=_anchor((key,)),
                    value=page.about.get(key, ""),
                    aria_describedby=f"help-{key}",
                    autocomplete="off",
                ),
                _anchor((key,)),
                labels[key],
                element("p", hint, class_="note", id=f"help-{key}"),
                _messages(page, (key,)),
            )
            for key, hint in hints.items()
        ),
        class_="about",
    )


def _filter() -> Html:
    return element(
        "div",
        element(
            "label",
            "Find a setting ",
            element("input", type="search", id="find", autocomplete="off"),
        ),
        element(
            "label",
            element("input", type="checkbox", id="only-set"),
            " only what is set or changed",
        ),
        element("span", id="found", role="status", class_="note"),
        class_="filter",
        hidden=True,
    )


def _buttons() -> Html:
    buttons = (
        ("check", "Check", "plain"),
        ("save", "Save", "plain"),
        ("solve", "Save and solve", None),
    )
    return element(
        "div",
        (
            element("button", label, type="submit", name=_DO, value=do, class_=kind)
            for do, label, kind in buttons
        ),
        class_="bar",
    )


def _group(group: FormGroup, page: Page) -> Html:
    cards = [(one, page.draft.ids(one)) for one in group.cards]
    fields = [(of, of.keys) for of in group.fields]
    fields += [
        (of, (*one.keys, identifier, *of.keys))
        for one, ids in cards
        for identifier in ids
        for of in one.fields
    ]
    set_here = sum(bool(page.draft.base.place(keys)) for _, keys in fields)
    is_open = (
        any(page.draft.text(of, keys) != page.draft.before(of, keys) for of, keys in fields)
        or any(page.added[: len(one.keys)] == one.keys for one in group.cards)
        or any(_group_of(one.keys) == group.name for one in page.said)
    )
    label = "Years and tables" if group.name == FILE else group.name.replace("_", " ")
    note = f"{set_here} set" if set_here else ""
    return element(
        "details",
        element(
            "summary",
            element("strong", label[:1].upper() + label[1:]),
            " ",
            element("span", _words(group.meaning), class_="note"),
            " ",
            element("span", note, class_="count") if note else NOTHING,
        ),
        (_field(of, of.keys, page) for of in group.fields),
        (_cards(one, ids, page) for one, ids in cards),
        open=is_open,
        class_="group",
        id=f"group-{group.name}",
    )


def _group_of(keys: tuple[str, ...]) -> str:
    """Return the name of the group that a key path is in."""
    if not keys:
        return ""
    return next((group.name for group in groups() if group.name == keys[0]), FILE)


def _cards(cards: Cards, ids: list[str], page: Page) -> Html:
    key = name_of(cards.keys)
    made = (_card(cards, identifier, page) for identifier in ids)
    identifier = element(
        "input",
        type="text",
        name=f"id:{key}",
        id=_anchor((*cards.keys, "+")),
        list=_list_id(cards.ids) if cards.ids else None,
        autocomplete="off",
    )
    what = cards.ids.noun if cards.ids else cards.keys[-1].replace("_", " ").rstrip("s")
    label = f"Id of a {what} to change" if cards.ids else f"Id of a new {what.removeprefix('new ')}"
    add = element("button", "Add", type="submit", name=_DO, value=f"{_ADD}{key}", class_="plain")
    more = new_site_part(page.draft) if cards.keys == NEW_SITES else NOTHING
    return element(
        "section",
        element("h2", ".".join(cards.keys)),
        element("p", _words(cards.meaning), class_="note"),
        made,
        more,
        element(
            "p",
            element("label", f"{label} ", identifier),
            " ",
            add,
            class_="add",
        ),
        _messages(page, cards.keys),
        id=_anchor(cards.keys),
    )


def _card(cards: Cards, identifier: str, page: Page) -> Html:
    """Return the card of an id: what is needed or said of it first, all else when asked for."""
    home = (*cards.keys, identifier)
    said = {one.keys for one in page.said}
    first: list[Html] = []
    others: list[Html] = []
    for of in cards.fields:
        keys = (*home, *of.keys)
        is_told = of.is_required or keys in said or page.draft.base.place(keys)
        is_first = is_told or page.draft.text(of, keys) != page.draft.before(of, keys)
        (first if is_first else others).append(_field(of, keys, page))
    more = element(
        "details",
        element("summary", f"{len(others)} {'more ' if first else ''}settings of it"),
        others,
        open=not first,
        class_="more",
    )
    return element(
        "fieldset",
        element("legend", name(identifier)),
        _card_mark(cards, identifier, page),
        _messages(page, home),
        first,
        more if others else NOTHING,
        id=_anchor(home),
        class_="card",
    )


def _card_mark(cards: Cards, identifier: str, page: Page) -> Html:
    """Return the field that keeps a card that was added, whatever is in it."""
    key = name_of((*cards.keys, identifier))
    if key not in page.draft.texts:
        return NOTHING
    return element("input", type="hidden", name=key, value="")


def _field(of: FormField, keys: tuple[str, ...], page: Page) -> Html:
    anchor = _anchor(keys)
    before = page.draft.before(of, keys)
    text = page.draft.text(of, keys)
    said = [one for one in page.said if one.keys == keys]
    place = page.draft.base.place(keys)
    described = f"help-{anchor}" + (f" said-{anchor}" if said else "")
    attributes = {
        "name": name_of(keys),
        "id": anchor,
        "aria_describedby": described,
        "aria_invalid": "true" if any(one.kind == "problem" for one in said) else None,
        "data_before": before,
    }
    return element(
        "div",
        _labelled(
            _input(of, text, attributes),
            anchor,
            joined([element("span", of.above, class_="note"), " " if of.above else "", of.label]),
            element("span", f" {of.unit}", class_="unit")
            if of.unit not in PURE_NUMBERS
            else NOTHING,
            element("div", _help(of, place), class_="note", id=f"help-{anchor}"),
            _messages(page, keys),
        ),
        class_="field" + (" changed" if text != before else "") + (" set" if place else ""),
        data_words=f"{'.'.join(keys)} {of.label} {of.meaning}".casefold(),
    )


def _labelled(control: Html, anchor: str, label: str | Html, *more: Html) -> Html:
    return joined([element("label", label, for_=anchor), control, *more])


def _input(of: FormField, text: str, attributes: Mapping[str, str | None]) -> Html:
    kind = of.kind
    if kind.form == "choice":
        words = {"true": "yes", "false": "no", "": "left out"}
        choices = list(kind.choices)
        if kind.may_be_empty or text not in choices:
            choices.insert(0, "")
        if text not in choices:
            choices.append(text)
        return element(
            "select",
            (
                element("option", words.get(one, one), value=one, selected=one == text)
                for one in choices
            ),
            **attributes,
        )
    if kind.form == "yaml":
        rows = min(max(text.count("\n") + 2, 2), _ROWS)
        return element("textarea", f"\n{text}", rows=str(rows), spellcheck="false", **attributes)
    more: dict[str, str | None] = {"list": None, "data_ids": None, "inputmode": None}
    if kind.ids is not None and kind.form in {"list", "text"}:
        more["data_ids" if kind.form == "list" else "list"] = _list_id(kind.ids)
    if kind.form == "number" and not kind.choices:
        more["inputmode"] = "decimal"
    return element(
        "input",
        type="text",
        value=text,
        autocomplete="off",
        spellcheck="false",
        **attributes,
        **more,
    )


def _help(of: FormField, place: str) -> Html:
    """Return what is known of a setting: meaning, bounds, usual figures, default, its place."""
    facts = []
    if of.kind.bounds:
        facts.append(of.kind.bounds)
    if of.usual:
        facts.append(f"usually {of.usual}")
    if of.kind.form == "list" and of.kind.choices:
        facts.append(f"{' or '.join(of.kind.choices)}, or a list with commas")
    elif of.kind.form == "list":
        facts.append("a list with commas")
    if of.kind.form == "path":
        facts.append("one number, or by year as 2026: 30, 2030: 90")
    if of.kind.form == "mapping":
        facts.append("as id: value, with commas between")
    default = value_text(of, of.default)
    if of.is_required:
        facts.append("required")
    elif default:
        facts.append(f"default {default}")
    if place:
        facts.append(f"set in {place}")
    parts = [element("code", ".".join(of.keys)), " ", _words(of.meaning)]
    if facts:
        parts.append(f" ({'; '.join(facts)})")
    if of.parts:
        rows = (element("li", element("code", key), " ", _words(text)) for key, text in of.parts)
        parts.append(
            element("details", element("summary", "What may be in it"), element("ul", rows))
        )
    return joined(parts)


def _words(text: str) -> Html:
    """Show text of ours, with keys and names of tables between its backticks."""
    pieces = text.split("`")
    return joined(element("code", one) if at % 2 else one for at, one in enumerate(pieces))


def _messages(page: Page, keys: tuple[str, ...]) -> Html:
    said = [one for one in page.said if one.keys == keys]
    if not said:
        return NOTHING
    return element(
        "div",
        (
            element(
                "p", element("strong", f"{_KINDS[one.kind]}: "), name(one.text), class_=_class(one)
            )
            for one in said
        ),
        id=f"said-{_anchor(keys)}",
    )


def _class(said: Said) -> str:
    return "bad" if said.kind == "problem" else "remark"


def _anchor(keys: tuple[str, ...]) -> str:
    """Return the id of an element for a key path: letters, digits and hyphens, none twice."""
    return "f-" + ".".join(
        "".join(
            sign if sign.isascii() and (sign.isalnum() or sign == "_") else f"-{ord(sign):x}-"
            for sign in unicodedata.normalize("NFC", key)
        )
        for key in keys
    )


def _list_id(mark: IdOf) -> str:
    return f"ids-{mark.table}-{mark.column}"


def _ids_of_table(page: Page, mark: IdOf) -> list[str]:
    table = page.draft.base.table(mark.table)
    return [] if table is None else list(map(str, table[mark.column].dropna().unique()))


def _ids_of_page(page: Page) -> dict[IdOf, list[str]]:
    """Return the ids that fields of the page take, out of its tables and new sites."""
    marks: dict[str, IdOf] = {}
    for group in groups():
        kinds = [of.kind.ids for of in group.fields]
        kinds += [of.kind.ids for cards in group.cards for of in cards.fields]
        kinds += [cards.ids for cards in group.cards]
        for mark in kinds:
            if mark is not None:
                marks.setdefault(_list_id(mark), mark)
    new = [
        one
        for group in groups()
        for cards in group.cards
        if cards.keys == NEW_SITES
        for one in page.draft.ids(cards)
    ]
    return {
        mark: [
            *(new if (mark.table, mark.column) == ("sites", "site") else []),
            *_ids_of_table(page, mark),
        ]
        for mark in marks.values()
    }
