"""The learner's own check of an answer, in the notebook, without a server or a network.

    %load_ext carbite_course.selfcheck

    %%selfcheck Question 1
    isinstance(rate, float)  # rate is a number with decimals
    0 < rate < 1  # rate is a share from 0 to 1, not a percentage

Each line is a condition, and its comment says in words what it asks. They are the learner's: what is graded is more.
"""

from __future__ import annotations

from typing import Any

from IPython.core.magic import Magics, cell_magic, magics_class

from carbite_course.blanks import Blanks


class Checked:
    """What the conditions of a question said, shown as lines of text."""

    def __init__(self, title: str, said: list[tuple[bool, str]]) -> None:
        self.passed = all(passed for passed, _ in said)
        self._lines = [f"{title}: {'so far, so good' if self.passed else 'not yet'}"]
        self._lines += [f"  {'✓' if passed else '✗'} {text}" for passed, text in said]

    def __repr__(self) -> str:
        return "\n".join(self._lines)


def check(title: str, conditions: str, names: dict[str, Any]) -> Checked:
    """Evaluate each line of ``conditions`` in ``names``. A line that fails says how, and the next goes on."""
    said: list[tuple[bool, str]] = []
    for line in filter(str.strip, conditions.splitlines()):
        condition, _, text = line.partition("  # ")
        text = text.strip() or condition.strip()
        try:
            passed = bool(eval(condition.strip(), names))
        except NameError as error:
            passed, text = False, f"{text} ({error.name} is not there yet: run its cell first)"
        except Exception as error:
            passed, text = False, f"{text} (this could not be tried: {type(error).__name__}: {error})"
        said.append((passed, text))
    return Checked(title, said)


@magics_class
class SelfCheckMagics(Magics):
    """The cell magic ``%%selfcheck``."""

    @cell_magic
    def selfcheck(self, line: str, cell: str) -> Checked:
        """Check the answer to the question that the line names."""
        assert self.shell
        return check(line.strip(), cell, self.shell.user_ns)


def load_ipython_extension(shell: Any) -> None:
    """What ``%load_ext carbite_course.selfcheck`` does: the magic is known, and dots stop no cell."""
    shell.register_magics(SelfCheckMagics)
    Blanks(shell).watch()
