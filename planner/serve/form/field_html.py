"""Fields of a form as HTML: a control, its label, what is known of it and what is wrong with it."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from planner.outputs.report.markup import NOTHING, Html, element, joined, name
from planner.serve.form.draft import name_of, value_text
from planner.tables.descriptor import PURE_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.family.references import IdOf
    from planner.serve.form.draft import Said
    from planner.serve.form.fields import FormField
    from planner.serve.form.form_page import ShownForm

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
