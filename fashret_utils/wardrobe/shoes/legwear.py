"""What the legs of the person wear who wears the shoes."""

from dataclasses import dataclass

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.palette import PALETTE, RGB, mix
from fashret_utils.wardrobe.shoes.form import Form

_SKINS: tuple[RGB, ...] = (
    (250, 218, 196),
    (236, 190, 158),
    (214, 160, 122),
    (172, 116, 80),
    (124, 80, 54),
    (84, 54, 40),
)


_DENIM: tuple[RGB, ...] = (
    (62, 88, 132),
    (96, 128, 172),
    (40, 50, 78),
    (150, 172, 200),
    (44, 46, 52),
)


_CLOTH = ("black", "grey", "navy", "beige", "brown", "olive", "white", "burgundy", "blue", "teal")


@dataclass(frozen=True)
class Legwear:
    """What the legs wear.

    - `skin`: colour of the foot and leg below the hem: skin, tights or a sock.
    - `sock`: its colour and height over the heel seat; None without one.
    - `cloth`: colour of the trousers, None for bare legs.
    - `hem`: height of the trousers' hem over the heel seat, in shoe units.
    - `width`: half width of the trouser leg; `denim`: whether it is stitched like jeans.
    """

    skin: RGB
    sock: tuple[RGB, float] | None
    cloth: RGB | None
    hem: float
    width: float
    denim: bool


def sample_legwear(form: Form, wearer: Draws, cover: Draws, occlusion: float) -> Legwear:
    """Dress the legs; with occlusion, trousers may hang over the shoe.

    **Arguments**

    - `wearer`: what is worn. `cover`: how much of the shoe the hem covers.
    """
    skin = wearer.pick(_SKINS)
    if wearer.chance(0.25):  # tights
        skin = mix(skin, wearer.pick(((24, 24, 30), (60, 40, 44), (230, 222, 214))), 0.8)
    sock_colour = wearer.pick(tuple(PALETTE.values()))
    open_shoe = form.item.category in ("pump", "sandal")
    has_sock = wearer.chance(0.1 if open_shoe else 0.6)
    sock = (sock_colour, form.shaft + wearer.between(0.25, 0.6)) if has_sock else None
    denim, bare = wearer.chance(0.5), wearer.chance(0.5 if open_shoe else 0.22)
    cloth = wearer.pick(_DENIM) if denim else PALETTE[wearer.pick(_CLOTH)]
    width = wearer.between(0.14, 0.24)
    top = -min(form.collar[1], form.throat[1]) + form.bed(1.0)  # of the shoe, over the seat
    above = top + wearer.between(0.03, 0.35)
    slack = cover.unit()
    covered = top - (0.06 + 0.24 * slack) * min(top, 0.6) * occlusion / 0.6
    hem = covered if cover.chance(0.45) and occlusion > 0 else above
    if hem > top and form.shaft > 0.5:
        width = min(width, 0.15)  # tucked in or close above the boot
    return Legwear(skin, sock, None if bare else cloth, max(hem, 0.05), width, denim)
