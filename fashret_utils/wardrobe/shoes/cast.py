"""The pair on the stage: one shoe drawn once, placed twice, with feet, trousers and shadows."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import skia

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.layout import Layout
from fashret_utils.wardrobe.scenes import ground
from fashret_utils.wardrobe.shoes import legs, shop
from fashret_utils.wardrobe.shoes.attributes import Shoe
from fashret_utils.wardrobe.shoes.finish import Finish
from fashret_utils.wardrobe.shoes.form import Form
from fashret_utils.wardrobe.shoes.legwear import Legwear, sample_legwear
from fashret_utils.wardrobe.shoes.plan import plan_of

_LINEAR = skia.SamplingOptions(skia.FilterMode.kLinear)


@dataclass(frozen=True)
class Sprite:
    """One shoe, drawn once and then placed twice.

    - `image`: the shoe on a transparent ground.
    - `scale`: pixels a shoe unit; `origin`: pixels of the shoe's (0, 0).
    """

    image: skia.Image
    scale: float
    origin: tuple[float, float]

    def draw(self, canvas: skia.Canvas) -> None:
        """Draw the shoe in shoe units."""
        canvas.save()
        canvas.scale(1 / self.scale, 1 / self.scale)
        canvas.drawImage(self.image, -self.origin[0], -self.origin[1], _LINEAR)
        canvas.restore()


def _sprite(form: Form, finish: Finish, view: str, worn: bool) -> Sprite:
    left, top, right, bottom = shop.extent(form, view)
    scale = finish.scale
    width, height = int((right - left) * scale) + 4, int((bottom - top) * scale) + 4
    surface, origin = skia.Surface(width, height), (2 - left * scale, 2 - top * scale)
    canvas = surface.getCanvas()
    canvas.translate(*origin)
    canvas.scale(scale, scale)
    shop.draw_shoe(canvas, form, finish, view, worn)
    return Sprite(surface.makeImageSnapshot(), scale, origin)


@dataclass(frozen=True)
class Floor:
    """A layer that draws the ground, the same each time it is drawn; fields as in `ground.draw`."""

    seed: int
    horizon: float
    strength: float

    @property
    def fills(self) -> bool:
        """Whether nothing is seen over or through the ground."""
        return self.horizon <= -1 and self.strength >= 1

    def __call__(self, canvas: skia.Canvas) -> None:
        """Draw the ground in units of the picture."""
        numbers = Draws(np.random.Generator(np.random.SFC64(self.seed)), 160)
        ground.draw(canvas, numbers, self.horizon, self.strength)


def lay_floor(layout: Layout, draws: Draws, horizon: float, strength: float) -> None:
    """Put the ground under all other layers, where there is a background."""
    if strength > 0:
        layout.layers.insert(0, (False, Floor(int(draws.unit() * 2**53), horizon, strength)))


@dataclass(frozen=True)
class Cast:
    """Everything a scene is made of."""

    form: Form
    item: Shoe
    streams: dict[str, Draws]
    size: int
    factors: dict[str, float]
    layout: Layout

    @property
    def pose(self) -> Draws:
        """The random numbers of the pose."""
        return self.streams["pose"]

    def bend(self, reach: float) -> float:
        """A random angle or shift that grows with the strength of the pose."""
        return reach * self.pose.bell() * self.factors["pose"]

    def floor(self, horizon: float) -> None:
        """Lay the ground, where there is a background."""
        lay_floor(self.layout, self.streams["background"], horizon, self.factors["background"])

    def legwear(self) -> Legwear:
        """Dress the person."""
        return sample_legwear(
            self.form, self.streams["wearer"], self.streams["occlusion"], self.factors["occlusion"]
        )

    def put(self, view: str, places, wear: Legwear | None = None) -> None:
        """Put the pair down: shadow, foot, shoe and trousers of each, far shoe first.

        `places` holds (name, matrix) pairs from shoe units to picture units.
        """
        unit = max(np.hypot(matrix[0, 0], matrix[1, 0]) for _, matrix in places)
        finish = Finish(self.item, unit * self.size)
        sprite = _sprite(self.form, finish, view, wear is not None)
        below = _record(partial(_draw_below, view, self.form, wear))
        above = _record(partial(_draw_above, view, self.form, wear)) if wear else None
        for name, matrix in places:
            placed = skia.Matrix(matrix.astype(np.float32))
            self.layout.add(_replay, placed, below)
            shop.add_shoe(self.layout, sprite.draw, matrix, name)
            if above is not None:
                self.layout.add(_replay, placed, above)
            shop.add_points(self.layout, self.form, view, matrix, name)

    def length(self, low: float, high: float, tallest: float = 0.7) -> float:
        """The length of a shoe in the picture; shoes with a shaft are drawn smaller."""
        return min(self.pose.between(low, high), tallest / max(self.form.height, 0.3))


def _record(draw) -> skia.Picture:
    """Keep what `draw` draws in shoe units: the second foot repeats the first at little cost."""
    recorder = skia.PictureRecorder()
    draw(recorder.beginRecording(skia.Rect(-4, -4, 4, 4)))
    return recorder.finishRecordingAsPicture()


def _replay(canvas: skia.Canvas, matrix: skia.Matrix, picture: skia.Picture) -> None:
    canvas.drawPicture(picture, matrix)


def _draw_below(view: str, form: Form, wear: Legwear | None, canvas: skia.Canvas) -> None:
    """What is drawn before the shoe: its shadow and the foot."""
    # a plain oval: the photo is soft enough without a blur
    oval = shop.touch(form, view).makeOutset(0.025, 0.012)
    canvas.drawOval(oval, skia.Paint(AntiAlias=True, Color=0x6614121E))
    if wear is None:
        return
    if view == "side":
        legs.draw_foot_side(canvas, form, wear)
    elif view != "top":
        legs.draw_foot_end(canvas, form, wear, view == "front")
    elif form.item.category == "sandal":
        legs.draw_foot_top(canvas, form, wear, plan_of(form).long)


def _draw_above(view: str, form: Form, wear: Legwear, canvas: skia.Canvas) -> None:
    """What is drawn after the shoe: trousers, or the leg of who looks down."""
    if view == "side":
        legs.draw_trousers_side(canvas, form, wear)
    elif view == "top":
        legs.draw_leg_top(canvas, form, wear, plan_of(form).long)
    else:
        legs.draw_trousers_end(canvas, form, wear)
