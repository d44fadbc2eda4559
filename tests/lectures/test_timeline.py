"""A7 and H8: the history and the comparison, as the slides have them."""

from dl import lessons


def test_A7_who_and_when() -> None:
    rows = lessons.history().rows
    found = {row[0]: row[1] for row in rows}
    expected = {
        1943: "McCulloch, Pitts",
        1958: "Rosenblatt",
        1960: "Kelley",
        1961: "Bryson",
        1969: "Minsky, Papert",
        1970: "Linnainmaa",
        1986: "Rumelhart, Hinton, Williams",
        1990: "LeCun",
        1997: "Hochreiter, Schmidhuber",
        2006: "Hinton",
        2011: "Ciresan",
        2012: "Krizhevsky",
    }
    assert list(found) == sorted(expected)
    assert all(found[year].startswith(name) for year, name in expected.items())
    assert "1944" in str(rows[0][2]), "the slide's other year is named"
    assert [row[3] for row in rows if row[0] in (1958, 1986, 2012)] == [
        "perceptron",
        "multilayer perceptron",
        "deep learning",
    ]


def test_H8_the_13_aspects() -> None:
    table = lessons.comparison()
    assert [row[0] for row in table.rows] == [
        "hierarchy",
        "feature extraction",
        "feature learning",
        "performance",
        "data",
        "training complexity",
        "domain",
        "applications",
        "representations",
        "interpretability",
        "algorithms",
        "computation",
        "scalability",
    ]
    assert all(all(row) for row in table.rows)
