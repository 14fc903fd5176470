"""What light, camera and framing do to a photo: the last three causes of the street-to-shop gap."""

import io
import math

import numpy as np
from PIL import Image

from fashret_utils.wardrobe.draws import Draws


def framing(rng: np.random.Generator, *, crop: float, camera: float) -> np.ndarray:
    """Draw how the camera frames the scene.

    Always the same eight numbers are drawn, so switching one factor off leaves the other's share
    of the framing as it was.

    **Arguments**
    - `rng`: the picture's framing stream.
    - `crop`: strength of scale and shift: 0 = none, 1 = default, 2 = extreme.
    - `camera`: strength of rotation and perspective, likewise.

    **Returns** float64 (3, 3): a homography of unit coordinates (x right, y down, picture =
    [0, 1] x [0, 1]); the identity when both strengths are 0.
    """
    draws = Draws(rng, 16)
    zoom = math.exp(crop * draws.between(-0.28, 0.24))
    right, down = crop * draws.bell() * 0.14, crop * draws.bell() * 0.14
    turn = math.radians(camera * draws.bell() * 18)
    lean_x, lean_y = camera * draws.bell() * 0.22, camera * draws.bell() * 0.22
    stretch = math.exp(camera * draws.bell() * 0.09)
    shear = camera * draws.bell() * 0.1
    cos, sin = zoom * math.cos(turn), zoom * math.sin(turn)
    # rotation times stretch and shear, about the centre; then the perspective
    a, b = cos * stretch, cos * shear - sin
    c, d = sin * stretch, sin * shear + cos
    x, y = right - 0.5 * (a + b), down - 0.5 * (c + d)
    w = 1 - 0.5 * (lean_x + lean_y)
    half = 0.5 * np.array([lean_x, lean_y, w])
    matrix = np.array([[a, b, x], [c, d, y], [lean_x, lean_y, w]])
    matrix[:2] += half
    return matrix / matrix[2, 2]


def apply(
    picture: np.ndarray,
    light_rng: np.random.Generator,
    camera_rng: np.random.Generator,
    *,
    light: float,
    camera: float,
) -> np.ndarray:
    """Photograph a picture: light first, then lens, sensor and JPEG.

    **Arguments**
    - `picture`: uint8 (S, S, 3), RGB.
    - `light_rng`, `camera_rng`: the picture's streams of the two factors; each is read only by
      its own factor.
    - `light`: colour temperature, exposure, haze, shadow edge, vignette: 0 = none, 1 = default,
      2 = extreme.
    - `camera`: defocus or motion blur, noise, JPEG, likewise.

    **Returns** uint8 (S, S, 3); the very input when both strengths are 0.
    """
    if light <= 0 and camera <= 0:
        return np.ascontiguousarray(picture)
    values = np.empty((3, *picture.shape[:2]), np.float32)  # (3, S, S): planes are faster
    for channel in range(3):
        values[channel] = picture[..., channel]
    if light > 0:
        _illuminate(values, Draws(light_rng, 32), light)
    if camera <= 0:
        return _to_bytes(values)
    draws = Draws(camera_rng, 32)
    values = _blur(values, draws, camera)
    values += _noise(values.shape, camera_rng, camera * draws.between(1.0, 9.0))
    quality = round(max(8.0, 95 - camera * draws.between(8, 50)))
    photo = _to_bytes(values)
    # most photos were scaled down after their JPEG, which leaves no trace of it
    return _jpeg(photo, quality) if draws.chance(0.4 * camera) else photo


def _to_bytes(values: np.ndarray) -> np.ndarray:
    """Round planes (3, S, S) to a picture, uint8 (S, S, 3)."""
    np.clip(values, 0, 255, out=values)
    values += 0.5
    planes = values.astype(np.uint8)
    picture = np.empty((*values.shape[1:], 3), np.uint8)
    for channel in range(3):  # four times faster than a transposed copy
        picture[..., channel] = planes[channel]
    return picture


