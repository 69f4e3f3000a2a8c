"""How a data set is to be divided into splits: shares, groups, seed; refused before it is read."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from frcnn.data.grouping import require_way
from frcnn.data.split_words import SPLIT_NAMES, USUAL
from frcnn.errors import ConfigError

LookAlikesGo = Literal["together", "apart"]


def _usual_shares() -> dict[str, float]:
    return {"train": 0.7, "val": 0.2, "test": 0.1}


@dataclass(frozen=True, kw_only=True)
class DivisionPlan:
    """What is wanted of the new splits."""

    shares: Mapping[str, float] = field(default_factory=_usual_shares)
    """Of the pictures and of each class's boxes, by split: train, and val or test or both."""
    seed: int = 0
    """Of what is left to chance. The order of the files changes nothing."""
    group_by: str = ""
    """What stays together: "folder", "prefix:PATTERN", as `grouping.groups_of` has it; or each
    picture alone."""
    look_alikes: LookAlikesGo = "together"
    """Pictures that show nearly the same: one group whatever `group_by` says, for which every
    picture is decoded; or each where it comes."""

    def __post_init__(self) -> None:
        require_way(self.group_by)
        if self.look_alikes not in get_args(LookAlikesGo):
            raise ConfigError(
                "RC374",
                "look_alikes",
                "no such way with pictures that look alike",
                got=repr(self.look_alikes),
                want=" or ".join(get_args(LookAlikesGo)),
                fix="together is the safe one",
            )
        named = [_usual(name) for name in self.shares]
        shares = self.shares.values()
        is_sound = all(isinstance(s, int | float) and 0 < s < 1 for s in shares)
        is_whole = is_sound and math.isclose(sum(shares), 1, abs_tol=1e-6)
        is_named = {"train"} < set(named) <= set(USUAL) and len(set(named)) == len(named)
        if not is_whole or not is_named:
            raise _no_shares(", ".join(f"{name}={share}" for name, share in self.shares.items()))

    @property
    def in_order(self) -> dict[str, float]:
        """The shares by their splits' usual names, "train" first."""
        shares = {_usual(name): share for name, share in self.shares.items()}
        return {name: shares[name] for name in USUAL if name in shares}


def read_shares(text: str) -> dict[str, float]:
    """Read shares as they are typed.

    Args:
        text: such as `train=0.7,val=0.2,test=0.1`.

    Returns:
        The shares by name.

    Raises:
        ConfigError: the text has another form (RC324).
    """
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, share = part.partition("=")
        try:
            number = float(share)
        except ValueError as error:
            raise _no_shares(text) from error
        if name.strip() in shares:
            raise _no_shares(text)
        shares[name.strip()] = number
    return shares


def _usual(name: str) -> str:
    return SPLIT_NAMES.get(name.lower(), name.lower())


def _no_shares(got: str) -> ConfigError:
    return ConfigError(
        "RC324",
        "shares",
        "not the shares of splits",
        got=repr(got[:80]),
        want="train, and val or test or both, each once, with shares above 0 whose sum is 1",
        fix="write them so: train=0.7,val=0.2,test=0.1",
    )
