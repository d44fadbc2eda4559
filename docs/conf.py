"""Settings of the documentation: sphinx-build -W -n docs docs/_build."""

import os
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
os.environ.setdefault("JAX_PLATFORMS", "cpu")  # the gallery looks the same everywhere

with (HERE.parent / "pyproject.toml").open("rb") as file:
    repository = tomllib.load(file)["project"].get("urls", {}).get("Repository", "")

project = "dl"
author = "the authors of dl"
project_copyright = "the authors of dl, Apache-2.0"
html_title = "dl"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "docs.site_parts.builder",
    "docs.site_parts.reference",
    "docs.site_parts.docstrings",
    "docs.site_parts.signatures",
    "docs.site_parts.gallery",
    "docs.site_parts.links",
]
exclude_patterns = ["_build", "pictures"]
nitpicky = True
default_role = "code"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
myst_highlight_code_blocks = False  # of those without a language

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 76
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"

html_theme = "furo"
templates_path = ["site_parts/templates"]
html_static_path = ["site_parts/static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#0b5a91",
        "color-brand-content": "#0b5a91",
        "color-added": "#116329",
        "font-stack": "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
    },
    "dark_css_variables": {
        "color-brand-primary": "#7cc4f5",
        "color-brand-content": "#7cc4f5",
        "color-added": "#7ee787",
    },
}
if repository and "OWNER" not in repository:
    html_theme_options |= {
        "source_repository": repository,
        "source_branch": "main",
        "source_directory": "docs/",
    }
