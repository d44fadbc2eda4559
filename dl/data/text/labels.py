"""Labels as people write them: the same class in one form."""

from collections.abc import Mapping
from dataclasses import replace

from dl.data.naming import listed, one_form
from dl.data.text.reading import Documents
from dl.errors import InputError
from dl.screen import say


def tidy_labels(name: str, parts: Mapping[str, Documents]) -> dict[str, Documents]:
    """The parts with one form for each class; standard error says what was joined.

    Blanks around a label are left out and accents are composed. Where `1` and `1.0` both occur,
    they are one class. Classes that differ only in capitals stay apart, and are named.

    Raises:
        InputError: for a label of blanks.
    """
    given = {label for part in parts.values() for label in part.labels or ()}
    forms = one_form(given)
    if "" in forms.values():
        raise InputError(f"{name} has a label of blanks alone: give every document a label")
    _say(name, forms)
    return {
        part: replace(documents, labels=[forms[label] for label in documents.labels])
        if documents.labels is not None
        else documents
        for part, documents in parts.items()
    }


def _say(name: str, forms: Mapping[str, str]) -> None:
    joined = sorted(
        {form for label, form in forms.items() if label != form and _twice(form, forms)}
    )
    if joined:
        say(f"{name}: labels in two spellings are one class: {listed(joined)}")
    by_lower: dict[str, set[str]] = {}
    for form in forms.values():
        by_lower.setdefault(form.casefold(), set()).add(form)
    apart = sorted(form for same in by_lower.values() if len(same) > 1 for form in same)
    if apart:
        say(f"{name}: classes that differ only in capitals are apart: {listed(apart)}")


def _twice(form: str, forms: Mapping[str, str]) -> bool:
    return list(forms.values()).count(form) > 1
