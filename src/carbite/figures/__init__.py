"""The figures of the chapters, one module a chapter, and what they share.

Each takes its numbers from ``data/`` and says its finding in its title. A finding in a title is a statement
about data: the test of the same name in ``tests/figures/`` checks it against the rows that are drawn.

=============  ===================================================
rows           rows of ``data/`` and their numbers in words
marks          marks that figures share
scenarios      what single choices do to a comparison
=============  ===================================================
"""
