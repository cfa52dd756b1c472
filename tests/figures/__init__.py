"""A title says a finding: each is checked against the rows that the figure draws."""

from __future__ import annotations

from io import StringIO

import pandas as pd

from carbite.charts import Figure


def frame(figure: Figure) -> pd.DataFrame:
    """The data of a figure, as a reader downloads them."""
    return pd.read_csv(StringIO(figure.csv))
