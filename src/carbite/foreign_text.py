"""Text that comes from a table or a reader: what in it could do something else than be read."""

from __future__ import annotations

import re

INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Signs that show nothing themselves: controls, and those that turn the direction of the text around them."""

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A spreadsheet runs a text that begins with one of these; the last four are the same signs in full width.

https://owasp.org/www-community/attacks/CSV_Injection
"""
