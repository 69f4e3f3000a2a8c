"""What is wrong with a data set: every fault with its place, kept until somebody asks.

Nothing is dropped or changed silently: a box that is left out, a picture that is skipped, a box
that is clipped is one `Problem` each. What makes a data set unusable is raised instead.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple, Self

from frcnn.errors import AnnotationError, DataError, FrcnnError, PictureError, counted
from frcnn.ops.picture_header import place_of
from frcnn.types import Corners

_ALSO = "first: "
Severity = Literal["error", "warning"]
Effect = Literal[
    "box dropped",
    "box clipped",
    "boxes read anew",
    "picture skipped",
    "rest skipped",
    "data unusable",
    "none",
]


class Spot(NamedTuple):
    """Where on a picture a fault is, as far as that is known."""

    picture: str = ""
    """Its path, or what its file calls it while it is not found yet."""
    box: Corners | None = None
    """Pixels of the upright picture; it may lie outside, or have no area."""


_NOWHERE = Spot()


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One fault. The fields are those of an error, with what was done about it."""

    code: str
    """RC1xx for a picture, RC2xx for an annotation or the data set."""
    place: str
    """A path, with the line where there is one: `Annotations/a.xml:12`."""
    what: str
    """The fault, in a few words."""
    fix: str
    """What the reader can do."""
    got: str = ""
    """The value found, where there is one."""
    want: str = ""
    """What is accepted, where that can be said."""
    severity: Severity = "error"
    """A warning changes nothing that would be learned; an error does."""
    effect: Effect = "none"
    """What was left out or changed."""
    spot: Spot = _NOWHERE
    """To be shown to people."""

    @classmethod
    def of(cls, error: FrcnnError, *, effect: Effect) -> Self:
        """Keep an error instead of raising it.

        Args:
            error: with its code, place and fix.
            effect: what was left out because of it.

        Returns:
            The same as a problem.
        """
        return cls(
            code=error.code,
            place=error.place,
            what=error.what,
            fix=error.fix,
            got=error.got,
            want=error.want,
            effect=effect,
        )

    def error(self) -> DataError:
        """Make the error that says the same, to be raised."""
        kind = PictureError if self.code.startswith("RC1") else AnnotationError
        return kind(self.code, self.place, self.what, got=self.got, want=self.want, fix=self.fix)

    def on(self, picture: str | Path) -> Self:
        """Say on which picture it is.

        Args:
            picture: its path, or its name.

        Returns:
            The same problem there.
        """
        return replace(self, spot=self.spot._replace(picture=str(picture)))

    def to_json(self) -> dict[str, str]:
        """Give all fields but the spot by name."""
        return {name: value for name, value in vars(self).items() if name != "spot"}


@dataclass(frozen=True)
class Report:
    """All problems of a data set, in the order they were found."""

    problems: tuple[Problem, ...] = ()
    """Empty when there is nothing to say."""

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Those that cost a box or a picture, or ought to be mended."""
        return tuple(p for p in self.problems if p.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Those worth knowing."""
        return tuple(p for p in self.problems if p.severity == "warning")

    def counts(self) -> dict[str, int]:
        """Count the problems by code, in the order of codes."""
        return dict(sorted(Counter(p.code for p in self.problems).items()))

    def plus(self, problems: Iterable[Problem]) -> "Report":
        """Give a report with more problems at its end.

        Args:
            problems: to add; those that it has already are not repeated.

        Returns:
            A new report; this one stays as it is.
        """
        known = set(self.problems)
        return Report((*self.problems, *(each for each in problems if each not in known)))

    def summary(self) -> str:
        """Say it in at most three lines: what was done, how often each fault, the first place.

        Returns:
            Lines for a person; one that says so when there is no problem.
        """
        if not self.problems:
            return "data: no problems"
        first = (self.errors or self.warnings)[0]
        whats = {p.code: p.what for p in reversed(self.problems)}
        faults = ", ".join(f"{n} x {code} {whats[code]}" for code, n in self.counts().items())
        lines = (
            f"data: {self._head()}",
            f"  {faults}",
            f"  first: {first.place}: {first.what}{_value(first)}",
        )
        return "\n".join(lines)

    def table(self) -> str:
        """Count the problems by code, errors first, with the first place of each.

        Returns:
            Lines for a person.
        """
        first: dict[tuple[str, str], Problem] = {}
        for problem in self.problems:
            first.setdefault((problem.severity, problem.code), problem)
        counts: Counter[tuple[str, str]] = Counter((p.severity, p.code) for p in self.problems)
        lines = [self._head()]
        for key in sorted(first):  # "error" comes before "warning"
            problem = first[key]
            got = f"; got {problem.got}" if problem.got else ""
            lines.append(f"  {key[0]:7}  {key[1]}  {counts[key]:>6} x {problem.what}")
            lines.append(f"             {_ALSO if counts[key] > 1 else ''}{problem.place}{got}")
        return "\n".join(lines)

    def _head(self) -> str:
        effects = Counter(p.effect for p in self.problems if p.effect != "none")
        done = ", ".join(counted(n, effect) for effect, n in effects.items())
        head = f"{counted(len(self.errors), 'error')}, {counted(len(self.warnings), 'warning')}"
        return head + (f"; {done}" if done else "")

    def listing(self, most: int = 20) -> str:
        """List the problems, a line each, errors first.

        Args:
            most: of them; of more the last line says how many.

        Returns:
            The lines; empty when there is no problem.
        """
        listed = [*self.errors, *self.warnings]
        rows = [f"  {p.code} {p.place}: {p.what}{_value(p)}" for p in listed[:most]]
        if len(listed) > most:
            rows.append(f"  and {len(listed) - most} more; in Python, Report.problems has all")
        return "\n".join(rows)

    def to_json(self) -> dict[str, object]:
        """Give counts and problems for `data_check.json`; strict JSON."""
        return {
            "errors": len(self.errors),
            "warnings": len(self.warnings),
            "counts": self.counts(),
            "problems": [p.to_json() for p in self.problems],
        }


def put_on_paths(problems: list[Problem], paths: Mapping[str, Path]) -> None:
    """Say which files the pictures are, where problems have the names that a file calls them.

    Args:
        problems: some of which are changed.
        paths: by name.
    """
    for number, problem in enumerate(problems):
        if problem.spot.picture in paths:
            problems[number] = problem.on(paths[problem.spot.picture])


def remark(path: Path, note: str) -> Problem:
    """Keep a remark about a picture that is used all the same.

    Args:
        path: of the picture.
        note: as decoding gives it.

    Returns:
        A warning.
    """
    return Problem(
        code="RC120",
        place=place_of(path),
        what="a picture with a remark",
        got=note,
        fix="nothing need be done, if the remark is expected",
        severity="warning",
    )


def odd_flag(place: str, flag: str) -> Problem:
    """Report a `difficult` that is neither yes nor no.

    Args:
        place: of the flag.
        flag: as the file has it.

    Returns:
        A warning.
    """
    return Problem(
        code="RC227",
        place=place,
        what="difficult is neither 0 nor 1; taken as 0",
        got=flag[:20],
        want="0 or 1",
        fix="mend the flag",
        severity="warning",
    )


def _value(problem: Problem) -> str:
    return f"; got {problem.got}" if problem.got else ""
