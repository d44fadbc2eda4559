"""Links between pages, and from pages to files, lead to what is there; so do those to headings."""

import re

import pytest
from code_blocks import PAGES, ROOT, read

from dl.cli.app import _verbs
from dl.cli.catalog import Catalog

_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site make them."""
    text = _FENCED.sub("", read(page))
    found: list[str] = []
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        words = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")
        found.append(words if words not in found else f"{words}-{found.count(words)}")
    return set(found)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = _FENCED.sub("", read(page))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        place, _, anchor = target.partition("#")
        path = ((ROOT / page).parent / place).resolve() if place else ROOT / page
        assert path.exists(), f"{page}: {target}"
        if anchor:
            assert anchor in anchors(str(path.relative_to(ROOT))), f"{page}: {target}"


def test_every_page_is_in_the_contents() -> None:
    index = read("docs/index.md")
    contents = set(re.findall(r"^([\w/]+)$", "".join(_FENCED.findall(index)), re.MULTILINE))
    pages = {page.removeprefix("docs/").removesuffix(".md") for page in PAGES if "docs/" in page}
    assert contents == (pages - {"index"}) | {"api/index"}


def test_the_page_of_the_runner_names_every_verb() -> None:
    rows = re.findall(r"^\| `(\w+)", read("docs/runner.md"), re.MULTILINE)
    verbs = {name for name in _verbs(Catalog("experiments")) if not name.startswith("-")}
    assert set(rows) == verbs
