"""The body under the clothes: poses, and how each pose bends the flat canonical plane.

A pose is a warp of the canonical plane (see `cut`): torso, arms, legs and skirts each map points of
the flat garment, or of the canonical figure, to where they lie on the posed figure. Bones are
blended smoothly at the joints, so that cloth bends and does not break.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.garments.cut import ARM_ANGLE, FOREARM, SHOULDER, UPPER_ARM

HIP = (0.34, 2.75)
KNEE = (0.41, 4.5)

# Arms: name -> (upper arm, forearm) in degrees from the vertical, outwards.
_ARMS = {
    "down": (11, 5),
    "relaxed": (17, -6),
    "hip": (43, -50),
    "pocket": (24, -17),
    "across": (15, -78),
    "strap": (20, -152),
    "phone": (27, -161),
    "raised": (64, 128),
}
_ARM_NAMES = tuple(_ARMS)
_ARM_WEIGHTS = tuple(accumulate((4, 4, 2.2, 2.2, 1.0, 0.7, 0.7, 0.6)))
_LEGS = {
    "standing": ((0, 0), (0, 0)),
    "apart": ((5, 5), (5, 5)),
    "weight on one leg": ((-3, -3), (9, 2)),
    "walking": ((7, 12), (-5, -12)),
    "crossed": ((-7, -9), (1, 1)),
}


@dataclass(frozen=True)
class Pose:
    """A pose and a build.

    Angles are radians. `arms` and `legs` hold (upper, lower) a side, left (x < 0) first; arms are
    measured from the vertical outwards, legs from the canonical stance outwards. `turn` is the
    rotation about the vertical, `sway` the shift of the shoulders over the hips in body units,
    `build` the width of shoulders, waist and hips.
    """

    arms: tuple[tuple[float, float], tuple[float, float]]
    legs: tuple[tuple[float, float], tuple[float, float]]
    turn: float = 0.0
    sway: float = 0.0
    shoulder_tilt: float = 0.0
    hip_tilt: float = 0.0
    head_tilt: float = 0.0
    build: tuple[float, float, float] = (1.0, 1.0, 1.0)
    arm_names: tuple[str, str] = ("canonical", "canonical")
    leg_name: str = "standing"

    def angles(self) -> dict[str, float]:
        """All angles in degrees, by name."""
        named = {"turn": self.turn, "shoulder tilt": self.shoulder_tilt, "hip tilt": self.hip_tilt}
        for side, arm, leg in zip(("left", "right"), self.arms, self.legs, strict=True):
            named |= {f"{side} upper arm": arm[0], f"{side} forearm": arm[1]}
            named |= {f"{side} thigh": leg[0], f"{side} shin": leg[1]}
        return {name: math.degrees(angle) for name, angle in named.items()}


CANONICAL = Pose(arms=((ARM_ANGLE, ARM_ANGLE),) * 2, legs=((0.0, 0.0),) * 2)


def sample_pose(draws: Draws, strength: float) -> Pose:
    """Draw a pose; `strength` 0 keeps the canonical one, 1 is everyday, 2 extreme."""
    arms, names = [], []
    for _ in range(2):
        at = draws.unit() * _ARM_WEIGHTS[-1]
        name = _ARM_NAMES[bisect_right(_ARM_WEIGHTS, at)]
        upper, lower = _ARMS[name]
        upper, lower = upper + 6 * draws.bell(), lower + 8 * draws.bell()
        arms.append((_toward(ARM_ANGLE, upper, strength), _toward(ARM_ANGLE, lower, strength)))
        names.append(name)
    leg_name = draws.pick(tuple(_LEGS))
    swap = draws.chance(0.5)
    legs = [
        (_toward(0, a + 2 * draws.bell(), strength), _toward(0, b + 3 * draws.bell(), strength))
        for a, b in _LEGS[leg_name]
    ]
    build = tuple(1 + strength * reach * draws.bell() for reach in (0.1, 0.17, 0.13))
    return Pose(
        arms=tuple(arms),
        legs=tuple(reversed(legs)) if swap else tuple(legs),
        turn=strength * math.radians(34) * draws.bell(),
        sway=strength * 0.16 * draws.bell(),
        shoulder_tilt=strength * math.radians(6) * draws.bell(),
        hip_tilt=strength * math.radians(6) * draws.bell(),
        head_tilt=strength * math.radians(12) * draws.bell(),
        build=build,
        arm_names=tuple(names),
        leg_name=leg_name,
    )


def _toward(start: float, degrees: float, strength: float) -> float:
    """Move from a start angle (radians) towards another one (degrees), at most a quarter beyond."""
    return start + min(strength, 1.25) * (math.radians(degrees) - start)


def _smooth(values: np.ndarray, low: float, high: float) -> np.ndarray:
    share = np.minimum(np.maximum((values - low) / (high - low), 0.0), 1.0)
    return share * share * (3 - 2 * share)


class _Levels(NamedTuple):
    """What the warps need of n points and depends on their canonical heights alone."""

    widths: np.ndarray  # (4, n), shares of neck, chest, waist and hips
    slope: np.ndarray  # 1 / half width of the trunk
    depth: np.ndarray  # how far the front stands out
    height: np.ndarray  # 0 at the hips, 1 at the shoulders
    up: np.ndarray  # share of the sway
    below_hip: np.ndarray  # (n, 1), share of a thigh's swing
    below_knee: np.ndarray  # (n, 1), share of a shin's swing


@lru_cache(maxsize=512)
def _levels(heights: bytes) -> _Levels:
    """Kept for the float64 `heights` of a set of points: most sets recur in other pictures."""
    y = np.frombuffer(heights)
    return _Levels(
        widths=np.stack([np.interp(y, (0.0, 0.9, 1.75, 2.5), row) for row in np.eye(4)]),
        slope=1 / (0.72 + 0.34 * np.maximum(y - 2.6, 0)),
        depth=np.interp(y, (-0.3, 0.6, 2.4, 4.2), (0.1, 0.42, 0.42, 0.16)),
        height=_smooth(y, 2.5, 0.4),
        up=np.minimum(np.maximum(1.25 - 0.5 * y, -0.2), 1.3),
        below_hip=_smooth(y, 2.5, 3.3)[:, None],
        below_knee=_smooth(y, 4.2, 4.8)[:, None],
    )


@lru_cache(maxsize=512)
def _arm_places(points: bytes, sign: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the float64 `points` (n, 2) of an arm lie on it; kept as `_levels` are.

    **Returns** (n,) distance along the arm, (n,) outwards across it, and (n, 1) how far a point
    follows the arm and not the trunk, 0 to 1.
    """
    x, y = np.frombuffer(points).reshape(-1, 2).T
    dx, dy = sign * x - SHOULDER[0], y - SHOULDER[1]
    along, across = dx * _ARM_SIN + dy * _ARM_COS, dx * _ARM_COS - dy * _ARM_SIN
    return along, across, _smooth(along - 0.6 * across, -0.25, 0.5)[:, None]


