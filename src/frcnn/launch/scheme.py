"""What a scheme asks for before it begins: a network that it can train, proposals to learn on."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from frcnn import files
from frcnn.data.proposals import StoredProposals, open_regular
from frcnn.data.records import Split
from frcnn.errors import ConfigError
from frcnn.model.config import FasterRCNNConfig
from frcnn.prediction.pickled_proposals import require_pickled_of, store_pickled
from frcnn.presets import RunConfig
from frcnn.run_folder import RunFolder
from frcnn.training.plans import Scheme

_SHARING: Mapping[Scheme, Literal["shared", "separate"]] = {
    "unshared": "separate",
    "head": "separate",
    "alternating": "shared",
}
"""What the finished networks of some schemes are; the others may be either."""
ON_STORED = ("alternating", "unshared", "head")
"""Schemes that learn on stored proposals, over which the head's targets can be measured."""


def begins_with_ours(config: RunConfig) -> bool:
    """Say whether the backbone that learns starts from weights of ours.

    Args:
        config: its `start` and scheme are read.

    Returns:
        False for the scheme `head`: there `init` is another network, which only proposes.
    """
    return bool(config.start.init) and config.training.scheme != "head"


def network_for(scheme: Scheme, model: FasterRCNNConfig) -> FasterRCNNConfig:
    """Fit a network to the scheme: what it must share, what must be differentiable.

    Args:
        scheme: which.
        model: any settings.

    Returns:
        Settings that the scheme can train.
    """
    if scheme == "exact-joint":
        return replace(model, roi_pooling=replace(model.roi_pooling, method="warp"))
    return replace(model, sharing=_SHARING.get(scheme, model.sharing))


def require_scheme(config: RunConfig) -> None:
    """Refuse a network that the scheme cannot train, and a start that it knows nothing of.

    Args:
        config: of a run.

    Raises:
        ConfigError: the network does not fit (RC365), `head` lacks its proposals or the network
            that proposes in new pictures, or another scheme has proposals (RC367).
    """
    scheme, model = config.training.scheme, config.model
    wanted = _SHARING.get(scheme, model.sharing)
    if model.sharing != wanted:
        raise _cannot_run(scheme, f"model.sharing={model.sharing}", f"model.sharing={wanted}")
    pooling = model.roi_pooling.method
    if scheme == "exact-joint" and pooling != "warp":
        got, want = f"model.roi_pooling.method={pooling}", "model.roi_pooling.method=warp"
        raise _cannot_run(scheme, got, want)
    if model.box_head.normalisation == "measured" and scheme not in ON_STORED:
        got, want = "model.box_head.normalisation=measured", f"a scheme of {', '.join(ON_STORED)}"
        raise _cannot_run(scheme, got, want)
    require_proposals(config)


def require_proposals_of(config: RunConfig, split: Split, missing: float) -> None:
    """Refuse proposals of other pictures before a picture is decoded and a network built.

    Args:
        config: its `start.proposals` is read.
        split: the training pictures as they were opened.
        missing: how many of them may turn out not to be readable.

    Raises:
        DataError: the file cannot be read, or is of other pictures (RC250 ... RC253, RC255, RC256).
    """
    if not config.start.proposals:
        return
    named = Path(config.start.proposals)
    if _is_ours(named):
        StoredProposals.open(named).require_pictures_of(split, missing)
    else:
        require_pickled_of(named, split, missing)


def open_proposals(
    config: RunConfig, split: Split, folder: Path, say: Callable[[str], None]
) -> Path | None:
    """Bring the proposals to learn on into our form, and refuse such as are not of these pictures.

    Args:
        config: its `start.proposals` is read: a file of ours, or a pickle of the authors' code or
            Detectron's.
        split: the training pictures.
        folder: where a pickle's proposals are written in our form, under a name that begins with a
            dot; `keep_proposals` moves it.
        say: told what was taken over from a pickle.

    Returns:
        A file of ours that fits the pictures; None where the settings name none.

    Raises:
        DataError: it cannot be read, is of other pictures, or holds what are no boxes (RC250 ...
            RC256).
        DiskError: the new file cannot be written.
    """
    if not config.start.proposals:
        return None
    named = Path(config.start.proposals)
    if not _is_ours(named):
        out = folder / f".proposals.{os.getpid()}.tmp"
        taken = store_pickled(named, split, out)
        say(f"proposals of {named}: {taken}".partition("\n")[0])
        return out
    given_proposals(config, split)
    return named


