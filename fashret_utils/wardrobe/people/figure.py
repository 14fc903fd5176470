"""The person: skin, face, hands and shoes of a flat-design figure in any pose."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import skia

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.garments.cut import along_arm
from fashret_utils.wardrobe.palette import RGB, argb, darker, lighter, mix
from fashret_utils.wardrobe.paths import Point, Run, mirror, outline, oval, symmetric
from fashret_utils.wardrobe.people.body import Figure

SKINS: tuple[RGB, ...] = (
    (255, 224, 199),
    (247, 206, 174),
    (234, 184, 146),
    (214, 160, 118),
    (184, 128, 88),
    (150, 98, 66),
    (112, 72, 50),
    (84, 54, 40),
)
HAIRS: tuple[RGB, ...] = (
    (38, 32, 36),
    (62, 44, 38),
    (98, 66, 46),
    (142, 98, 60),
    (206, 164, 98),
    (172, 80, 46),
    (176, 174, 178),
    (48, 40, 62),
)
SHOES: tuple[RGB, ...] = (
    (240, 240, 238),
    (44, 44, 50),
    (120, 82, 56),
    (196, 66, 60),
    (88, 110, 150),
    (214, 190, 156),
)
HEAD = (0.0, -0.74)  # middle of the head in body units

_NECK: Run = [(0.155, -0.5), (0.165, -0.2), (0.30, 0.0), (0.62, 0.13), (0.77, 0.3)]
# a top or dress covers everything below the armpits
_TRUNK: Run = [(0.77, 0.3), (0.60, 0.95), (0.54, 1.3)]
_TORSO = [*_NECK, *_TRUNK[1:], *mirror([*_NECK, *_TRUNK[1:]])]
_CHIN = [(-0.155, -0.42), (0.155, -0.42), (0.16, -0.22), (0.0, -0.06), (-0.16, -0.2)]
_TORSO_AND_CHIN = np.array([*_TORSO, *_CHIN])
_OUTER_LEG: Run = [(0.64, 2.4), (0.67, 3.0), (0.585, 4.3), (0.625, 5.0), (0.545, 6.1)]
_INNER_LEG: Run = [(0.40, 6.1), (0.305, 5.0), (0.255, 4.3), (0.03, 3.05), (0.0, 2.6)]
_LEG: Run = [*_OUTER_LEG, (0.545, 6.3), (0.40, 6.3), *_INNER_LEG]


def _arm_outline(start: float) -> list[Point]:
    """Outline of the arm from `start` (distance from the shoulder joint) to the wrist."""
    outer = ((-0.1, 0.13), (0.12, 0.175), (0.6, 0.15), (1.3, 0.12), (1.75, 0.125), (2.6, 0.075))
    inner = ((2.6, 0.075), (1.75, 0.11), (1.3, 0.12), (0.6, 0.17), (0.1, 0.2))
    return [along_arm(s, w) for s, w in outer if s >= start] + [
        along_arm(s, -w) for s, w in inner if s >= start
    ]


_HAND = [
    along_arm(s, w)
    for s, w in (
        (2.48, 0.075),
        (2.68, 0.11),
        (2.9, 0.1),
        (3.05, 0.03),
        (3.04, -0.05),
        (2.86, -0.09),
        (2.8, -0.15),
        (2.62, -0.12),
        (2.48, -0.07),
    )
]
_FOOT = [(0.39, 6.15), (0.55, 6.15), (0.60, 6.42), (0.62, 6.56), (0.34, 6.56), (0.37, 6.4)]
_FLIP = np.array([-1.0, 1.0])
_LEGS_AND_FEET = [np.array([*_LEG, *_FOOT]) * flip for flip in (_FLIP, 1.0)]


@dataclass(frozen=True)
class Person:
    """Who wears the clothes."""

    skin: RGB
    hair: RGB
    shoes: RGB
    hair_style: str
    brow: float
    mouth: float

    @property
    def shadow(self) -> RGB:
        """The shadow tone of the skin."""
        return mix(darker(self.skin, 0.16), (190, 70, 60), 0.12)


HAIR_STYLES = ("short", "crop", "bob", "long", "waves", "bun", "tail", "curls", "cap", "headscarf")


def sample_person(draws: Draws) -> Person:
    """Draw a person at random."""
    return Person(
        skin=draws.pick(SKINS),
        hair=draws.pick(HAIRS),
        shoes=draws.pick(SHOES),
        hair_style=draws.pick(HAIR_STYLES),
        brow=draws.signed(),
        mouth=draws.signed(),
    )


def _closed(points: np.ndarray) -> skia.Path:
    """A smooth closed curve through the points."""
    run = [tuple(p) for p in points.tolist()]
    return outline([*run, run[0]])


def _paint(colour: RGB, alpha: float = 1.0) -> skia.Paint:
    return skia.Paint(AntiAlias=True, Color=argb(colour, alpha))


def draw_torso(canvas: skia.Canvas, figure: Figure, person: Person) -> None:
    """Neck, shoulders and chest, with the shadow of the chin."""
    places = figure.torso(_TORSO_AND_CHIN)
    canvas.drawPath(_closed(places[: len(_TORSO)]), _paint(person.skin))
    canvas.drawPath(_closed(places[len(_TORSO) :]), _paint(person.shadow))


def draw_leg(canvas: skia.Canvas, figure: Figure, person: Person, side: int, bare: bool) -> None:
    """A shoe and, where it is `bare`, the leg."""
    places = figure.leg(_LEGS_AND_FEET[side], side)
    if bare:
        leg = _closed(places[: len(_LEG)])
        canvas.drawPath(leg, _paint(person.skin if side else mix(person.skin, person.shadow, 0.4)))
    foot = [tuple(p) for p in places[len(_LEG) :].tolist()]
    shoe = outline([*foot[:4]], [foot[3], foot[4]], [*foot[4:], foot[0]])
    canvas.drawPath(shoe, _paint(person.shoes))
    sole = skia.Paint(
        AntiAlias=True,
        Color=argb(darker(person.shoes, 0.5)),
        Style=skia.Paint.kStroke_Style,
        StrokeWidth=0.05,
    )
    canvas.drawLine(*foot[3], *foot[4], sole)


@lru_cache(maxsize=16)
def _bare_arm(sleeve: float, side: int) -> tuple[np.ndarray, int]:
    """What a sleeve leaves bare: outline points of arm and hand (n, 2), how many are the arm's."""
    arm = _arm_outline(min(0.6, sleeve - 0.3) if sleeve else -1.0) if sleeve < 2.4 else []
    return np.array([*arm, *_HAND]) * (_FLIP if side == 0 else 1.0), len(arm)