class Figure:
    """The warps of one pose. Points are float arrays (n, 2) in body units."""

    def __init__(self, pose: Pose):
        self.pose = pose
        self._sin, self._narrow = math.sin(pose.turn), 0.35 + 0.65 * math.cos(pose.turn)
        chest, waist, hip = pose.build
        self._build = np.array((0.5 + 0.5 * chest, chest, waist, hip))
        places = self.torso(_JOINTS)
        self._shoulders, self._hips, self.head = places[:2], places[2:4], places[4]
        self._arm_lines = [self._arm_line(side) for side in (0, 1)]

    def torso(self, points: np.ndarray) -> np.ndarray:
        """Bend points of trunk, neck and head."""
        pose = self.pose
        y = points[:, 1]
        at = _levels(y.tobytes())
        x = points[:, 0] * (self._build @ at.widths)
        # turn about the vertical: sides come nearer, the middle moves across the round front
        out = x * at.slope
        bulge = np.maximum(1 - out * out, 0)
        x = x * self._narrow + at.depth * bulge * self._sin
        angle = pose.hip_tilt + at.height * (pose.shoulder_tilt - pose.hip_tilt)
        placed = np.empty_like(points)
        placed[:, 0] = pose.sway * at.up + x * np.cos(angle)
        placed[:, 1] = y + x * np.sin(angle)
        return placed

    def _arm_line(self, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Centre line of an arm: positions (n, 2) and angles (n,) at distances `_ALONG`."""
        upper, lower = self.pose.arms[side]
        angle = upper + (lower - upper) * _BEND
        sign = -1 if side == 0 else 1
        step = _ALONG[1] - _ALONG[0]
        line = np.empty((len(_ALONG), 2))
        np.cumsum(sign * step * np.sin(angle), out=line[:, 0])
        np.cumsum(step * np.cos(angle), out=line[:, 1])
        return line + (self._shoulders[side] - line[_SHOULDER_INDEX]), angle

    def arm(self, points: np.ndarray, side: int, trunk: np.ndarray | None = None) -> np.ndarray:
        """Bend points of an arm or sleeve; `side` 0 is left (x < 0).

        Points near the shoulder stay with the trunk. Here and below, `trunk` is what `torso` gives
        for the points, where that is known.
        """
        sign = -1 if side == 0 else 1
        along, across, weight = _arm_places(points.tobytes(), sign)
        line, angles = self._arm_lines[side]
        angle = np.interp(along, _ALONG, angles)
        bent = np.empty_like(points)
        bent[:, 0] = np.interp(along, _ALONG, line[:, 0]) + sign * across * np.cos(angle)
        bent[:, 1] = np.interp(along, _ALONG, line[:, 1]) - across * np.sin(angle)
        if weight.min() == 1:  # a hand
            return bent
        trunk = self.torso(points) if trunk is None else trunk
        return weight * bent + (1 - weight) * trunk

    def leg(self, points: np.ndarray, side: int, trunk: np.ndarray | None = None) -> np.ndarray:
        """Bend points of a leg, or of the half of trousers on that side."""
        placed = self.torso(points) if trunk is None else trunk
        return placed + self._swing(placed, _levels(points[:, 1].tobytes()), side, 1.0)

    def skirt(self, points: np.ndarray, trunk: np.ndarray | None = None) -> np.ndarray:
        """Bend points of a skirt or long coat, which follows both legs."""
        placed = self.torso(points) if trunk is None else trunk
        right = _smooth(points[:, :1], -0.55, 0.55)
        at = _levels(points[:, 1].tobytes())
        left_leg = self._swing(placed, at, 0, 0.6)
        right_leg = self._swing(placed, at, 1, 0.6)
        return placed + (1 - right) * left_leg + right * right_leg

    def _swing(self, placed: np.ndarray, at: "_Levels", side: int, share: float) -> np.ndarray:
        """How far a leg's swing moves points: the hip turns all below it, the knee the shin.

        **Arguments**: `placed` (n, 2), points where the trunk alone would put them; `at`, what
        depends on their heights; `share`, the part of the swing that the cloth follows.
        """
        sign = share if side else -share
        thigh, shin = (sign * angle for angle in self.pose.legs[side])
        hip = self._hips[side]
        swung = _turn(placed - hip, thigh) * at.below_hip
        knee = np.array([0.0, KNEE[1] - HIP[1]])
        knee = hip + knee + _turn(knee[None], thigh)[0]
        return swung + _turn(placed + swung - knee, shin - thigh) * at.below_knee

    def hand(self, side: int) -> tuple[np.ndarray, float]:
        """Where the wrist is, and the direction of the forearm (radians, outwards)."""
        line, angles = self._arm_lines[side]
        return line[_WRIST_INDEX], float(angles[_WRIST_INDEX])


_JOINTS = np.array(
    [(-SHOULDER[0], SHOULDER[1]), SHOULDER, (-HIP[0], HIP[1]), HIP, (0.0, -0.35)], float
)
_ARM_SIN, _ARM_COS = math.sin(ARM_ANGLE), math.cos(ARM_ANGLE)
_ALONG = np.linspace(-0.6, 3.4, 41)
_BEND = _smooth(_ALONG, UPPER_ARM - 0.2, UPPER_ARM + 0.2)
_SHOULDER_INDEX = int(np.argmin(np.abs(_ALONG)))
_WRIST_INDEX = int(np.searchsorted(_ALONG, UPPER_ARM + FOREARM))


def _turn(arms: np.ndarray, angle: float) -> np.ndarray:
    """How far a turn moves the ends of levers (n, 2); positive moves a hanging one to +x."""
    sin, less = math.sin(angle), math.cos(angle) - 1
    return arms * less + arms[:, ::-1] * np.array([sin, -sin])
