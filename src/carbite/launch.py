"""Where the notebooks are on Binder and on a hub, and the links that open them there.

    python -m carbite.launch --hub https://hub.example.edu
    python -m carbite.launch --hub https://hub.example.edu --repository https://github.com/me/my-course --branch main

The first kind of link opens the notebooks that the hub's own image or server holds. The second is for nbgitpuller: it
fetches a repository of yours into the learner's folder first, and keeps what the learner has changed.
"""

from __future__ import annotations

import argparse
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlencode, urlsplit

FOLDER = "car-or-bite"
"""The folder in a learner's home that holds everything. Not ``carbite``: it must not be taken for the package."""
CHAPTERS = "chapters"
ASSIGNMENTS = "assignments"
CONTENTS = "contents.ipynb"


def lab(path: str, folder: str = FOLDER) -> str:
    """The address of a file of the folder in JupyterLab, below the address of the server."""
    return f"lab/tree/{quote(f'{folder}/{path}')}"


def chapter(page: str) -> str:
    """A page of the book (``book/efficacy``) as a notebook of the folder."""
    return f"{CHAPTERS}/{PurePosixPath(page).stem}.ipynb"


def on_hub(hub: str, path: str) -> str:
    """A link that opens a file of the folder on a hub, whoever follows it."""
    return f"{hub.rstrip('/')}/hub/user-redirect/{lab(path)}"


def pulled(hub: str, path: str, repository: str, branch: str) -> str:
    """A link for nbgitpuller: it brings the repository into the learner's home, then opens the file in it.

    The folder there has the repository's name, which is nbgitpuller's own rule.
    """
    folder = repository_folder(repository)
    asked = {"repo": repository, "branch": branch, "urlpath": f"{lab(path, folder)}?autodecode"}
    return f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(asked, quote_via=quote)}"


def repository_folder(repository: str) -> str:
    """What nbgitpuller calls the folder of a repository: the last part of its address.

    Raises ValueError for an address that has none.
    """
    name = repository.split("/")[-1]
    if not urlsplit(repository).scheme or not name:
        raise ValueError(f"{repository!r}: expected the address of a repository, such as https://github.com/me/course")
    return name


def links(folder: Path, hub: str, repository: str = "", branch: str = "main") -> list[tuple[str, str]]:
    """Each notebook of a written folder, the contents first, with its link."""
    paths = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.ipynb"))
    paths = [path for path in paths if ".ipynb_checkpoints" not in path]
    paths.sort(key=lambda path: (path != CONTENTS, path))
    return [(path, pulled(hub, path, repository, branch) if repository else on_hub(hub, path)) for path in paths]


def main() -> None:
    """Print the links as a Markdown list, to be put into a page of a learning platform."""
    parser = argparse.ArgumentParser(description="Print a link to each notebook on a hub.")
    parser.add_argument("--hub", required=True, help="address of the hub, such as https://hub.example.edu")
    parser.add_argument("--repository", default="", help="a repository that holds the notebooks, for nbgitpuller")
    parser.add_argument("--branch", default="main", help="its branch (%(default)s)")
    parser.add_argument(
        "--notebooks",
        type=Path,
        default=Path("_build/notebooks"),
        help="what 'make notebooks' wrote (%(default)s)",
    )
    chosen = parser.parse_args()
    if urlsplit(chosen.hub).scheme not in ("http", "https"):
        parser.error(f"--hub {chosen.hub}: expected an address, such as https://hub.example.edu")
    if not (chosen.notebooks / CONTENTS).is_file():
        parser.error(f"{chosen.notebooks}: holds no {CONTENTS}; 'make notebooks' writes it")
    try:
        found = links(chosen.notebooks, chosen.hub, chosen.repository, chosen.branch)
    except ValueError as error:
        parser.error(str(error))
    for path, link in found:
        print(f"- [{path}]({link})")


if __name__ == "__main__":
    main()