def _illuminate(values: np.ndarray, draws: Draws, strength: float) -> None:
    """Light the planes (3, S, S), in place."""
    size = values.shape[1]
    across = (np.arange(size, dtype=np.float32) + 0.5) / size
    warmth, tint = draws.bell() * 0.3, draws.bell() * 0.08
    exposure = 2.0 ** (strength * draws.between(-0.4, 0.35))
    gain = np.float32([1 + strength * warmth, 1 + strength * tint, 1 - strength * warmth])
    gain *= exposure * 3 / gain.sum()

    angle, offset = draws.between(0, 2 * np.pi), draws.between(-0.25, 0.3)
    width, dark = draws.between(0.02, 0.25), strength * draws.between(0.15, 0.5)
    shadow = draws.chance(0.45)
    squared = strength * draws.between(0.0, 0.55) * (across - 0.5) ** 2
    haze = strength * max(0.0, draws.between(-0.12, 0.12)) * 255
    level = (1 - squared) - squared[:, None]  # (S, S): towards the corners light falls off
    if shadow:  # of something outside the picture
        steep = (across - 0.5) / width
        edge = (math.cos(angle) * steep + (0.5 - offset / width)) + math.sin(angle) * steep[:, None]
        np.clip(edge, 0, 1, out=edge)
        fall = edge * (-2 * min(dark, 0.8))
        fall += 3 * min(dark, 0.8)
        edge *= edge
        fall *= edge  # a smooth step
        np.subtract(1, fall, out=fall)
        level *= fall
    for channel, factor in enumerate((gain * (1 - haze / 255)).tolist()):
        values[channel] *= level * np.float32(factor)
    if haze:
        values += np.float32(haze)


def _shifted(values: np.ndarray, right: int, down: int) -> np.ndarray:
    """Return planes (3, S, S) moved by whole pixels, their edge repeated."""
    moved = np.empty_like(values)
    rows, columns = values.shape[1:]
    inner = values[:, :, : columns - right] if right >= 0 else values[:, :, -right:]
    top, bottom = max(down, 0), rows + min(down, 0)
    left, end = max(right, 0), columns + min(right, 0)
    moved[:, top:bottom, left:end] = inner[:, : rows - down] if down >= 0 else inner[:, -down:]
    if right > 0:
        moved[:, :, :right] = moved[:, :, right : right + 1]
    elif right < 0:
        moved[:, :, right:] = moved[:, :, end - 1 : end]
    if down > 0:
        moved[:, :down] = moved[:, down : down + 1]
    elif down < 0:
        moved[:, down:] = moved[:, down - 1 : down]
    return moved


def _blur(values: np.ndarray, draws: Draws, strength: float) -> np.ndarray:
    """Defocus (two box passes each way) or motion blur (copies along a short line)."""
    size = values.shape[1]
    reach = strength * draws.between(0.0, 0.011) * size  # pixels: half the blur's width
    angle = draws.between(0, np.pi)
    if draws.chance(0.25):
        steps = int(np.ceil(2 * reach))
        if steps < 1:
            return values
        total = values.copy()
        for step in range(1, steps + 1):
            along = 2 * reach * step / steps
            total += _shifted(values, round(along * np.cos(angle)), round(along * np.sin(angle)))
        total *= np.float32(1 / (steps + 1))
        return total
    # A kernel of (side, 1, side) has the standard deviation sqrt(2 side / (1 + 2 side)).
    passes = int(np.ceil(reach))
    for _ in range(passes):
        side = np.float32(min(1.0, reach / passes))
        values = _add_neighbours(_add_neighbours(values, side, 1), side, 2)
        values *= 1 / (1 + 2 * side) ** 2
    return values


def _add_neighbours(values: np.ndarray, side: float, axis: int) -> np.ndarray:
    """Add `side` times both neighbours along rows (axis 1) or columns (2); the edge is repeated."""
    total = np.empty_like(values)
    step = values.strides[axis] // values.itemsize
    flat = values.reshape(-1)
    # one flat run is faster than many rows; at the edges it took the wrong neighbour
    np.add(flat[: -2 * step], flat[2 * step :], out=total.reshape(-1)[step:-step])
    source, edge = values.swapaxes(0, axis), total.swapaxes(0, axis)
    np.add(source[0], source[1], out=edge[0])
    np.add(source[-1], source[-2], out=edge[-1])
    total *= side
    total += values
    return total


def _noise(shape: tuple[int, ...], rng: np.random.Generator, deviation: float) -> np.ndarray:
    """Return sensor noise of the given standard deviation in grey levels.

    Bytes are five times cheaper than normal numbers; the sum of two neighbours is triangular, and
    correlated as after demosaicing.
    """
    count = math.prod(shape)
    words = rng.bit_generator.random_raw(count // 8 + 1)  # what rng.bytes takes apart slowly
    raw = words.astype("<u8", copy=False).view(np.int8)[: count + 1].astype(np.float32)
    noise = raw[:-1] + raw[1:]
    noise *= deviation / 104.5  # the standard deviation of the sum of two uniform bytes
    return noise.reshape(shape)


def _jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=quality)
    # our own picture: its size and mode are known, so that no header needs to be read
    coded = stream.getvalue()
    size = picture.shape[1], picture.shape[0]
    return np.asarray(Image.frombytes("RGB", size, coded, "jpeg", "RGB", ""))