def keep_proposals(stored: Path | None, run: RunFolder, config: RunConfig) -> RunConfig:
    """Move what came out of a pickle into the run folder.

    Args:
        stored: as `open_proposals` gives it.
        run: its folder gets the file `proposals.safetensors`.
        config: of the run.

    Returns:
        The settings, which name the file that the run learns on.

    Raises:
        DiskError: it cannot be moved.
    """
    if stored is None or str(stored) == config.start.proposals:
        return config
    kept = (run.path / "proposals.safetensors").absolute()
    try:
        stored.replace(kept)
    except OSError as error:
        raise files.disk_error(error, kept) from error
    return replace(config, start=replace(config.start, proposals=str(kept)))


def discard_proposals(stored: Path | None, config: RunConfig) -> None:
    """Remove what came out of a pickle, where no run will learn on it.

    Args:
        stored: as `open_proposals` gives it; a file of the user's stays.
        config: of the run.
    """
    if stored is not None and str(stored) != config.start.proposals:
        stored.unlink(missing_ok=True)


def given_proposals(config: RunConfig, split: Split) -> StoredProposals | None:
    """Open the proposals that the settings name.

    Args:
        config: its `start.proposals` is read, a file of ours.
        split: the training pictures.

    Returns:
        The file, memory-mapped; None where none is named.

    Raises:
        DataError: it cannot be read (RC250 ... RC252) or does not fit the pictures (RC253, RC254).
    """
    if not config.start.proposals:
        return None
    stored = StoredProposals.open(config.start.proposals)
    stored.require_fit(split)
    return stored


def _is_ours(named: Path) -> bool:
    """Tell by the ninth byte: behind its header's length ours has a brace, a pickle has not.

    An empty file is no pickle either.
    """
    with open_regular(named) as stream:
        head = stream.read(9)
    return not head or head[8:] == b"{"


def require_proposals(config: RunConfig) -> None:
    """Refuse a scheme without the proposals that it learns on, or with such as it does not.

    Args:
        config: its scheme and `start` are read.

    Raises:
        ConfigError: `head` lacks its proposals or the network that proposes in new pictures, or
            another scheme has proposals (RC367).
        DataError: the file cannot be opened (RC250).
    """
    scheme, begin = config.training.scheme, config.start
    missing = [f"--{name}" for name in ("proposals", "init") if not getattr(begin, name)]
    if scheme == "head" and missing:
        raise ConfigError(
            "RC367",
            missing[0],
            "the scheme head needs proposals to learn on, and a network that finds new ones",
            got=f"no {' and no '.join(missing)}",
            want="--proposals FILE --init RUN",
            fix="make both: frcnn train --scheme rpn --data DIR; frcnn propose RUN --out FILE",
        )
    if scheme != "head" and begin.proposals:
        raise ConfigError(
            "RC367",
            "--proposals",
            f"the scheme {scheme} learns on proposals of its own",
            got=begin.proposals,
            want="--scheme head",
            fix="leave --proposals out, or choose the scheme head",
        )
    if begin.proposals:
        open_regular(Path(begin.proposals)).close()


def _cannot_run(scheme: Scheme, got: str, want: str) -> ConfigError:
    return ConfigError(
        "RC365",
        "training.scheme",
        f"this network cannot be trained by the scheme {scheme}",
        got=got,
        want=want,
        fix=f"leave {got.partition('=')[0]} out, or choose another scheme",
    )
