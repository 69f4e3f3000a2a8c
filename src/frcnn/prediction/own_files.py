"""Files of the user's where results would go: results never take their place."""

from collections.abc import Iterable
from pathlib import Path

from frcnn.errors import ConfigError


def require_free(folder: Path, names: Iterable[str]) -> None:
    """Refuse a folder that has something under a name of ours which we did not write.

    Args:
        folder: of the results, chosen by the user; it need not be there.
        names: of the files and folders that would be written.

    Raises:
        ConfigError: one of them is there (RC372).
    """
    taken = [name for name in names if (folder / name).exists() or (folder / name).is_symlink()]
    if taken:
        raise ConfigError(
            "RC372",
            str(folder),
            "files are in the way that frcnn did not write",
            got=", ".join(taken),
            want="a new folder, or one with results of ours alone",
            fix="choose another --out, or move them elsewhere",
        )
