"""`list`: the experiments, a line each."""

import re
from typing import Annotated

from cyclopts import Parameter

from dl.cli.catalog import Catalog


def list_experiments(*, catalog: Annotated[Catalog, Parameter(parse=False)]) -> None:
    """List the experiments with what each is and the figure it is expected to reach."""
    names = catalog.names()
    width = max(len(name) for name in names)
    for name in names:
        docstring = catalog.docstring(name)
        headline = docstring.splitlines()[0] if docstring else ""
        print(f"{name:<{width}}  {headline}")
        if expected := _field(docstring, "Expected:"):
            print(f"{'':<{width}}  {expected}")


def _field(docstring: str, label: str) -> str:
    """The first sentence after `label` in a docstring; it may continue on indented lines.

    >>> _field("A net.\\n\\nExpected: 98 %\\n    of ten. More.\\nTime: 1 s.\\n", "Expected:")
    'Expected: 98 % of ten.'
    """
    match = re.search(rf"^{label}.*(?:\n[ \t]+\S.*)*", docstring, re.MULTILINE)
    return re.split(r"(?<=\.) (?=[A-Z])", " ".join(match[0].split()))[0] if match else ""
