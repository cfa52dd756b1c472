"""The directive ``{teaching}``: a part of the instructor's plans, with what the chapters and assignments say."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from carbite_course.assignment import AssignmentError
from carbite_course.teaching.chapters import ChapterSourceError
from carbite_course.teaching.pages import files_read, part
from carbite_course.teaching.plan import PlanError


class TeachingDirective(SphinxDirective):
    """``{teaching} session harm``: the Markdown that ``carbite_course.teaching.pages`` writes, read like the page."""

    required_arguments: ClassVar[int] = 1
    final_argument_whitespace: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        document = Path(self.env.doc2path(self.env.docname))
        try:
            for file in files_read(document.parent):
                self.env.note_dependency(str(file))
            text = part(document.parent, self.arguments[0])
        except (PlanError, ChapterSourceError, AssignmentError) as error:
            raise self.error(f"teaching: {error}") from error
        held = nodes.Element()
        self.state.nested_parse(StringList(text.split("\n"), source=self.env.docname), self.content_offset, held)
        return list(held.children)


def setup(app: Sphinx) -> None:
    """Called from ``carbite.site``."""
    app.add_directive("teaching", TeachingDirective)
