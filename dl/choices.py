"""Words of which an option takes only some: what a type checker sees is refused at run time too."""

from typing import Any, Literal, get_args, get_origin, get_type_hints

from dl.errors import InputError, did_you_mean


def check_choices(options: Any) -> None:
    """Raise an `InputError` for a field of a dataclass that is annotated with a `Literal` and is
    none of its values.

    >>> from dl.data.text.reading import Reading
    >>> Reading(unit="chars")
    Traceback (most recent call last):
    dl.errors.InputError: unit is 'chars': did you mean char?
    """
    for name, kind in get_type_hints(type(options)).items():
        value = getattr(options, name)
        if get_origin(kind) is Literal and value not in get_args(kind):
            raise InputError(
                f"{name} is {value!r}: {did_you_mean(str(value), map(str, get_args(kind)))}"
            )
