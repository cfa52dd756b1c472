"""Whether what the book leads to is still there: ``make links``.

python -m tests.links _build/html

Every link of the built pages and of the documents to another host is asked for, and every DOI of the data in the
register of doi.org, because publishers turn programs away. It needs the network and is no part of `make test`. It
exits with 1 where something is gone, and with 2 where nothing could be asked. What a host would not tell a program is
listed and is no failure.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, unquote, urldefrag, urlsplit
from urllib.request import Request, urlopen

from bs4 import BeautifulSoup

from carbite.evidence import records

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "course/README.md", "deploy/README.md")
MARKDOWN = re.compile(r"\]\((https?://[^)\s]+)\)")
RESOLVER = "https://doi.org/"
# The register behind the resolver: https://www.doi.org/doi-handbook/HTML/rest-api.html
REGISTER = "https://doi.org/api/handles/"
GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
THERE, MISSING, UNTOLD = "there", "gone", "not told"
FOUND, UNKNOWN = 1, 2
TRIES = 3
SECONDS = 30
AT_ONCE = 4
AGENT = "carbite-link-check/1 (checks each link once a week)"


def of_pages(site: Path) -> set[str]:
    """The addresses on other hosts that the pages of a site link to."""
    found: set[str] = set()
    for page in sorted(site.rglob("*.html")):
        anchors = BeautifulSoup(page.read_text("utf-8"), "html.parser").select('a[href^="http"]')
        found |= {urldefrag(str(anchor["href"])).url for anchor in anchors}
    return found


def of_documents() -> set[str]:
    """Those of the documents beside the code."""
    texts = ((ROOT / name).read_text("utf-8") for name in DOCUMENTS)
    return {urldefrag(link).url for text in texts for link in MARKDOWN.findall(text)}


def of_data() -> set[str]:
    """Those of the sources that have a DOI."""
    return {RESOLVER + in_address(row["doi"]) for row in records("sources") if row["doi"]}


def in_address(doi: str) -> str:
    """A DOI as it stands in an address: older ones have angle brackets."""
    return quote(doi, safe="/:;()")


def answer(address: str, pause_s: float = 2.0) -> tuple[str, str]:
    """Whether the address is there, gone, or the host does not tell; and what it said."""
    said = ""
    for turn in range(TRIES):
        if turn:
            time.sleep(pause_s)
        try:
            with urlopen(Request(address, headers={"User-Agent": AGENT}), timeout=SECONDS) as response:
                return THERE, str(response.status)
        except HTTPError as error:
            said = f"{error.code} {error.reason}"
            if error.code in GONE:
                return MISSING, said
        except (OSError, HTTPException) as error:
            said = str(error)
    return UNTOLD, said


def asked(address: str) -> str:
    """What is asked for an address: for a DOI its entry in the register."""
    if urlsplit(address).hostname in ("doi.org", "dx.doi.org"):
        return REGISTER + in_address(unquote(urlsplit(address).path.lstrip("/")))
    return address


def check(addresses: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The answer for each address, a few at a time."""
    every = sorted(set(addresses))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(every, pool.map(answer, map(asked, every)), strict=True))


def main() -> int:
    site = Path(sys.argv[1])
    if not (site / "index.html").is_file():
        sys.exit(f"There is no built site in {site}. Run: make book")
    answers = check(of_pages(site) | of_documents() | of_data())
    for address, (state, said) in answers.items():
        if state != THERE:
            print(f"{state}: {address} ({said})")
    states = [state for state, _ in answers.values()]
    print(", ".join(f"{states.count(state)} {state}" for state in (THERE, MISSING, UNTOLD)))
    if states.count(UNTOLD) == len(states):
        print("Nothing could be asked. Is there a network?")
        return UNKNOWN
    return FOUND if MISSING in states else 0


if __name__ == "__main__":
    sys.exit(main())
