"""Which facts of the four articles the data hold, and why the others are left out: ``python -m carbite.coverage``."""

from __future__ import annotations

from collections import Counter

from carbite.evidence import records


def summary() -> str:
    """For each article: how many of its facts which table holds, and how many are left out for which reason."""
    names = {row["source_id"]: row["citation"] for row in records("sources")}
    rows = records("coverage")
    lines = []
    for source in dict.fromkeys(row["source_id"] for row in rows):
        own = [row for row in rows if row["source_id"] == source]
        held = Counter(row["table"] for row in own if row["table"])
        left_out = Counter(row["left_out"] for row in own if row["left_out"])
        lines += [
            f"{source} ({names[source]}): {len(own)} facts, {held.total()} held, {left_out.total()} left out",
            f"  held in {_counted(held)}",
        ]
        if left_out:
            lines.append(f"  left out: {_counted(left_out)}")
    total = sum(1 for row in rows if row["table"])
    lines.append(f"all: {len(rows)} facts, {total} held, {len(rows) - total} left out")
    return "\n".join(lines)


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


if __name__ == "__main__":
    print(summary())
