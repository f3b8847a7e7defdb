"""Sphinx's configuration: `make site` builds the guides, lessons and reference into build/site/.

The sources stay where they are in the repository, so that their links work there as well.
"""

import re
import runpy
import shutil
import tomllib
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.config import Config

ROOT = Path(__file__).resolve().parent.parent
START = "start.html"

project = "keras-session5"
author = "the authors of keras-session5"
project_copyright = "2026, the authors of keras-session5"
release = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx-mathjax-offline"]
root_doc = "site/index"
include_patterns = [
    "site/*.md",
    "README.md",
    "docs/*.md",
    "docs/**/*.md",
    "lessons/*.md",
    "lessons/*.ipynb",
    "benchmarks/*.md",
    "serving/README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
]
nb_execution_mode = "off"  # the notebooks hold their outputs
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 3
highlight_language = "none"
default_role = "py:obj"  # `name` in a docstring is code
autodoc_member_order = "bysource"
napoleon_use_ivar = True  # else the attributes of a NamedTuple are described twice
autodoc_typehints = "none"  # the signatures name them once more
html_theme = "furo"
html_title = "keras-session5"
html_copy_source = html_show_sourcelink = False
html_show_search_summary = False  # a browser does not let a page from the disk read the others
html_static_path = ["static"]
html_css_files = ["sheets.css"]


def write_sheets(app: Sphinx, config: Config) -> None:
    """Writes the exercise sheets, before Sphinx looks for its sources."""
    runpy.run_path(str(Path(__file__).with_name("sheets.py")))["write_sheets"]()


def link_start_page(app: Sphinx, docname: str, source: list[str]) -> None:
    """Makes links to the start page, which is not one of Sphinx's pages, relative to the site's root."""
    up = "../" * docname.count("/")
    source[0] = re.sub(rf"\[([^\]]+)\]\([./a-z]*{START}\)", rf'<a href="{up}{START}">\1</a>', source[0])


def write_start_page(app: Sphinx, exception: Exception | None) -> None:
    """Writes the start page, with links to the site, and leads from the site's address to its first page."""
    if exception:
        return
    build = runpy.run_path(str(Path(__file__).with_name("build.py")))["build"]
    (Path(app.outdir) / START).write_text(build(pages="./"), "utf-8")
    shutil.copy(Path(__file__).with_name("redirect.html"), Path(app.outdir) / "index.html")


def setup(app: Sphinx) -> None:
    app.add_lexer("mermaid", TextLexer)
    app.connect("config-inited", write_sheets)
    app.connect("source-read", link_start_page)
    app.connect("build-finished", write_start_page)
