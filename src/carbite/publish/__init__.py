"""What leaves the repository: the folder of the site as a web server shows it, and the files of a release.

    python -m carbite.publish.site _build/html dist/site
    python -m carbite.publish.release dist/site dist/release

Both are steps of the Makefile: ``make site`` and ``make release``.
"""
