"""``python -m carbite.site.editions pdf _build/html _build/carbite.pdf``; the same with ``epub``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from carbite import __version__

from . import articles, epub, pdf


def main() -> None:
    parser = argparse.ArgumentParser(description="Bind the built site as one file.")
    parser.add_argument("kind", choices=("pdf", "epub"))
    parser.add_argument("site", type=Path, help="folder with the built site")
    parser.add_argument("target", type=Path, help="file to write")
    parser.add_argument("--root", type=Path, default=Path(), help="folder with _config.yml and _toc.yml")
    chosen = parser.parse_args()
    try:
        book = articles.read(chosen.site, chosen.root, __version__)
        if chosen.kind == "pdf":
            pdf.write(book, chosen.site, chosen.target)
        else:
            epub.write(book, chosen.target)
    except (FileNotFoundError, RuntimeError) as error:
        sys.exit(str(error))
    print(f"wrote {chosen.target}")


if __name__ == "__main__":
    main()
