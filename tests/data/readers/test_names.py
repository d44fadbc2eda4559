"""The first names that come with the package."""

import dl

DOCUMENTS = dl.Reading(stream=False)


def test_train_validation_and_test_together_are_all_names_each_once() -> None:
    data = dl.load_data("names", validation=0.1, reading=DOCUMENTS)
    parts = [data.train, data.validation, data.test]
    assert [len(part) for part in parts] == [4182, 465, 516]
    names = [
        data.spec.text.decode(row[1:length])  # the first symbol is the END before it
        for part in parts
        for row, length in zip(part.inputs, part.lengths, strict=True)
    ]
    assert len(set(names)) == 5163
    # The three most frequent names of women and of men in the census, and the last of each list.
    asked = {"Mary", "Patricia", "Linda", "James", "John", "Robert", "Allyn", "Alonso"}
    assert asked <= set(names)
    assert all(name.isascii() and name.isalpha() and name.istitle() for name in names)


def test_they_are_a_stream_where_one_is_asked_for() -> None:
    spec = dl.load_data("names", reading=dl.Reading(stream=True)).spec
    assert (spec.task, spec.ragged) == ("language", False)
