"""What an instructor needs: plans of sessions, syllabuses, a debate, and slides from the figures of the chapters.

``plan.yml`` holds the plans, ``plan`` reads and checks them, ``chapters`` reads what a chapter says of itself,
``pages`` writes both as Markdown of the book, ``slides`` writes a deck a chapter.
"""
