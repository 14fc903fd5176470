"""How a pair of shoes meets the camera: walking, standing, facing, from above, on the ground."""

from functools import partial

import numpy as np

from fashret_utils.wardrobe.shoes import shop
from fashret_utils.wardrobe.shoes.cast import Cast


def _walk(cast: Cast) -> None:
    strength = min(cast.factors["pose"], 2.0)
    apart = cast.pose.between(0.25, 0.55 + 0.3 * min(strength, 1))
    _stride(cast, apart, cast.pose.between(2, 22) * strength)


def _stand(cast: Cast) -> None:
    _stride(cast, cast.pose.between(0.04, 0.3), 0.0)


def _stride(cast: Cast, apart: float, lift: float) -> None:
    """Side view of two feet, `apart` shoe lengths from each other, one heel lifted by `lift`."""
    pose, length = cast.pose, cast.length(0.48, 0.66, 0.66)
    flip = pose.chance(0.5)
    base = pose.between(0.8, 0.9)
    width = length * (1 + abs(apart))
    start = 0.5 - width / 2 + cast.bend(0.05)
    near_first = pose.chance(0.5)
    near_x, far_x = (
        (start, start + apart * length) if near_first else (start + apart * length, start)
    )
    far_length = length * 0.94
    far = shop.place(far_x + 0.02, base - 0.055, far_length, cast.bend(3))
    near = shop.place(near_x, base, length, cast.bend(3))
    # The rear foot rolls over its toe, the front foot lands on its heel.
    if near_first:
        far, near = _about(far, (0.3, 0.0), -lift), _about(near, (0.95, 0.0), 0.35 * lift)
    else:
        near, far = _about(near, (0.3, 0.0), -lift), _about(far, (0.95, 0.0), 0.35 * lift)
    places = [("right", far), ("left", near)]
    if flip:
        mirror = np.array([[-1.0, 0, 1], [0, 1, 0], [0, 0, 1]])
        places = [("left", mirror @ far), ("right", mirror @ near)]
    cast.layout.pose.update(lift=lift, stride=apart)
    cast.floor(pose.between(0.45, 0.72))
    cast.put("side", places, cast.legwear())


def _about(matrix: np.ndarray, pivot: tuple[float, float], turn: float) -> np.ndarray:
    """Turn a placed shoe by `turn` degrees about a point of the shoe."""
    cos, sin = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    x, y = pivot
    spin = np.array(
        [[cos, -sin, x - cos * x + sin * y], [sin, cos, y - sin * x - cos * y], [0, 0, 1]]
    )
    return matrix @ spin


def _ends(cast: Cast, view: str) -> None:
    """Both feet from the front or from behind."""
    pose = cast.pose
    scale = min(pose.between(0.95, 1.3), 0.84 / max(cast.form.height, 0.3))
    apart = scale * pose.between(0.2, 0.3)
    base = pose.between(0.82, 0.92)
    step = pose.between(-0.06, 0.06) * min(cast.factors["pose"], 1.5)
    middle = 0.5 + cast.bend(0.05)
    first = shop.place(
        middle - apart, base - max(step, 0), scale * (1 - 0.8 * max(step, 0)), cast.bend(8)
    )
    second = shop.place(
        middle + apart, base + min(step, 0), scale * (1 + 0.8 * min(step, 0)), cast.bend(8), True
    )
    names = ("right", "left") if view == "front" else ("left", "right")
    places = list(zip(names, (first, second), strict=True))
    if step > 0:
        places.reverse()
    cast.floor(pose.between(0.4, 0.66))
    cast.put(view, places if step <= 0 else places[::-1], cast.legwear())


def _look_down(cast: Cast) -> None:
    """One's own feet from above."""
    pose, length = cast.pose, cast.pose.between(0.56, 0.74)
    middle, top = 0.5 + cast.bend(0.05), pose.between(0.08, 0.22)
    apart = length * pose.between(0.24, 0.36)
    spread = pose.between(0, 14)
    step = cast.bend(0.09)
    left = shop.place(middle - apart, top + max(step, 0), length, -spread * 0.5 + cast.bend(8))
    right = shop.place(
        middle + apart, top - min(step, 0), length, spread * 0.5 + cast.bend(8), True
    )
    cast.floor(-2.0)
    cast.put("top", [("left", left), ("right", right)], cast.legwear())


def _leave_on_ground(cast: Cast) -> None:
    """A pair that stands on the ground, seen from the side and a little from above."""
    pose, length = cast.pose, cast.length(0.55, 0.72, 0.66)
    flip, base = pose.chance(0.5), pose.between(0.72, 0.84)
    lean, flat = cast.bend(0.22), 1 - 0.1 * pose.unit() * min(cast.factors["pose"], 1.5)
    tilt = np.array([[1, lean, 0], [0, flat, 0], [0.0, 0.05 * pose.signed(), 1]])
    x = 0.5 - 0.5 * length + 0.06 * pose.signed()
    shift = pose.between(-0.14, 0.2), pose.between(0.07, 0.17)
    far = shop.place(x + shift[0] * length, base - shift[1], length * 0.93, cast.bend(13)) @ tilt
    near = shop.place(x, base, length, cast.bend(9)) @ tilt
    if pose.chance(0.2):  # the far shoe points the other way
        far = far @ np.array([[-1.0, 0, 1], [0, 1, 0], [0, 0, 1]])
    places = [("right", far), ("left", near)]
    if flip:
        mirror = np.array([[-1.0, 0, 1], [0, 1, 0], [0, 0, 1]])
        places = [("left", mirror @ far), ("right", mirror @ near)]
    cast.floor(pose.between(0.2, 0.55))
    cast.put("side", places)


def _lay_from_above(cast: Cast) -> None:
    """A pair on the ground seen from straight above, turned at random."""
    pose, length = cast.pose, cast.pose.between(0.64, 0.8)
    around = cast.bend(70)
    apart = length * pose.between(0.23, 0.3)
    step = cast.bend(0.12)
    turn = shop.place(0.5, 0.5, 1.0, around)
    left = turn @ shop.place(-apart, -length / 2 + step, length, -4 + cast.bend(12))
    right = turn @ shop.place(apart, -length / 2 - step, length, 4 + cast.bend(12), True)
    cast.floor(-2.0)
    cast.put("top", [("left", left), ("right", right)])


STAGES = {
    "walking": _walk,
    "standing": _stand,
    "facing": partial(_ends, view="front"),
    "leaving": partial(_ends, view="back"),
    "looking down": _look_down,
    "on the ground": _leave_on_ground,
    "from above": _lay_from_above,
}
