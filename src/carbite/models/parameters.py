"""What a learner can set in a model, and where each starting value comes from."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

from carbite.prose import NO_BREAK, number

# What a link can hold without escapes.
_LINKABLE = re.compile(r"[a-z0-9][a-z0-9_.-]*")

Value = float | str | bool
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Origin:
    """Where a starting value comes from.

    Attributes:
        kind: ``published``, ``fitted``, ``assumed`` or ``illustration``.
        text: the same in a sentence.
        href: the address of its source; empty where there is none.
    """

    kind: Literal["published", "fitted", "assumed", "illustration"]
    text: str
    href: str = ""


def published(name: str, remark: str = "") -> Origin:
    """A value that stands in ``data/``: ``name`` names it as prose does (``k:davis-half-life``).

    ``remark`` says what was done with it, if anything. Raises UnknownNumberError where there is no such number.
    """
    found = number(name)
    return Origin("published", " ".join(filter(None, (found.text + ".", remark, found.source))), found.href)


def fitted(text: str) -> Origin:
    """A value that was chosen so that the model comes near a published result; the text names that result."""
    return Origin("fitted", text)


def assumed(text: str) -> Origin:
    """A value that nobody published for this purpose; the text says why it was taken."""
    return Origin("assumed", text)


def illustration(text: str) -> Origin:
    """A value that only makes a picture readable; the text says that nothing hangs on its size."""
    return Origin("illustration", text)


class _Parameter(ABC):
    """What all kinds of parameter share: their name goes into links."""

    name: str

    def __post_init__(self) -> None:
        if not _LINKABLE.fullmatch(self.name):
            raise ValueError(f"parameter {self.name!r}: expected a name of a-z, 0-9, _, . and -, which a link can hold")

    @abstractmethod
    def check(self, value: Any) -> Value:
        """The value in its own type. Raises ValueError that names parameter, value and what was expected."""

    @abstractmethod
    def read(self, text: str) -> Value:
        """The value that a text stands for, as in a chapter or a link; errors as in :meth:`check`."""

    @abstractmethod
    def shown(self, value: Any) -> str:
        """A value as a reader sees it, with its unit or its label."""


@dataclass(frozen=True)
class Slider(_Parameter):
    """A number that is set with a slider.

    Attributes:
        name: by which links and ``values`` call it.
        label: what stands beside it on the page.
        default: the starting value.
        low, high: its range, both included.
        step: of the slider.
        origin: where the starting value comes from.
        unit: of all of these; empty where it has none.
        whole: whether only whole numbers are accepted.
        log: whether the slider moves by factors, for ranges over several powers of ten.
        group: parameters with the same group stand together and folded; those without one always show.
        note: a short hint below the control.
    """

    kind: ClassVar = "slider"
    name: str
    label: str
    default: float
    low: float
    high: float
    step: float
    origin: Origin
    unit: str = ""
    whole: bool = False
    log: bool = False
    group: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < self.step <= self.high - self.low:
            raise ValueError(f"parameter {self.name}: step = {self.step}; expected more than 0 and within its range")
        if self.log and self.low <= 0:
            raise ValueError(f"parameter {self.name}: low = {self.low}; expected more than 0 for steps by factors")
        self.check(self.default)

    def check(self, value: Any) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or not self.low <= value <= self.high or (self.whole and value != int(value)):
            kind = "a whole number" if self.whole else "a number"
            unit = f" {self.unit}" if self.unit else ""
            raise ValueError(f"{self.name} = {value!r}; expected {kind} from {self.low:g} to {self.high:g}{unit}")
        return int(value) if self.whole else float(value)

    def read(self, text: str) -> float:
        try:
            value: Any = float(text)
        except ValueError:
            value = text
        return self.check(value)

    def shown(self, value: Any) -> str:
        return f"{value:g}{NO_BREAK}{self.unit}" if self.unit else f"{value:g}"


@dataclass(frozen=True)
class Choice(_Parameter):
    """One of several options.

    Attributes:
        name: by which links and ``values`` call it.
        label: what stands beside it on the page.
        default: the option at the start.
        options: by id, what each is called.
        origin: where the starting value comes from.
        look: ``select``, a list, or ``radio``, buttons side by side.
        group, note: as in :class:`Slider`.
    """

    kind: ClassVar = "choice"
    name: str
    label: str
    default: str
    options: Mapping[str, str]
    origin: Origin
    look: Literal["select", "radio"] = "select"
    group: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if bad := [option for option in self.options if not _LINKABLE.fullmatch(option)]:
            raise ValueError(f"parameter {self.name}: option {bad[0]!r}; expected a-z, 0-9, _, . and -")
        self.check(self.default)

    def check(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.options:
            raise ValueError(f"{self.name} = {value!r}; expected one of {', '.join(self.options)}")
        return value

    def read(self, text: str) -> str:
        return self.check(text)

    def shown(self, value: Any) -> str:
        return self.options[value]


@dataclass(frozen=True)
class Toggle(_Parameter):
    """Something that is so or is not.

    Attributes:
        name: by which links and ``values`` call it.
        label: what stands beside it on the page.
        default: whether it is so at the start.
        origin: where the starting value comes from.
        group, note: as in :class:`Slider`.
    """

    kind: ClassVar = "toggle"
    name: str
    label: str
    default: bool
    origin: Origin
    group: str = ""
    note: str = ""

    def check(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"{self.name} = {value!r}; expected True or False")
        return value

    def read(self, text: str) -> bool:
        if text not in ("true", "false"):
            raise ValueError(f"{self.name} = {text!r}; expected true or false")
        return text == "true"

    def shown(self, value: Any) -> str:
        return "yes" if value else "no"


Parameter = Slider | Choice | Toggle


def described(parameter: Parameter) -> dict[str, Any]:
    """A parameter as plain JSON for the page."""
    return {"kind": parameter.kind, **asdict(parameter)}
