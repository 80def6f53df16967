"""The documentation as a site: `make docs`. Nothing on it asks for anything from elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING

from pygments.lexers.special import TextLexer

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_extensions"))

project = "dcplan"
author = "The dcplan developers"
copyright = author
version = release = version_of("dcplan")
language = "en"

extensions = ["myst_nb", "mathml", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 4
# A notebook runs again when it changes; DCPLAN_NOTEBOOKS=off leaves it as it is.
nb_execution_mode = os.environ.get("DCPLAN_NOTEBOOKS", "cache")
nb_execution_raise_on_error = True
nb_execution_timeout = 300
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
exclude_patterns = ["_build", "notebooks/.ipynb_checkpoints"]
# The highlighter of SQL does not know DuckDB's braces; it then takes what it knows.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_title = f"dcplan {version}"
html_static_path = ["_static"]
html_css_files = ["wide-tables.css"]
html_copy_source = False
html_show_sphinx = False

# What stands at the top of the project is copied below docs/, with links that fit there.
TOP = HERE.parent
shutil.rmtree(HERE / "notebooks", ignore_errors=True)
(HERE / "notebooks").mkdir()
for file in (TOP / "notebooks").glob("*.ipynb"):
    text = file.read_text(encoding="utf-8").replace("](../docs/", "](../")
    (HERE / "notebooks" / file.name).write_text(text, encoding="utf-8")
changes = (TOP / "CHANGELOG.md").read_text(encoding="utf-8").replace("](docs/", "](")
(HERE / "changes.md").write_text(changes, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Name a language of code blocks that the highlighter does not know."""
    app.add_lexer("csv", TextLexer)
