"""A draft of a scenario, and its YAML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from planner.base.errors import InputError, Problem
from planner.inputs.build import validated
from planner.outputs.files import PARTIAL, new_token
from planner.outputs.plan_workbook.write import one_line
from planner.runs.names import has_slug, slug
from planner.scenario.keys import ABOUT_THE_FILE, ID
from planner.scenario.load import read_draft
from planner.scenario.schema import OWN_FILES
from planner.scenario.tree import plain
from planner.scenario.yaml12 import parse
from planner.serve.fields import Cards, FormField, every_cards, fields_by_keys
from planner.tables import right_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from planner.scenario.load import ScenarioDraft as Scenario
    from planner.scenario.tree import Node
    from planner.serve.project import Project, Source


_INDENT: Final = "  "


def scenario_text(
    head: Iterable[str], settings: Mapping[tuple[str, ...], Any]
) -> tuple[str, dict[int, tuple[str, ...]]]:
    """Write a scenario file; also return the key path of each of its lines."""
    parts = dict.fromkeys(part for keys in settings for part in _down_to(keys))
    place = {part: number for number, part in enumerate(parts)}
    lines, at = list(head), {}
    # A block is where its first setting is, with all its others.
    for keys in sorted(parts, key=lambda keys: [place[part] for part in _down_to(keys)]):
        written = f" {one_line(settings[keys])}" if keys in settings else ""
        lines.append(f"{_INDENT * (len(keys) - 1)}{one_line(keys[-1])}:{written}")
        at[len(lines)] = keys
    return "".join(f"{line}\n" for line in lines), at


def _down_to(keys: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the key paths of the blocks that a key is in, and its own."""
    return [keys[:length] for length in range(1, len(keys) + 1)]


# --- From what was typed into the form to a scenario file, with each problem beside its field -----

Keys = tuple[str, ...]
ABOUT: Final = ("title", "question")  # what a scenario says of itself; not handed down by the one that it extends
NAME: Final = "name"  # where the name of a new scenario is given, beside what it says of itself
_NO_SETTING: Final = (
    "is no setting: version and extends are written for you, title and question are given next to"
    " the settings of a new scenario; leave it out"
)


def name_of(keys: Keys) -> str:
    """Return the name of the field of a setting: an id may hold any sign."""
    return json.dumps(keys, ensure_ascii=False)


def is_setting(name: str) -> bool:
    """Return whether a field of a form is that of a setting."""
    return name.startswith("[")


def keys_of(name: str) -> Keys:
    """Return the key path of a field."""
    try:
        keys = json.loads(name)
    except ValueError:
        keys = None
    if not isinstance(keys, list) or not keys or not all(isinstance(key, str) for key in keys):
        raise _unknown("the form has an unknown field")
    return tuple(keys)


def value_text(of: FormField, value: Any) -> str:
    """Write a value as it stands in a field; empty where it is left out."""
    if value is None or value in ([], (), {}):
        return ""
    form = of.kind.form
    if form == "yaml" and isinstance(value, list | tuple):
        return "\n".join(f"- {one_line(item)}" for item in value)
    if form == "yaml" and isinstance(value, Mapping):
        return "\n".join(f"{one_line(key)}: {one_line(item)}" for key, item in value.items())
    if isinstance(value, list | tuple | Mapping):
        return one_line(value)[1:-1]
    if form == "text" or isinstance(value, str):
        return str(value)
    text = one_line(value)
    return text.removesuffix(".0") if isinstance(value, float) else text


@dataclass(frozen=True)
class Said:
    """Something to be said of a field."""

    keys: Keys  # of the field or card; empty where it is none
    text: str  # what
    kind: str  # whether it keeps a plan from being made


