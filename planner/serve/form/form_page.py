"""The page of the form, and its fields as HTML."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from planner.outputs.report.markup import NOTHING, Html, element, joined, name
from planner.serve.form.draft import NAME, Said, name_of, value_text
from planner.serve.form.fields import FILE, Cards, FormGroup, every_cards, fields_by_keys, groups
from planner.serve.form.site_map import NEW_SITES, new_site_part
from planner.serve.guard import TOKEN_FIELD
from planner.serve.project import SCENARIOS, scenario_path
from planner.serve.service import shell
from planner.tables.descriptor import PURE_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import HTMLResponse

    from planner.family.references import IdOf
    from planner.serve.form.draft import FormDraft
    from planner.serve.form.fields import FormField
    from planner.serve.project import Source
    from planner.serve.service import Service


_ROWS: Final = 6
_KINDS: Final = {"problem": "must be fixed", "warning": "implausible", "note": "note"}


def field_part(of: FormField, keys: tuple[str, ...], page: ShownForm) -> Html:
    """Return a field with its label, its unit, what is known of it and what is wrong with it."""
    anchor = anchor_of(keys)
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
        labelled(
            _input(of, text, attributes),
            anchor,
            joined([element("span", of.above, class_="note"), " " if of.above else "", of.label]),
            element("span", f" {of.unit}", class_="unit") if of.unit not in PURE_NUMBERS else NOTHING,
            element("div", _help(of, place), class_="note", id=f"help-{anchor}"),
            messages(page, keys),
        ),
        class_="field" + (" changed" if text != before else "") + (" set" if place else ""),
        data_words=f"{'.'.join(keys)} {of.label} {of.meaning}".casefold(),
    )


def labelled(control: Html, anchor: str, label: str | Html, *more: Html) -> Html:
    """Return a control below its label, with more behind it."""
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
            (element("option", words.get(one, one), value=one, selected=one == text) for one in choices),
            **attributes,
        )
    if kind.form == "yaml":
        rows = min(max(text.count("\n") + 2, 2), _ROWS)
        return element("textarea", f"\n{text}", rows=str(rows), spellcheck="false", **attributes)
    more: dict[str, str | None] = {"list": None, "data_ids": None, "inputmode": None}
    if kind.ids is not None and kind.form in {"list", "text"}:
        more["data_ids" if kind.form == "list" else "list"] = list_id(kind.ids)
    if kind.form == "number" and not kind.choices:
        more["inputmode"] = "decimal"
    return element("input", type="text", value=text, autocomplete="off", spellcheck="false", **attributes, **more)


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
    parts = [element("code", ".".join(of.keys)), " ", in_words(of.meaning)]
    if facts:
        parts.append(f" ({'; '.join(facts)})")
    if of.parts:
        rows = (element("li", element("code", key), " ", in_words(text)) for key, text in of.parts)
        parts.append(element("details", element("summary", "What may be in it"), element("ul", rows)))
    return joined(parts)


def in_words(text: str) -> Html:
    """Show text of ours, with keys and names of tables between its backticks."""
    pieces = text.split("`")
    return joined(element("code", one) if at % 2 else one for at, one in enumerate(pieces))


def messages(page: ShownForm, keys: tuple[str, ...]) -> Html:
    """Return what is wrong or implausible at a key path, or nothing."""
    said = [one for one in page.said if one.keys == keys]
    if not said:
        return NOTHING
    return element(
        "div",
        (
            element("p", element("strong", f"{_KINDS[one.kind]}: "), name(one.text), class_=class_of(one))
            for one in said
        ),
        id=f"said-{anchor_of(keys)}",
    )


def class_of(said: Said) -> str:
    """Return the class of the element that shows what is said of a field."""
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


# --- What is shown of a form, and what its buttons are called when they are pressed ---------------

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


# --- The form as an HTML page: what is wrong, groups of settings, cards of ids, buttons -----------


def form_page(page: ShownForm) -> HTMLResponse:
    """Return the page of a form; its status says whether there are problems."""
    ids = _ids_of_page(page)
    parts = (_group(group, page) for group in groups())
    status = 422 if any(one.kind == "problem" for one in page.said) else 200
    content = element(
        "form",
        element("input", type="hidden", name=TOKEN_FIELD, value=page.service.keys.form),
        # The first button is what Enter does.
        element("button", "Check", type="submit", name=DO, value="check", class_="heard"),
        _summary(page),
        _about(page),
        _filter(),
        parts,
        _buttons(),
        method="post",
        action=scenario_path(page.source),
        class_="settings",
        novalidate=True,
        data_added=anchor_of(page.added) if page.added else None,
    )
    lists = (
        element("datalist", (element("option", value=one) for one in known), id=list_id(mark))
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


def _summary(page: ShownForm) -> Html:
    """Say what is wrong, with links to where."""
    if not page.is_judged and not page.said:
        return NOTHING
    problems = [one for one in page.said if one.kind == "problem"]
    count = len(problems)
    head = f"{count} problem{'s' if count != 1 else ''} to fix" if count else "No problem found"
    others = len(page.said) - count
    if others:
        head += f", {others} remark{'s' if others != 1 else ''}"
    items = (element("li", _linked(one), class_=class_of(one)) for one in page.said)
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
    link = element("a", key, href=f"#{anchor_of(said.keys)}")
    rest = said.text.removeprefix(key)
    return joined([link, name(rest) if rest != said.text else joined([": ", name(said.text)])])


def _about(page: ShownForm) -> Html:
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
            labelled(
                element(
                    "input",
                    type="text",
                    name=key,
                    id=anchor_of((key,)),
                    value=page.about.get(key, ""),
                    aria_describedby=f"help-{key}",
                    autocomplete="off",
                ),
                anchor_of((key,)),
                labels[key],
                element("p", hint, class_="note", id=f"help-{key}"),
                messages(page, (key,)),
            )
            for key, hint in hints.items()
        ),
        class_="about",
    )


def _filter() -> Html:
    return element(
        "div",
        element("label", "Find a setting ", element("input", type="search", id="find", autocomplete="off")),
        element("label", element("input", type="checkbox", id="only-set"), " only what is set or changed"),
        element("span", id="found", role="status", class_="note"),
        class_="filter",
        hidden=True,
    )


def _buttons() -> Html:
    buttons = (("check", "Check", "plain"), ("save", "Save", "plain"), ("solve", "Save and solve", None))
    return element(
        "div",
        (element("button", label, type="submit", name=DO, value=do, class_=kind) for do, label, kind in buttons),
        class_="bar",
    )


def _group(group: FormGroup, page: ShownForm) -> Html:
    cards = [(one, page.draft.ids(one)) for one in group.cards]
    fields = [(of, of.keys) for of in group.fields]
    fields += [(of, (*one.keys, identifier, *of.keys)) for one, ids in cards for identifier in ids for of in one.fields]
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
            element("span", in_words(group.meaning), class_="note"),
            " ",
            element("span", note, class_="count") if note else NOTHING,
        ),
        (field_part(of, of.keys, page) for of in group.fields),
        (_cards(one, ids, page) for one, ids in cards),
        open=is_open,
        class_="group",
        id=f"group-{group.name}",
    )


def _group_of(keys: tuple[str, ...]) -> str:
    """Return the name of the group that a key path is in."""
    if not keys:
        return ""
    return keys[0] if keys[0] in {group.name for group in groups()} else FILE


def _cards(cards: Cards, ids: list[str], page: ShownForm) -> Html:
    key = name_of(cards.keys)
    made = (_card(cards, identifier, page) for identifier in ids)
    identifier = element(
        "input",
        type="text",
        name=f"id:{key}",
        id=anchor_of((*cards.keys, "+")),
        list=list_id(cards.ids) if cards.ids else None,
        autocomplete="off",
    )
    what = cards.ids.noun if cards.ids else cards.keys[-1].replace("_", " ").rstrip("s")
    label = f"Id of a {what} to change" if cards.ids else f"Id of a new {what.removeprefix('new ')}"
    add = element("button", "Add", type="submit", name=DO, value=f"{ADD}{key}", class_="plain")
    more = new_site_part(page.draft) if cards.keys == NEW_SITES else NOTHING
    return element(
        "section",
        element("h2", ".".join(cards.keys)),
        element("p", in_words(cards.meaning), class_="note"),
        made,
        more,
        element("p", element("label", f"{label} ", identifier), " ", add, class_="add"),
        messages(page, cards.keys),
        id=anchor_of(cards.keys),
    )


def _card(cards: Cards, identifier: str, page: ShownForm) -> Html:
    """Return the card of an id: what is needed or said of it first, all else when asked for."""
    home = (*cards.keys, identifier)
    said = {one.keys for one in page.said}
    first: list[Html] = []
    others: list[Html] = []
    for of in cards.fields:
        keys = (*home, *of.keys)
        is_told = of.is_required or keys in said or page.draft.base.place(keys)
        is_first = is_told or page.draft.text(of, keys) != page.draft.before(of, keys)
        (first if is_first else others).append(field_part(of, keys, page))
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
        messages(page, home),
        first,
        more if others else NOTHING,
        id=anchor_of(home),
        class_="card",
    )


def _card_mark(cards: Cards, identifier: str, page: ShownForm) -> Html:
    """Return the field that keeps a card that was added, whatever is in it."""
    key = name_of((*cards.keys, identifier))
    if key not in page.draft.texts:
        return NOTHING
    return element("input", type="hidden", name=key, value="")


def _ids_of_table(page: ShownForm, mark: IdOf) -> list[str]:
    table = page.draft.base.table(mark.table)
    return [] if table is None else list(map(str, table[mark.column].dropna().unique()))


def _ids_of_page(page: ShownForm) -> dict[IdOf, list[str]]:
    """Return the ids that fields of the page take, out of its tables and new sites."""
    kinds = [*(of.kind.ids for of in fields_by_keys().values()), *(cards.ids for cards in every_cards())]
    marks = {list_id(mark): mark for mark in reversed(kinds) if mark is not None}  # the first of each
    new = [one for cards in every_cards() if cards.keys == NEW_SITES for one in page.draft.ids(cards)]
    return {
        mark: [*(new if (mark.table, mark.column) == ("sites", "site") else []), *_ids_of_table(page, mark)]
        for mark in marks.values()
    }
