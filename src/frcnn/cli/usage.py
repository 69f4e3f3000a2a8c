"""Mistakes on the command line, in our form of error: the place, the value, and what to type."""

from collections.abc import Callable, Iterable
from typing import Any

from cyclopts import (
    App,
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

from frcnn import settings
from frcnn.cli.words import wrong
from frcnn.errors import ConfigError

_ON_DATA = ("train", "eval")
"""Verbs that are told their data by an option, not by a bare word."""
_CONF = "--conf"
_SIDE = "--set model.pictures.shorter_side=N"
_RATE = "--set training.optimizer.learning_rate=X"
_WORDS = {
    **dict.fromkeys(("--threshold", "--score", "--score-threshold"), _CONF),
    **dict.fromkeys(("--imgsz", "--img-size", "--image-size", "--resolution"), _SIDE),
    **dict.fromkeys(("--lr", "--lr0", "--learning-rate"), _RATE),
    "--iou-threshold": "--iou",
    "--weights": "--init RUN, or --backbone-weights FILE",
    "--project": "--out",
    "--name": "--out",
}
"""What other tools call something, and what it is here."""


def in_our_words(error: CycloptsError) -> ConfigError:
    """Translate what the parser refused.

    Args:
        error: as cyclopts raised it.

    Returns:
        Our own error where one lies beneath; else an unknown option (RC301) or verb (RC302), a
        value that is missing (RC303) or wrong (RC304), an option given twice (RC306), a word too
        many (RC307), or anything else (RC309).
    """
    if isinstance(error.__cause__, ConfigError):
        return error.__cause__
    for kind, translate in _TRANSLATORS.items():
        if isinstance(error, kind):
            return translate(error)
    return ConfigError(
        "RC309",
        _place(error),
        "the words make no command",
        got=" ".join(str(error).split()),
        want=f"what `{_place(error)} --help` shows",
        fix="write options apart and in full: -q --json, not -qjson",
    )


def _unknown_option(error: UnknownOptionError) -> ConfigError:
    word = (error.token.keyword or error.token.value).partition("=")[0]
    known = sorted({name for each in error.argument_collection for name in each.names})
    near = _near(word, [*(name for name in known if name.startswith("--")), "--help"])
    return ConfigError(
        "RC301",
        _place(error),
        "no such option",
        got=word,
        want=f"an option that `{_place(error)} --help` lists, in full",
        fix=f"did you mean {near}?" if near else f"see `{_place(error)} --help`",
    )


def _unknown_verb(error: UnknownCommandError) -> ConfigError:
    word = error.unused_tokens[0] if error.unused_tokens else ""
    verbs = [name for name in _verbs(error.app) if not name.startswith("-")]
    near = _near(word, verbs)
    if word.startswith("-"):
        fix = f"put options after the verb, as in: {_place(error)} {verbs[0]} {word}"
    elif near:
        fix = f"did you mean {near}?"
    else:
        fix = f"see `{_place(error)} --help`"
    return ConfigError(
        "RC302", _place(error), "no such verb", got=repr(word), want=", ".join(verbs), fix=fix
    )


def _missing(error: MissingArgumentError) -> ConfigError:
    name = error.keyword or (error.argument.name if error.argument else "")
    if name.startswith("-"):
        what, fix = "needs a value", f"write {name} VALUE; `{_place(error)} --help` explains it"
    else:
        what, fix = "is missing", f"see `{_place(error)} --help`"
    place = f"{_place(error)} {name}"
    return ConfigError("RC303", place, what, got="nothing", want="a value", fix=fix)


def _coercion(error: CoercionError) -> ConfigError:
    token = error.token
    if token is None:
        return wrong(None, "", "a value")
    if error.target_type is bool:
        return ConfigError(
            "RC304",
            token.keyword or "argument",
            "takes no value",
            got=repr(token.value),
            want="the option alone",
            fix=f"write {token.keyword} or leave it out",
        )
    return wrong(token.keyword, token.value, "a value")


def _repeated(error: RepeatArgumentError) -> ConfigError:
    name = error.token.keyword or "argument"
    return ConfigError(
        "RC306",
        name,
        "given twice",
        got=repr(error.token.value),
        want="each option once",
        fix=f"keep one {name}",
    )


def _too_many(error: UnusedCliTokensError) -> ConfigError:
    word = (error.unused_tokens or [""])[0]
    name, equals, value = word.partition("=")
    option = "--" + name.replace("_", "-")
    if equals:
        fix = f"did you mean {option} {value}?"
    elif _lacks_data(error):
        fix = f"did you mean --data {word}?"
    else:
        fix = "is a `--` missing before it?"
    want = f"what `{_place(error)} --help` shows"
    return ConfigError(
        "RC307", _place(error), "a word too many", got=repr(word), want=want, fix=fix
    )


def _lacks_data(error: UnusedCliTokensError) -> bool:
    verb = (error.command_chain or [""])[-1]
    typed = [token.partition("=")[0] for token in error.root_input_tokens or ()]
    return verb in _ON_DATA and "--data" not in typed


_TRANSLATORS: dict[type[CycloptsError], Callable[[Any], ConfigError]] = {
    UnknownOptionError: _unknown_option,
    UnknownCommandError: _unknown_verb,
    MissingArgumentError: _missing,
    CoercionError: _coercion,
    RepeatArgumentError: _repeated,
    UnusedCliTokensError: _too_many,
}


def _place(error: CycloptsError) -> str:
    """Give the command as far as it was understood."""
    return " ".join(["frcnn", *(error.command_chain or ())])


def _verbs(app: App | None) -> list[str]:
    return list(app) if app is not None else []


def _near(word: str, known: Iterable[str]) -> str | None:
    """Find what was meant: a name that the word begins, other tools' word, or one that is like."""
    names = list(known)
    begun = [name for name in names if word.strip("-") and name.startswith(word)]
    if begun:
        return " or ".join(begun[:3])
    plain = word.replace("_", "-")
    ours = _WORDS.get(plain, "")
    if ours.partition(" ")[0].rstrip(",") in names:
        return ours
    bare = {name.lstrip("-"): name for name in names}
    return bare.get(settings.nearest(plain.lstrip("-"), bare) or "")
