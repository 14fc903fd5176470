"""The pair on the stage: one shoe drawn once, placed twice, with feet, trousers and shadows."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import skia

from . import ground, shoe_legs, shoes
from .draws import Draws
from .layout import Layout
from .shoe_attributes import Shoe
from .shoe_finish import Finish
from .shoe_form import Form
from .shoe_legwear import Legwear, sample_legwear
from .shoe_plan import Plan

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
    left, top, right, bottom = shoes.extent(form, view)
    scale = finish.scale
    width, height = int((right - left) * scale) + 4, int((bottom - top) * scale) + 4
    surface, origin = skia.Surface(width, height), (2 - left * scale, 2 - top * scale)
    canvas = surface.getCanvas()
    canvas.translate(*origin)
    canvas.scale(scale, scale)
    shoes.draw_shoe(canvas, form, finish, view, worn)
    return Sprite(surface.makeImageSnapshot(), scale, origin)


def floor(draws: Draws, horizon: float, strength: float):
    """A layer that draws the ground, the same each time it is drawn."""
    seed = int(draws.unit() * 2**53)

    def layer(canvas: skia.Canvas) -> None:
        numbers = Draws(np.random.Generator(np.random.SFC64(seed)), 160)
        ground.draw(canvas, numbers, horizon, strength)

    return layer


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
        strength = self.factors["background"]
        if strength > 0:
            self.layout.add(floor(self.streams["background"], horizon, strength))

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
        for name, matrix in places:
            placed = skia.Matrix(matrix.astype(np.float32))
            self.layout.add(_placed, placed, partial(_shadow, shoes.touch(self.form, view)))
            if wear is not None:
                for before in _feet(view, self.form, wear):
                    self.layout.add(_placed, placed, before)
            shoes.add_shoe(self.layout, sprite.draw, matrix, name)
            if wear is not None:
                for after in _covers(view, self.form, wear):
                    self.layout.add(_placed, placed, after)
            shoes.add_points(self.layout, self.form, view, matrix, name)

    def length(self, low: float, high: float, tallest: float = 0.7) -> float:
        """The length of a shoe in the picture; shoes with a shaft are drawn smaller."""
        return min(self.pose.between(low, high), tallest / max(self.form.height, 0.3))


def _shadow(place: skia.Rect, canvas: skia.Canvas) -> None:
    """A plain oval: the photo is soft enough without a blur."""
    oval = place.makeOutset(0.025, 0.012)
    canvas.drawOval(oval, skia.Paint(AntiAlias=True, Color=0x6614121E))


def _placed(canvas: skia.Canvas, matrix: skia.Matrix, draw) -> None:
    canvas.save()
    canvas.concat(matrix)
    draw(canvas)
    canvas.restore()


def _feet(view: str, form: Form, wear: Legwear) -> list:
    """What is drawn before the shoe."""
    if view == "side":
        return [partial(shoe_legs.draw_foot_side, form=form, wear=wear)]
    if view == "top":
        if form.item.category != "sandal":
            return []
        return [partial(shoe_legs.draw_foot_top, form=form, wear=wear, long=Plan(form).long)]
    return [partial(shoe_legs.draw_foot_end, form=form, wear=wear, front=view == "front")]


def _covers(view: str, form: Form, wear: Legwear) -> list:
    """What is drawn after the shoe."""
    if view == "side":
        return [partial(shoe_legs.draw_trousers_side, form=form, wear=wear)]
    if view == "top":
        return [partial(shoe_legs.draw_leg_top, form=form, wear=wear, long=Plan(form).long)]
    return [partial(shoe_legs.draw_trousers_end, form=form, wear=wear)]
