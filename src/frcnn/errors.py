"""Every error this library raises on purpose.

FrcnnError
├── ConfigError      a setting, option or argument is wrong (ValueError too)      RC3xx  exit 2
│   └── ShapeError   a tensor has the wrong shape, type or values                 RC39x  exit 2
├── DataError        pictures or annotations cannot be used                              exit 3
│   ├── PictureError      one picture file                                        RC1xx
│   └── AnnotationError   one annotation, or a data set as a whole                RC2xx
├── TrainingError    training cannot go on                                        RC4xx  exit 4
├── ModelFileError   a weights file or checkpoint cannot be used                  RC5xx  exit 5
└── DiskError        the disk is full, read-only or otherwise in the way          RC6xx  exit 6

Whatever else escapes is a bug of ours: exit 1. Each code has its paragraph in `docs/errors.md`.
"""

from typing import ClassVar


class FrcnnError(Exception):
    """Base class: `except FrcnnError` catches all of ours and nothing else."""

    exit_code: ClassVar[int] = 1

    def __init__(
        self, code: str, place: str, what: str, *, got: str = "", want: str = "", fix: str
    ) -> None:
        """Say what is wrong, where, and what to do about it.

        Args:
            code: `RC` and three digits; one meaning each.
            place: a path with line (`a.xml:12`), a setting (`model.anchors.stride`), an option.
            what: the fault, in a few words.
            got: the value found; empty where there is none to show.
            want: the range or form that is accepted; empty where there is none.
            fix: what the reader can do now.
        """
        self.code, self.place, self.what = code, place, what
        self.got, self.want, self.fix = got, want, fix
        super().__init__(str(self))

    def __str__(self) -> str:
        """Two lines: what is wrong and where, then the fix."""
        details = [f"got {self.got}"] * bool(self.got) + [f"want {self.want}"] * bool(self.want)
        first = f"error[{self.code}] {self.place}: {self.what}"
        return (
            "; ".join([first, ", ".join(details)] if details else [first]) + f"\n  fix: {self.fix}"
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Travel whole between processes: keyword-only arguments defeat the default."""
        fields = (self.code, self.place, self.what, self.got, self.want, self.fix)
        return _rebuild, (type(self), *fields)

    def to_json(self) -> dict[str, str]:
        """Give the same fields as the text, for `--json`."""
        names = ("code", "place", "what", "got", "want", "fix")
        return {name: getattr(self, name) for name in names}


def _rebuild(kind: type[FrcnnError], code: str, place: str, what: str, *rest: str) -> FrcnnError:
    got, want, fix = rest
    return kind(code, place, what, got=got, want=want, fix=fix)


class ConfigError(FrcnnError, ValueError):
    """A setting, option or argument is out of range or contradicts another."""

    exit_code = 2


class ShapeError(ConfigError):
    """A tensor has the wrong shape, type or values; the message says wanted and got."""

    def __init__(self, place: str, *, got: str, want: str) -> None:
        """Name the argument and its two forms.

        Args:
            place: the argument, as `function: argument`.
            got: the shape, type or value found.
            want: the one that is accepted.
        """
        FrcnnError.__init__(
            self, "RC390", place, "wrong tensor", got=got, want=want, fix=f"pass {want}"
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Travel whole between processes."""
        return _rebuild_shape, (self.place, self.got, self.want)


def _rebuild_shape(place: str, got: str, want: str) -> ShapeError:
    return ShapeError(place, got=got, want=want)


class DataError(FrcnnError):
    """Pictures or annotations on disk cannot be used."""

    exit_code = 3


class PictureError(DataError):
    """One picture cannot be read."""


class AnnotationError(DataError):
    """An annotation, or the data set as a whole, cannot be used."""


class TrainingError(FrcnnError):
    """Training cannot go on; the last good checkpoint is kept."""

    exit_code = 4


class ModelFileError(FrcnnError):
    """A weights file or checkpoint is damaged, hostile, or does not fit the model."""

    exit_code = 5


class DiskError(FrcnnError, OSError):
    """The disk is full, read-only, or otherwise in the way."""

    exit_code = 6


def first_line(error: BaseException) -> str:
    """Give what somebody else's error says, on one line of at most 200 characters."""
    return (str(error).splitlines() or [""])[0][:200] or type(error).__name__


def counted(count: int, what: str) -> str:
    """Write a count with its noun: 1 picture, 2 pictures, 2 boxes dropped.

    Args:
        count: how many.
        what: one of them; its first word is the noun.

    Returns:
        The words.
    """
    noun, _, rest = what.partition(" ")
    ending = "es" if noun.endswith(("s", "x", "ch", "sh")) else "s"
    return " ".join(filter(None, (str(count), noun if count == 1 else noun + ending, rest)))
