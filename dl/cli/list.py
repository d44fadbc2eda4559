"""`list`: the experiments in a line each."""

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
    """The line of a docstring that begins with `label`.

    >>> _field("A net.\\n\\nExpected: 98 %.\\n", "Expected:")
    'Expected: 98 %.'
    """
    return next((line.strip() for line in docstring.splitlines() if line.strip().startswith(label)), "")
