"""Answers that are still dots, in the learner's notebook: a line of text where Python would stop with a traceback.

The cells of an assignment use one another's names. Until a question is answered its cell may fail, and so may those
that use what it makes; Jupyter would then run no further cell. Loaded with ``%load_ext carbite_course.selfcheck``.
The grader leaves it out: there an error stays an error.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from types import TracebackType
from typing import Any

ANSWER = re.compile(r"# (?:Answer to|Your prediction before) (?P<question>Question \d+)")


class Blanks:
    """Follows the cells of one shell, and excuses those that fail for want of an answer."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        # Each name that hangs on an answer, and on which.
        self._unanswered: dict[str, str] = {}
        self._tree = ast.Module([], [])
        self._question = ""
        self._excused = False

    def watch(self) -> None:
        """From now on, for every cell."""
        self._shell.events.register("pre_run_cell", self._before)
        self._shell.events.register("post_run_cell", self._after)
        self._shell.set_custom_exc((Exception,), self._failed)

    def _before(self, info: Any) -> None:
        self._excused = False
        found = ANSWER.match(info.raw_cell.lstrip())
        self._question = found["question"] if found else ""
        try:
            self._tree = ast.parse(self._shell.transform_cell(info.raw_cell))
        except SyntaxError:
            self._tree = ast.Module([], [])

    def _failed(
        self,
        shell: Any,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType,
        tb_offset: int | None = None,
    ) -> None:
        """What IPython calls in the place of its traceback: the line, or the traceback after all."""
        wanted = self._wanted(self._tree)
        if has_dots(self._tree):
            said = f"{self._question or 'This cell'} has no answer yet: the dots are still there."
        elif wanted:
            questions = sorted(set(wanted.values()), key=lambda name: (len(name), name))
            said = f"This cell needs {', '.join(wanted)}: first answer {', '.join(questions)}, and run the cells since."
        else:
            shell.showtraceback((kind, error, trace), tb_offset=tb_offset, running_compiled_code=True)
            return
        self._excused = True
        print(f"{said} ({kind.__name__}: {str(error).partition(chr(10))[0]})")

    def _after(self, result: Any) -> None:
        """Note which names have no answer yet. A cell that was excused has not failed, so that the next one runs."""
        for statement in self._tree.body:
            wanted = self._wanted(statement)
            for name in _defined(statement):
                self._unanswered.pop(name, None)
                if has_dots(statement) or wanted or (self._excused and name not in self._shell.user_ns):
                    self._unanswered[name] = self._question or next(iter(wanted.values()), "the questions above")
        if self._excused:
            result.error_in_exec = None

    def _wanted(self, tree: ast.AST) -> dict[str, str]:
        """The names without an answer that a part of the cell uses, each with its question."""
        used = {name.id for name in _names(tree, ast.Load)}
        return {name: self._unanswered[name] for name in sorted(used & set(self._unanswered))}


def has_dots(tree: ast.AST) -> bool:
    """Whether an answer is still ``...``: a line of its own, what a name is set to, or what is returned."""
    return any(
        isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign | ast.Return)
        and isinstance(node.value, ast.Constant)
        and node.value.value is ...
        for node in ast.walk(tree)
    )


def _defined(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement of a cell makes."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
    else:
        yield from {name.id for name in _names(statement, ast.Store)}


def _names(tree: ast.AST, context: type[ast.expr_context]) -> Iterator[ast.Name]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, context))
