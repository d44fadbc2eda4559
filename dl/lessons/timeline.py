"""The history of neural nets, and machine learning beside deep learning, as tables (A7, H8)."""

from dl.tables import Table

_HISTORY = (
    (1943, "McCulloch, Pitts", "a neuron as a threshold unit (A1); a slide has 1944 as well", 1),
    (1958, "Rosenblatt", "the perceptron, which learns its weights (A2)", 1),
    (1960, "Kelley", "gradients carried back through the stages of a controlled process", 2),
    (1961, "Bryson", "the same for processes with many stages", 2),
    (1969, "Minsky, Papert", "one perceptron cannot learn XOR (A3): the winter begins", 1),
    (1970, "Linnainmaa", "reverse accumulation of derivatives in any computation", 2),
    (1986, "Rumelhart, Hinton, Williams", "back-propagation in multilayer nets (C2)", 2),
    (1990, "LeCun and others", "LeNet, convolutions learned by back-propagation (E8, E9)", 2),
    (1997, "Hochreiter, Schmidhuber", "LSTM, a memory that gradients pass unharmed (G3)", 2),
    (2006, "Hinton, Osindero, Teh", "deep belief nets, pre-trained layer by layer (F4)", 3),
    (2011, "Ciresan and others", "deep nets trained on GPUs set the record on MNIST (E15)", 3),
    (2012, "Krizhevsky, Sutskever, Hinton", "AlexNet wins ImageNet by a wide margin (E10)", 3),
)

_GENERATIONS = {1: "perceptron", 2: "multilayer perceptron", 3: "deep learning"}

_COMPARISON = (
    ("hierarchy", "one step from features to answer", "many layers, from edges to objects"),
    ("feature extraction", "before training, by programs written for it", "part of the net"),
    ("feature learning", "little: weights on given features", "all layers learn together"),
    ("performance", "good on little or tabular data, then level", "still grows with more data"),
    ("data", "hundreds to thousands of examples can do", "many, or a net trained before"),
    ("training complexity", "often convex, few settings", "not convex, many settings (D8)"),
    ("domain", "knowledge goes into the features", "knowledge goes into the architecture"),
    ("applications", "tables, small pictures, counted words", "pictures, speech, language, play"),
    ("representations", "chosen by people, with a meaning each", "distributed over many units"),
    ("interpretability", "weights and trees can be read", "needs tools: maps, probes, occlusion"),
    ("algorithms", "SVM, random forest, naive Bayes, PCA", "CNN, RNN, auto-encoder, belief net"),
    ("computation", "seconds to minutes on a CPU", "minutes to weeks, best on accelerators"),
    ("scalability", "kernels grow with the square of the data", "mini-batches: grows linearly"),
)


def history() -> Table:
    """Who found what when, from the threshold unit to AlexNet, by generation. Source: A7.

    The winter lasts from 1969 to 1986. The roots of back-propagation, from 1960 to 1970, are
    counted with the generation that they made possible.

    >>> [row[0] for row in history().rows][:3], history().rows[-1][-1]
    ([1943, 1958, 1960], 'deep learning')
    """
    rows = [(*row[:3], _GENERATIONS[row[3]]) for row in _HISTORY]
    return Table(("year", "who", "what", "generation"), rows, title="Neural nets from 1943 to 2012")


def comparison() -> Table:
    """Hand-made features with a shallow learner against learned features, in 13 rows. Source: H8.

    `python -m experiments baselines` measures the row "performance".

    >>> len(comparison().rows), comparison().columns
    (13, ('aspect', 'machine learning', 'deep learning'))
    """
    return Table(
        ("aspect", "machine learning", "deep learning"),
        _COMPARISON,
        title="Machine learning and deep learning",
    )
