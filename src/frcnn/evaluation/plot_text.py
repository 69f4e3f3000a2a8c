"""Names as matplotlib can draw them: its font lacks many letters, and `$` starts a formula."""

_LONGEST = 28  # letters; what is longer would squeeze the plot


def drawable(name: str, otherwise: str) -> str:
    """Fit a class name for a plot.

    Args:
        name: any text.
        otherwise: what stands for a name with letters that the font does not have.

    Returns:
        One short line that is drawn as it reads.
    """
    from matplotlib.font_manager import FontProperties, findfont, get_font

    line = " ".join(name.split())
    font = get_font(findfont(FontProperties()))
    if not line or any(font.get_char_index(ord(letter)) == 0 for letter in line):
        line = otherwise
    if len(line) > _LONGEST:
        line = f"{line[: _LONGEST - 3]}..."
    return line.replace("$", r"\$")
