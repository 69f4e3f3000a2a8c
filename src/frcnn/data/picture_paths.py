"""From the name that an annotation file gives a picture to the file itself, never out of the set.

A name from a file may be anything: absolute, an address, with `..` in it, of a Windows machine.
What leads out of the data set is not opened, whether by its words or by a link.
"""

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from frcnn.data.problems import Problem
from frcnn.errors import AnnotationError
from frcnn.ops.picture_header import place_of
from frcnn.ops.pictures import SUFFIXES

_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[A-Za-z]:[\\/]|[\\/]|~[\\/]")
"""An address, a drive, the root of a disk, somebody's home."""
_LONGEST_SHOWN = 80
_ANNOTATIONS = ("annotations", "labels")


class PictureFinder:
    """Finds pictures by name in some folders, the first first."""

    def __init__(self, folders: Sequence[Path], home: Path) -> None:
        """Name the folders; those that are not there are passed over.

        Args:
            folders: in the order in which they are looked through.
            home: the data set's folder; a link may lead anywhere within it.
        """
        self._home = home
        self.folders = [f for f in dict.fromkeys(folders) if f.is_dir()]
        """Those that are there."""
        self.used: set[Path] = set()
        """Those in which something was found."""
        self._by_form: dict[Path, dict[str, str]] = {}
        self._files: dict[Path, set[str]] = {}

    def find(self, name: str, place: str) -> Path:
        """Find a picture.

        Args:
            name: as the annotation file has it, relative to one of the folders.
            place: of the entry, for errors.

        Returns:
            Its path, inside one of the folders.

        Raises:
            AnnotationError: the name leads out of the data set (RC276), or a link does (RC224), or
                there is no such picture (RC216).
        """
        plain = require_own_path(name, place)
        path = self._own_file(plain) if plain == name else None
        if path is not None:
            return path
        for wanted in dict.fromkeys((name, plain)):
            for folder in self.folders:
                path = folder / wanted
                if os.path.isfile(path):  # unlike Path's, no error for a name that is too long
                    return self._inside(path, folder)
        for folder in self.folders:
            other = self._in_another_form(folder, plain)
            if other is not None:
                return self._inside(other, folder)
        raise AnnotationError(
            "RC216",
            place,
            "there is no picture of this name",
            got=place_of(name[-_LONGEST_SHOWN:]),
            want=f"a file in {' or '.join(map(place_of, self.folders[:3])) or 'a folder'}",
            fix="add the picture, or take the entry out",
        )

    def look_below(self, names: Iterable[str]) -> None:
        """Where no folder has any of the pictures, take the one in them that has some.

        Args:
            names: of all pictures that will be looked for.
        """
        wanted = list(names)
        if any(self._has(folder, name) for name in wanted for folder in self.folders):
            return  # as a rule the first is found
        inner = (path for folder in self.folders for path in sorted(folder.iterdir()))
        others = dict.fromkeys(p for p in inner if p.is_dir() and not p.name.startswith("."))
        found = [folder for folder in others if any(self._has(folder, name) for name in wanted)]
        if len(found) == 1:
            self.folders += found

    def _has(self, folder: Path, name: str) -> bool:
        plain = name.replace("\\", "/")
        if leads_out(name):
            return False
        there = os.path.isfile(os.path.join(folder, plain))
        return there or self._in_another_form(folder, plain) is not None

    def _own_file(self, name: str) -> Path | None:
        """Find a name among the folders' own files; None leaves links and paths to others."""
        for folder in self.folders:
            if name in self._own_files(folder):
                self.used.add(folder)
                return folder / name
            if os.path.lexists(folder / name):
                return None
        return None

    def _own_files(self, folder: Path) -> set[str]:
        """List the names of a folder's files, once; a link is none, for it may lead anywhere."""
        if folder not in self._files:
            with os.scandir(folder) as entries:
                own = {entry.name for entry in entries if entry.is_file(follow_symlinks=False)}
            self._files[folder] = own
        return self._files[folder]

    def _inside(self, path: Path, folder: Path) -> Path:
        if path.parent == folder:
            require_inside(path, self._home)
        else:
            _require_below(path, folder, self._home)
        self.used.add(path.parent)
        return path

    def _in_another_form(self, folder: Path, plain: str) -> Path | None:
        """Find a name in another Unicode form of it: `ü` is one letter, or two."""
        if plain.isascii():
            return None
        inner, wanted = (folder / plain).parent, PurePosixPath(plain).name
        if not os.path.isdir(inner):
            return None
        if inner not in self._by_form:
            names = (entry.name for entry in os.scandir(inner))
            self._by_form[inner] = {unicodedata.normalize("NFC", name): name for name in names}
        found = self._by_form[inner].get(unicodedata.normalize("NFC", wanted))
        return inner / found if found else None


