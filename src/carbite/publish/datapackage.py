"""The evidence as one archive: tables, their description, the licence, and how to read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from carbite.evidence import PACKAGE, checksum

LICENCE = "LICENSE-content"

_README = """# {title}

Version {version}. {licence}; the text is in {licence_file}.

{description}

| file | table | what it holds |
|---|---|---|
{tables}

Every column is described in `{package}`, with its unit and what it may hold.

With pandas:

```python
import pandas as pd

outcomes = pd.read_csv("outcomes.csv", keep_default_na=False, na_values=[""])
```

Without `keep_default_na=False` pandas takes `NA`, the source's own words for "not available", for an empty cell.

With Frictionless, `frictionless validate {package}` checks every table against its description.
"""


def files(root: Path) -> dict[str, bytes]:
    """What the archive holds, by name. Raises ValueError where a table is not as ``datapackage.json`` says."""
    data = root / "data"
    described = json.loads((data / PACKAGE).read_text("utf-8"))
    found = {PACKAGE: (data / PACKAGE).read_bytes(), LICENCE: (root / LICENCE).read_bytes()}
    for table in described["resources"]:
        content = (data / table["path"]).read_bytes()
        if checksum(content) != table["hash"]:
            raise ValueError(f"data/{table['path']} is not what {PACKAGE} describes; run: make seal")
        found[table["path"]] = content
    return {**found, "README.md": readme(described).encode()}


def readme(described: dict[str, Any]) -> str:
    """What a reader of the archive alone has to know, from ``datapackage.json``."""
    tables = "\n".join(
        f"| `{table['path']}` | {table['title']} | {table['description']} |" for table in described["resources"]
    )
    return _README.format(
        title=described["title"],
        version=described["version"],
        licence=described["licenses"][0]["title"],
        licence_file=LICENCE,
        description=described["description"],
        tables=tables,
        package=PACKAGE,
    )
