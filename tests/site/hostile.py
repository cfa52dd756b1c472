"""What a stranger may put into an address or a table."""

from __future__ import annotations

import random
from collections.abc import Callable

from carbite.comparison import MAX_ADDED_TRIALS, comparison, comparison_ids, rule

SEED = 20261121
LONGEST = 200_000

# Whoever builds a page from text without escaping it runs these. No digit: loading compares numbers in texts.
MARKUP = (
    "<img src=x onerror=alert()>",
    '"><script>alert()</script>',
    "</script><script>alert()</script>",
)
# Whoever builds a table for a spreadsheet without quoting it runs these there.
FORMULAS = ('=HYPERLINK("https://x.example";"y")', "@SUM(1+1)", "+1+1", "-1+1", "＝1+1")
# What turns the direction of the text around it, or shows nothing.
INVISIBLE = ("\u202eabc", "\u2066abc", "a\u0000b", "a\u200fb")

VALID = "#s=1;c=cr;on=upenn-chop,mskcc,eliana,tower,alcantara;rt=eliana.enrolled;r=enrolled;t=DL;i=z;b=2;a=0.1;x=Mine~car_t~1~2"
KEYS = (
    "s",
    "c",
    "on",
    "rt",
    "r",
    "t",
    "i",
    "p",
    "o",
    "b",
    "a",
    "x",
    "q",
    "",
    "__proto__",
    "constructor",
    "hasOwnProperty",
)
VALUES = (
    *("1", "cr", "tower", "enrolled", "printed", "DL", "z", "all", "2", "0.1", "Mine~car_t~1~2", ""),
    *(
        "__proto__",
        "constructor",
        "toString",
        "valueOf",
        "NaN",
        "Infinity",
        "-Infinity",
        "-0",
        "1e400",
        "0x10",
        "１",
        "null",
    ),
    *("undefined", "[object Object]", "%", "%00", "%E2%82", "%2523", "~", "~~~", "~~~~", ",,,,", "....", "=", "==="),
    *(
        f"A~car_t~{events}~{n}"
        for events, n in (("1", "0"), ("-1", "2"), ("1e3", "2e3"), ("", ""), ("9" * 40, "9" * 41), ("1 ", " 2"))
    ),
    *(
        "\u202e",
        "\ud83e\uddec",
        "\x00",
        "\r\n",
        " ",
        "\\",
        "'",
        '"',
        "${1}",
        "{{1}}",
        "../../etc/passwd",
        "javascript:alert()",
    ),
    *MARKUP,
    *FORMULAS,
)
SIGNS = "#;=,.~%&?<>\"'\\/ \t\x00\u202e\ud83eaZ09-_é漢\u0301"

# One each of what deserves to be tried every time.
WORST = (
    "#",
    "#s=",
    "#s=1",
    "#r=1;text=%",
    "#s=1;c=__proto__;on=__proto__",
    "#%",
    "#%00",
    "#'",
    '#"]<img src=x onerror=alert()>',
    "#<script>alert()</script>",
    "#a:b(c)[d]{e}",
    "#1",
    "#.",
    "#s=1;c=cr;on=tower;x=%3Cimg%20src=x%20onerror=alert()%3E~car_t~1~2",
    "#s=1;c=cr;on=" + "tower," * (LONGEST // 6),
    "#s=1;c=cr;on=" + "".join(f";x=a{i}~car_t~1~2" for i in range(10 * MAX_ADDED_TRIALS)),
    "#" + "a" * LONGEST,
    "#s=1;" + ";" * LONGEST,
)


def links(count: int) -> list[str]:
    """So many hashes: the worst ones, then random ones of every kind, always the same."""
    chance = random.Random(SEED)
    kinds: tuple[Callable[[random.Random], str], ...] = (_good, _noise, _damaged, _composed, _repeated)
    return [*WORST, *(chance.choice(kinds)(chance) for _ in range(count - len(WORST)))]


def _good(chance: random.Random) -> str:
    """A link that can be read."""
    asked = comparison(chance.choice(comparison_ids()))
    ticked = [trial.trial_id for trial in asked.trials if chance.random() < 0.5]
    parts = ["s=1", f"c={asked.comparison_id}", f"on={','.join(ticked)}"]
    for key, choices in (("r", asked.readings), ("t", rule()["tau2_choices"]), ("i", rule()["interval_choices"])):
        if chance.random() < 0.5:
            parts.append(f"{key}={chance.choice(list(choices))}")
    if chance.random() < 0.5:
        parts.append(f"b={chance.uniform(1, 20):.3f};a={chance.uniform(0, 0.6):.3f}")
    parts += [f"x=New%20{i}~{chance.choice(('car_t', 'bispecific'))}~{i}~{i + 3}" for i in range(chance.randrange(4))]
    return "#" + ";".join(parts)


def _noise(chance: random.Random) -> str:
    """Signs in any order, most of them behind the beginning of a link."""
    text = "".join(chance.choice(SIGNS) for _ in range(chance.randrange(1, 60)))
    return chance.choice(("#", "#s=1", "#s=1;", "#s=1;c=cr;on=", "#r=1;")) + text


def _damaged(chance: random.Random) -> str:
    """A good link with a few signs lost, doubled, exchanged or put in."""
    signs = list(VALID)
    for _ in range(chance.randrange(1, 6)):
        place = chance.randrange(1, len(signs))
        change = chance.randrange(4)
        if change == 0:
            del signs[place:]
        elif change == 1:
            signs[place] = chance.choice(SIGNS)
        elif change == 2:
            signs.insert(place, chance.choice(SIGNS))
        else:
            signs[place:place] = signs[place : place + chance.randrange(1, 30)]
        if len(signs) < 2:
            break
    return "".join(signs)


def _composed(chance: random.Random) -> str:
    """Well-formed parts with values that are none."""
    parts = [f"{chance.choice(KEYS)}={chance.choice(VALUES)}" for _ in range(chance.randrange(1, 8))]
    return "#" + ";".join([*chance.choice((["s=1", "c=cr", "on=tower"], ["s=1", "c=cr"], ["s=1"], [])), *parts])


def _repeated(chance: random.Random) -> str:
    """One value, very often."""
    return f"#s=1;c=cr;on=tower;{chance.choice(KEYS)}=" + chance.choice(VALUES) * chance.randrange(100, 3000)
