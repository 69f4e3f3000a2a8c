"""When the next checkpoint is due."""

import time


class Timer:
    """Says when the next checkpoint is due, by a clock that never jumps."""

    def __init__(self, minutes: float) -> None:
        """Start counting.

        Args:
            minutes: between checkpoints.
        """
        self._seconds = minutes * 60
        self.restart()

    def restart(self) -> None:
        """Count from now."""
        self._since = time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() - self._since >= self._seconds
