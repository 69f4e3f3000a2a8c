"""Whether the network may be used."""

import os


def is_offline() -> bool:
    """Tell whether `FRCNN_OFFLINE` forbids the network: set, and neither empty nor 0."""
    return os.environ.get("FRCNN_OFFLINE", "") not in ("", "0")
