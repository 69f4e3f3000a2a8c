"""The files of a folder by name without ending: listed once, looked up often.

Names from lists are only ever looked up here. A name such as `../../etc/passwd` is therefore no
way out of the folder: it is simply not there.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from frcnn.ops.pictures import SUFFIXES

_PICTURES = ("JPEGImages", "images")
_ANNOTATIONS = ("Annotations", "annotations")
# Pictures of kinds that are refused are found all the same, so that the error names the kind.
_REFUSED = (".gif", ".heic", ".heif", ".avif", ".jp2", ".ppm", ".pgm", ".tga", ".psd", ".svg")


class FileIndex:
    """Files with certain endings in one folder, not in folders below it."""

    def __init__(self, folder: Path, suffixes: Sequence[str]) -> None:
        """List the folder.

        Args:
            folder: must exist.
            suffixes: with their dot, in small letters; files may have them in capitals.
        """
        self.files = sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() in suffixes and not path.name.startswith(".")
        )
        """All files, by name."""
        self._by_name: dict[str, tuple[Path, ...]] = defaultdict(tuple)
        self._by_form: dict[str, set[str]] = defaultdict(set)
        for path in self.files:
            self._by_name[path.stem] += (path,)
            self._by_form[_form(path.stem)].add(path.stem)

    @classmethod
    def pictures(cls, folder: Path) -> Self:
        """List the pictures of a folder, in its JPEGImages or images where there is one."""
        return cls(_inner(folder, _PICTURES), (*SUFFIXES, *_REFUSED))

    @classmethod
    def annotations(cls, folder: Path) -> Self:
        """List the XML files of a folder, in its Annotations where there is one."""
        return cls(_inner(folder, _ANNOTATIONS), (".xml",))

    @property
    def names(self) -> tuple[str, ...]:
        """File names without ending."""
        return tuple(self._by_name)

    def find(self, name: str) -> tuple[Path, ...]:
        """Find the files of a name: exactly, or else in another Unicode form of it.

        Args:
            name: without ending.

        Returns:
            One file as a rule; several that differ in their ending; none.
        """
        if name in self._by_name:
            return self._by_name[name]
        alike = self._by_form.get(_form(name), set())
        return self._by_name[next(iter(alike))] if len(alike) == 1 else ()

    def without_ending(self, name: str) -> str:
        """Take a picture's ending off, where a list has it and no file's name needs it.

        Args:
            name: from a list.

        Returns:
            The name by which `find` knows it.
        """
        ending = Path(name).suffix.lower() if name else ""
        return name[: -len(ending)] if ending in SUFFIXES and not self.find(name) else name


def _inner(folder: Path, names: Sequence[str]) -> Path:
    return next((folder / name for name in names if (folder / name).is_dir()), folder)


def _form(name: str) -> str:
    return unicodedata.normalize("NFC", name)
