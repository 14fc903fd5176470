"""The named colours of the Wardrobe and the arithmetic that shades them."""

import colorsys

RGB = tuple[int, int, int]

PALETTE: dict[str, RGB] = {
    "white": (245, 244, 240),
    "grey": (152, 156, 163),
    "black": (42, 43, 49),
    "beige": (222, 203, 174),
    "brown": (124, 84, 58),
    "navy": (38, 53, 95),
    "blue": (58, 104, 184),
    "sky": (147, 190, 226),
    "teal": (35, 132, 138),
    "green": (62, 135, 84),
    "olive": (116, 122, 70),
    "mint": (168, 214, 190),
    "yellow": (245, 205, 82),
    "orange": (231, 128, 54),
    "red": (203, 50, 52),
    "burgundy": (118, 33, 56),
    "pink": (238, 163, 181),
    "purple": (124, 86, 156),
}

COLOUR_GROUPS: dict[str, str] = {
    "white": "neutral",
    "grey": "neutral",
    "black": "neutral",
    "beige": "earth",
    "brown": "earth",
    "olive": "earth",
    "navy": "blue",
    "blue": "blue",
    "sky": "blue",
    "teal": "green",
    "green": "green",
    "mint": "green",
    "yellow": "warm",
    "orange": "warm",
    "red": "warm",
    "burgundy": "berry",
    "pink": "berry",
    "purple": "berry",
}


def jitter(name: str, offsets: tuple[float, float, float]) -> RGB:
    """One shade of a named colour.

    **Arguments**

    - `name`: a key of `PALETTE`.
    - `offsets`: shifts of hue (turns), saturation (factor - 1) and value (factor - 1).

    **Returns** red, green and blue, 0 to 255.
    """
    red, green, blue = PALETTE[name]
    hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    rgb = colorsys.hsv_to_rgb(
        (hue + offsets[0]) % 1.0,
        min(1.0, saturation * (1 + offsets[1])),
        min(0.98, value * (1 + offsets[2])),
    )
    return round(rgb[0] * 255), round(rgb[1] * 255), round(rgb[2] * 255)


def mix(first: RGB, second: RGB, amount: float) -> RGB:
    """Blend two colours: `amount` 0 gives the first, 1 the second."""
    (r0, g0, b0), (r1, g1, b1), rest = first, second, 1 - amount
    return (
        round(r0 * rest + r1 * amount),
        round(g0 * rest + g1 * amount),
        round(b0 * rest + b1 * amount),
    )


def darker(colour: RGB, amount: float) -> RGB:
    """A shadow tone of a colour; shadows lean to blue, as under a soft sky."""
    return mix(colour, (18, 16, 40), amount)


def lighter(colour: RGB, amount: float) -> RGB:
    """A highlight tone of a colour, leaning to a warm white."""
    return mix(colour, (255, 252, 245), amount)


def luminance(colour: RGB) -> float:
    """Perceived brightness, 0 (black) to 1 (white): Rec. 601 weights."""
    red, green, blue = colour
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


def argb(colour: RGB, alpha: float = 1.0) -> int:
    """The colour as the integer that skia paints take; `alpha` 0 to 1."""
    red, green, blue = colour
    return (round(255 * alpha) << 24) | (red << 16) | (green << 8) | blue