@dataclass(frozen=True)
class BaseScenario:
    """The scenario that is changed."""

    source: Source  # its file

    @cached_property
    def _scenario(self) -> Scenario:
        return read_draft(self.source.argument)

    @property
    def tree(self) -> Node:
        """What it and those that it extends say."""
        return self._scenario.tree

    def table(self, name: str) -> pd.DataFrame | None:
        """Return a table as the scenario has it; None where its own file of it cannot be read."""
        own = self._scenario.data_files.get(name)
        if own is None and self.value(("data", name), None) is not None:
            return None
        return right_tables([name], {} if own is None else {name: own}).get(name)

    def value(self, keys: Keys, default: Any) -> Any:
        """Return what a setting is, written or by default."""
        node = self.tree.at(*keys)
        return default if node is None else plain(node)

    def place(self, keys: Keys) -> str:
        """Say where a setting is written; empty where it is not."""
        node = self.tree.at(*keys)
        if node is None:
            return ""
        place = node.place
        return Path(place.file).name + (f":{place.line}" if place.line is not None else "")

    def ids(self, cards: Cards) -> list[str]:
        """Return the ids that a mapping has."""
        node = self.tree.at(*cards.keys)
        return list(node.children) if node is not None else []


@dataclass(frozen=True)
class FormDraft:
    """What was typed."""

    base: BaseScenario  # the scenario that is changed
    # by name of the field; those that are as in the base may be missing
    texts: Mapping[str, str] = field(default_factory=dict)

    def ids(self, cards: Cards) -> list[str]:
        """Return the ids that a mapping has, those that were typed too."""
        depth = len(cards.keys)
        typed = (keys_of(name) for name in self.texts if is_setting(name))
        new = (keys[depth] for keys in typed if keys[:depth] == cards.keys and len(keys) > depth)
        return list(dict.fromkeys([*self.base.ids(cards), *new]))

    def text(self, of: FormField, keys: Keys) -> str:
        """Return what stands in a field."""
        return self.texts.get(name_of(keys), self.before(of, keys))

    def before(self, of: FormField, keys: Keys) -> str:
        """Return the text of a field before anything was typed."""
        return value_text(of, self.base.value(keys, of.default))

    def settings(self) -> tuple[dict[Keys, Any], list[Said]]:
        """Return the settings that differ from those of the base, and what cannot be read."""
        changed: dict[Keys, Any] = {}
        said: list[Said] = []
        for keys in map(keys_of, filter(is_setting, self.texts)):
            of = _field_at(keys)
            typed = self.texts[name_of(keys)].strip()
            if of is None:
                if any(
                    cards.keys == keys[:-1] and cards.ids is None for cards in every_cards()
                ):  # of one's own name, and perhaps without any setting
                    changed.setdefault(keys, {})
                continue
            if typed == self.before(of, keys).strip():
                continue
            try:
                changed[keys] = _read(of, typed)
            except InputError as error:
                said += [Said(keys, problem.words, "problem") for problem in error.problems]
        for card in {keys[:length] for keys in changed for length in range(1, len(keys))}:
            changed.pop(card, None)  # it says something
        said += self._left_out(changed)
        return changed, said

    def file(self, about: Mapping[str, str], changed: Mapping[Keys, Any]) -> tuple[str, Any]:
        """Return the scenario file, and the key path of each of its lines."""
        key = self.base.source.key
        plain_key = "".join(sign if sign.isascii() and sign.isprintable() else "?" for sign in key)  # no end of a line
        head = [f"# Changed from {plain_key} with dcplan serve.", "version: 1", f"extends: {one_line(key)}"]
        said: dict[Keys, Any] = {(key,): about[key] for key in ABOUT if about.get(key)}
        return scenario_text(head, {**said, **changed})

    def saved(self, project: Project, about: Mapping[str, str], changed: Mapping[Keys, Any]) -> Source | Said:
        """Write the new scenario, or say why not."""
        given = about[NAME]
        if not changed:
            return Said((), "Nothing is changed yet, so there is nothing to save.", "problem")
        if not given:
            return Said((NAME,), "A new scenario needs a name.", "problem")
        if not has_slug(given):
            nameless = (
                f"Nothing of {given!r} can be the name of a file; use a name with a letter "
                "from a to z or a digit that Windows keeps for no device, as it does con and aux, "
                "and the title for any other text"
            )
            return Said((NAME,), nameless, "problem")
        text, _ = self.file(about, changed)
        try:
            path = project.save(given, text)
        except FileExistsError:
            taken = f"{slug(given)}.yaml is there already, and files are never replaced; choose another"
            return Said((NAME,), taken, "problem")
        except OSError as error:
            return Said((NAME,), f"The file cannot be written: {error.strerror}", "problem")
        made = project.source(path.name)
        assert made is not None
        return made

    def judged(self, project: Project, about: Mapping[str, str], changed: Mapping[Keys, Any]) -> list[Said]:
        """Check the scenario as it would be saved."""
        no_settings = [Said(keys, _NO_SETTING, "problem") for keys in changed if keys[0] in ABOUT_THE_FILE]
        if no_settings:
            return no_settings
        outside = [
            Said(keys, f"{name} is not in the folder that is served", "problem")
            for keys, name in _paths(changed)
            if not _is_inside(project.folder, name)
        ]
        if outside:
            return outside
        text, at = self.file(about, changed)
        file = project.folder / f"{PARTIAL}{new_token()}.yaml"
        try:
            file.write_text(text, encoding="utf-8")
            found = validated(file)
        finally:
            file.unlink(missing_ok=True)
        kinds = (("problem", found.problems), ("warning", found.warnings), ("note", found.notes))
        return [self._said(problem, kind, file, at) for kind, problems in kinds for problem in problems]

    def _said(self, problem: Problem, kind: str, file: Path, at: Mapping[int, Keys]) -> Said:
        if problem.file == str(file):
            return Said(at.get(problem.line or 0, ()), problem.words, kind)
        return Said((), str(problem).replace(str(file), "the form"), kind)

    def _left_out(self, changed: Mapping[Keys, Any]) -> Iterator[Said]:
        """Find entries that are missing: a scenario only adds to what it extends."""
        for keys, value in changed.items():
            of = _field_at(keys)
            if of is None or of.kind.form not in {"mapping", "yaml"}:
                continue
            before = self.base.value(keys, of.default)
            if not isinstance(before, Mapping) or not isinstance(value, Mapping):
                continue
            missing = [key for key in before if str(key) not in map(str, value)]
            if missing:
                text = (
                    f"{', '.join(missing)} is left out; a scenario adds to the one it extends, so"
                    " set it to another value"
                )
                yield Said(keys, text, "problem")