def count_others(folders: Iterable[Path], known: Iterable[Path]) -> int:
    """Count pictures beside those that are known.

    Args:
        folders: in which known ones are.
        known: their paths.

    Returns:
        How many more there are.
    """
    names = set(map(str, known))  # a path is slow to be made, and to be compared
    return sum(
        f"{before}{entry.name}" not in names
        for folder in folders
        for before in [str(folder / "x")[:-1]]
        for entry in os.scandir(folder)
        if entry.name.lower().endswith(SUFFIXES) and not entry.name.startswith(".")
    )


def home_of(root: Path) -> Path:
    """Give the folder of a data set that may be named by its annotation file.

    Args:
        root: a folder, or a file.

    Returns:
        The folder; for a file in a folder of annotations, the one around it.
    """
    if not root.is_file():
        return root
    parent = root.absolute().parent
    return parent.parent if parent.name.lower() in _ANNOTATIONS else parent


def within(path: Path, home: Path) -> str:
    """Name a file as it is called inside the data set.

    Args:
        path: of the file.
        home: the data set's folder.

    Returns:
        Its path from there, with forward slashes; its whole path where it lies elsewhere.
    """
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else path.as_posix()


class Names:
    """Gives every picture of a split a name of its own: that of its file, without its ending."""

    def __init__(self) -> None:
        """Begin with none."""
        self._taken: set[str] = set()

    def of(self, path: Path) -> str:
        """Name a picture.

        Args:
            path: of the picture, each once.

        Returns:
            The file's name without ending; with it, or with folders before it, where another
            picture has that name.
        """
        name = path.stem
        if name in self._taken:
            parts = path.parts
            longer = ("/".join(parts[-length:]) for length in range(1, len(parts) + 1))
            name = next((each for each in longer if each not in self._taken), str(path))
        self._taken.add(name)
        return name


def require_own_path(name: str, place: str) -> str:
    """Refuse a name that leads out of the data set.

    Args:
        name: as a file has it.
        place: of the entry.

    Returns:
        The name, with this system's slashes.

    Raises:
        AnnotationError: it is absolute, an address, or goes up (RC276).
    """
    if leads_out(name):
        raise AnnotationError(
            "RC276",
            place,
            "a path leads out of the data set; it is not opened",
            got=place_of(name[:_LONGEST_SHOWN]) if "\0" not in name else "a NUL byte",
            want="a path inside the folder of the data",
            fix="write the path relative to the data set's folder",
        )
    return name.replace("\\", "/")


def leads_out(name: str) -> bool:
    """Say whether a name leads out of the data set: absolute, an address, or upwards.

    Args:
        name: as a file has it.

    Returns:
        Whether nothing of that name may be opened.
    """
    plain = name.replace("\\", "/")
    is_up = ".." in plain and ".." in PurePosixPath(plain).parts
    return bool(_ELSEWHERE.match(name)) or is_up or "\0" in name


def another_machine(root: Path, key: str, sources: Sequence[str]) -> Problem:
    """Report, once for a data set, what names places on its maker's machine.

    Args:
        root: of the data set.
        key: where it stands.
        sources: what it says.

    Returns:
        A warning.
    """
    return Problem(
        code="RC267",
        place=place_of(root),
        what="paths of another machine; they are not opened",
        got=f"{len(sources)} x {key}, as in {place_of(sources[0][:_LONGEST_SHOWN])}",
        fix="nothing need be done: pictures are looked for in the folder of the data",
        severity="warning",
    )


def require_inside(path: Path, home: Path) -> None:
    """Follow no link out of the data set: an archive from a stranger may hold one.

    Args:
        path: of a file.
        home: the data set's folder.

    Raises:
        AnnotationError: it is a link to somewhere else (RC224).
    """
    if path.is_symlink():
        _require_below(path, path.parent, home)


def _require_below(path: Path, folder: Path, home: Path) -> None:
    """Require a file to be in the data set, or in a folder that a link within it stands for."""
    place = path.resolve()
    if any(place.is_relative_to(around.resolve()) for around in (folder, home)):
        return
    raise AnnotationError(
        "RC224",
        place_of(path),
        "a link leads out of the data set",
        got=place_of(place),
        want=f"a file in {place_of(home.resolve())}",
        fix="copy the file into the data set; a link to the whole folder is accepted",
    )