def draw_arm(
    canvas: skia.Canvas, figure: Figure, person: Person, side: int, sleeve: float, hand: bool
) -> None:
    """An arm and, where it shows, its `hand`; a sleeve `sleeve` long goes over it."""
    if sleeve >= 2.4 and not hand:
        return
    points, count = _bare_arm(sleeve, side)
    places = figure.arm(points, side)
    skin = _paint(person.skin)
    if count:
        path = _closed(places[:count])
        canvas.drawPath(path, skin)
        if figure.pose.arm_names[side] not in ("down", "relaxed"):
            edge = skia.Paint(
                AntiAlias=True,
                Color=argb(person.shadow, 0.9),
                Style=skia.Paint.kStroke_Style,
                StrokeWidth=0.03,
            )
            canvas.drawPath(path, edge)
    if hand:
        canvas.drawPath(_closed(places[count:]), skin)


def head_frame(canvas: skia.Canvas, figure: Figure) -> None:
    """Move the canvas to the head: (0, 0) is its middle, +-0.5 its crown and chin."""
    base = figure.head
    pose = figure.pose
    canvas.translate(float(base[0]), float(base[1]))
    canvas.rotate(math.degrees(pose.head_tilt + 0.5 * pose.shoulder_tilt))
    canvas.translate(0.0, HEAD[1] + 0.35)


@lru_cache(maxsize=1)
def _face() -> skia.Path:
    return symmetric([(0, -0.5), (0.3, -0.38), (0.375, -0.05), (0.3, 0.27), (0.14, 0.46), (0, 0.5)])


@lru_cache(maxsize=1)
def _ears() -> skia.Path:
    ears = oval(-0.37, 0.04, 0.065, 0.1)
    ears.addPath(oval(0.37, 0.04, 0.065, 0.1))
    return ears


def draw_head(canvas: skia.Canvas, figure: Figure, person: Person) -> None:
    """Head and face; hair is drawn by `hair`."""
    canvas.save()
    head_frame(canvas, figure)
    skin = _paint(person.skin)
    turn = 0.26 * math.sin(1.3 * figure.pose.turn)
    canvas.drawPath(_ears(), skin)
    canvas.drawPath(_face(), skin)
    cheek = _paint(mix(person.skin, (230, 90, 80), 0.4), 0.5)
    eye, ink = skia.Path(), _paint((44, 34, 38))
    for side in (-1, 1):
        x = turn + side * 0.155
        canvas.drawCircle(turn + side * 0.21, 0.17, 0.07, cheek)
        eye.addOval(skia.Rect.MakeXYWH(x - 0.033, -0.01, 0.066, 0.085))
    canvas.drawPath(eye, ink)
    lines, brows = skia.Path(), 0.02 * person.brow
    for side in (-1, 1):
        x = turn + side * 0.155
        lines.moveTo(x - side * 0.06, -0.1)
        lines.quadTo(x, -0.135 - brows, x + side * 0.075, -0.1 + brows)
    stroke = skia.Paint(
        AntiAlias=True,
        Color=argb(mix(person.hair, (40, 30, 30), 0.3)),
        Style=skia.Paint.kStroke_Style,
        StrokeWidth=0.035,
        StrokeCap=skia.Paint.kRound_Cap,
    )
    canvas.drawPath(lines, stroke)
    nose = skia.Path()
    nose.moveTo(turn * 1.25, 0.06)
    nose.quadTo(turn * 1.25 + 0.05, 0.15, turn * 1.25 - 0.01, 0.165)
    stroke.setColor(argb(darker(person.shadow, 0.12)))
    canvas.drawPath(nose, stroke)
    mouth, smile = skia.Path(), 0.05 + 0.03 * person.mouth
    mouth.moveTo(turn - 0.1, 0.28)
    mouth.quadTo(turn, 0.28 + 2 * smile, turn + 0.1, 0.28)
    if person.mouth > 0.2:
        mouth.close()
        canvas.drawPath(mouth, _paint(lighter((190, 60, 70), 0.1)))
    else:
        stroke.setColor(argb((168, 66, 66)))
        canvas.drawPath(mouth, stroke)
    canvas.restore()