def _read(of: FormField, text: str) -> Any:
    """Read what stands in a field."""
    form = of.kind.form
    if not text:
        if of.kind.may_be_empty:
            return None
        empty: dict[str, Any] = {"text": "", "list": [], "yaml": [], "mapping": {}}
        return empty.get(form)
    if form == "text":
        return text
    if form == "list" and text not in of.kind.choices[:1] and not text.startswith("["):
        text = f"[{text}]"
    elif form in {"mapping", "path"} and ":" in text and not text.startswith("{"):
        text = f"{{{text}}}"
    return plain(parse(text, ""))


def _unknown(what_is: str) -> InputError:
    return InputError.at("the form", what_is, "one of the form", "load the page again")


def _field_at(keys: Keys) -> FormField | None:
    """Return the field of a key path; None for a card."""
    known = fields_by_keys()
    if keys in known:
        return known[keys]
    cards = next((cards for cards in every_cards() if keys[: len(cards.keys)] == cards.keys), None)
    if cards is not None and len(keys) > len(cards.keys):
        inside = keys[len(cards.keys) + 1 :]
        if not inside:
            return None
        if (*cards.keys, ID, *inside) in known:
            return known[*cards.keys, ID, *inside]
    raise _unknown(f"there is no setting {'.'.join(keys)!r}")


def _paths(changed: Mapping[Keys, Any]) -> Iterator[tuple[Keys, str]]:
    """Return the files that settings name."""
    for keys, value in changed.items():
        if keys == ("data",) and isinstance(value, Mapping):
            yield from ((keys, path) for path in value.values() if isinstance(path, str))
        elif keys in OWN_FILES and isinstance(value, str):
            yield keys, value


def _is_inside(folder: Path, name: str) -> bool:
    try:
        return (folder / name).resolve().is_relative_to(folder)
    except (OSError, ValueError, RuntimeError):
        return False
