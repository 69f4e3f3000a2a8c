"""Pixels of every type that Pillow reads, as RGB of 8 bits.

Rules: grey and palette are spread to three channels; anything see-through is laid on white,
because documents and web pages are white; 16-bit grey is scaled by 1/257, so that the brightest
stays the brightest (Pillow's own conversion saturates); 16-bit colour keeps its high byte, all
that Pillow gives; CMYK is converted by Pillow's formula, without colour profiles; floating and
32-bit values have no known range and are refused.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from frcnn.errors import PictureError

_PLAIN = ("1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "HSV")
_SEE_THROUGH = ("LA", "La", "PA", "RGBA", "RGBa")
_BAND = 256  # rows composited at a time, to bound memory


def to_rgb(image: Image.Image, place: str) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Convert a loaded picture to RGB.

    Args:
        image: loaded, in any of Pillow's modes.
        place: how an error names the file.

    Returns:
        [H, W, 3] uint8, and remarks about a conversion that changes colours.

    Raises:
        PictureError: the pixels are floating, 32-bit or in another colour space (RC105).
    """
    if image.mode.startswith("I;16"):
        return _grey16(image), ("16-bit grey scaled to 8 bits",)
    if image.mode in _SEE_THROUGH or (image.mode in _PLAIN and "transparency" in image.info):
        return _on_white(image.convert("RGBA")), ("see-through parts laid on white",)
    if image.mode == "CMYK":
        return np.array(image.convert("RGB")), ("CMYK converted without a colour profile",)
    if image.mode in _PLAIN:
        return np.array(image.convert("RGB")), ()
    raise PictureError(
        "RC105",
        place,
        "pixels of this type are not accepted",
        got={"F": "floating values", "I": "32-bit values"}.get(image.mode, f"mode {image.mode}"),
        want="8-bit or 16-bit grey, RGB, palette or CMYK",
        fix="convert the picture to 8-bit RGB first",
    )


def _grey16(image: Image.Image) -> NDArray[np.uint8]:
    values = np.asarray(image).astype(np.uint32)
    grey = ((values + 128) // 257).astype(np.uint8)
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        grey[values == clear] = 255
    return np.repeat(grey[:, :, None], 3, axis=2)


def _on_white(image: Image.Image) -> NDArray[np.uint8]:
    layers = np.asarray(image)  # [H, W, 4]
    out = np.empty((*layers.shape[:2], 3), np.uint8)
    for top in range(0, len(layers), _BAND):
        rgb, alpha = np.split(layers[top : top + _BAND].astype(np.uint16), [3], axis=2)
        out[top : top + _BAND] = (rgb * alpha + 255 * (255 - alpha) + 127) // 255  # <= 65152
    return out
