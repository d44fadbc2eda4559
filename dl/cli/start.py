"""What the command says when it is called alone: what to do next."""

from dl.cli.next_steps import program

_LINES = """\
Deep learning from the perceptron to the LSTM, as experiments that run.

  {0} list                           all of them, by lecture
  {0} sample lstm_names --count 10   names that nobody has
  {0} predict lenet_digits FILE.png  which digit is it?
  {0} run lenet_digits               train it: ten seconds
  {0} run lenet_digits --help        every option
  {0} resume RUN                     go on after Ctrl-C
  {0} evaluate RUN --report          how good is it?

The nets of `sample lstm_names` and `predict lenet_digits` come trained.
All verbs: {0} --help. Words after TAB: completion --help."""


def start_page(package: str) -> str:
    """About ten lines for somebody who types the command alone.

    >>> print(start_page("experiments").splitlines()[0])
    Deep learning from the perceptron to the LSTM, as experiments that run.
    """
    return _LINES.format(program(package))
