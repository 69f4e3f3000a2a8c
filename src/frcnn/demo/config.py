"""Settings of the drawn scenes: how many, how large, and how hard to read."""

from dataclasses import dataclass

from frcnn.errors import ConfigError

_SHARES = ("empty_share", "touching_share", "cut_share", "decoy_share", "motion_share")
_LIMITS = {
    "height": (64, 4096),
    "width": (64, 4096),
    "defocus": (0, 20),
    "motion": (0, 100),
    "noise": (0, 100),
    "fine": (1, 8),
    "quality": (1, 100),
}
_RANGES = {"dice": (1, 50), "clutter": (0, 50), "elevation": (45, 90), "shadows": (0, 2)}


@dataclass(frozen=True, kw_only=True)
class SceneConfig:
    """What `draw_scenes` draws. A scene depends on `seed`, its own number and these settings.

    Scenes are numbered with the test split first, then validation, then training: a longer
    training split leaves the other two as they are.
    """

    train: int = 400
    """Scenes of the training split."""
    val: int = 80
    """Scenes of the validation split."""
    test: int = 120
    """Scenes of the test split."""
    seed: int = 0
    """Other seeds give other scenes."""
    height: int = 240
    """Pixels of a picture."""
    width: int = 320
    """Pixels of a picture."""
    empty_share: float = 0.06
    """Share of scenes without a die."""
    dice: tuple[int, int] = (2, 7)
    """Fewest and most dice of a scene that has any; large dice leave room for fewer."""
    side: tuple[float, float] = (38.0, 62.0)
    """Pixels: the side of a die at the picture's centre, seen face on. Boxes are about 1.35 times
    as wide, as most dice stand askew."""
    elevation: tuple[float, float] = (68.0, 84.0)
    """Degrees of the camera above the table; under 55 the top faces grow narrow."""
    touching_share: float = 0.3
    """Share of scenes in which dice touch each other."""
    cut_share: float = 0.04
    """Share of dice that may cross the picture's border; `difficult` where pips are cut."""
    clutter: tuple[int, int] = (0, 5)
    """Fewest and most flat things of a scene: coins, pens, paper, cards, buttons."""
    decoy_share: float = 0.2
    """Share of scenes with things that look like dice: blocks, dominoes, tokens with dots."""
    shadows: tuple[float, float] = (0.25, 0.6)
    """Strength of the sky against the lamp; less sky makes darker shadows."""
    defocus: float = 0.7
    """Pixels: largest blur (standard deviation) for dice of 40 pixels; less for smaller ones."""
    motion_share: float = 0.15
    """Share of scenes in which the camera shakes."""
    motion: float = 3.5
    """Pixels: longest path of the shaking camera for dice of 40 pixels; less for smaller ones."""
    noise: float = 5.0
    """Grey levels (of 255): largest standard deviation of the sensor's noise."""
    fine: int = 2
    """Rays along each side of a pixel; 3 draws smoother outlines in twice the time."""
    quality: int = 92
    """JPEG quality, 1 ... 100."""

    def __post_init__(self) -> None:
        counts = {name: getattr(self, name) for name in ("train", "val", "test", "seed")}
        for name, value in counts.items():
            self._require(name, "a whole number >= 0", fits=value >= 0)
        self._require("train", "at least one scene in train, val or test", fits=self.count > 0)
        for name in _SHARES:
            self._require(name, "a share in [0, 1]", fits=0 <= getattr(self, name) <= 1)
        for name, (least, most) in _LIMITS.items():
            fits = least <= getattr(self, name) <= most
            self._require(name, f"a number within {least:g} ... {most:g}", fits=fits)
        for name, (least, most) in _RANGES.items():
            self._require_range(name, least, most)
        self._require_range("side", 12, min(self.height, self.width) / 3)

    @property
    def count(self) -> int:
        """Scenes of all splits together."""
        return self.train + self.val + self.test

    def _require_range(self, name: str, least: float, most: float) -> None:
        low, high = getattr(self, name)
        want = f"two numbers, the smaller first, within {least:g} ... {most:g}"
        self._require(name, want, fits=least <= low <= high <= most)

    def _require(self, name: str, want: str, *, fits: bool) -> None:
        if fits:
            return
        raise ConfigError(
            "RC350",
            f"demo.{name}",
            "scenes cannot be drawn with this",
            got=str(getattr(self, name)),
            want=want,
            fix=f"set demo.{name} to {want}",
        )
