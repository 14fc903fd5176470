"""Cuts what stands in front of a studio's white out of its photo: colours, and how far they cover.

The studio is blown out, so that most of the background is exactly 255. The hard parts are white
cloth (it differs from the background by little), the codec's ringing around dark edges (it differs
by as much), gaps between arm and body, hair, and the shadow on the floor.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

_THREE = np.ones((3, 3), np.uint8)
_ROUND = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
_BAND = 3.5  # pixels from the outline to where a colour is certainly the subject's own
_FLOOR = 0.8  # below this share of the height there may be a floor


@dataclass(frozen=True)
class Cutout:
    """A subject without its background.

    `colour`: float32 (h, w, 3), 0 to 255, not multiplied; `cover`: float32 (h, w), 0 to 1;
    `cut_top`, `cut_bottom`: whether the photo's edge cuts through the subject; `left`, `right`:
    columns between which it lies.
    """

    colour: np.ndarray
    cover: np.ndarray
    cut_top: bool
    cut_bottom: bool
    left: int
    right: int


def cut_out(photo: np.ndarray) -> Cutout:
    """Cut the subject out of a studio photo.

    **Arguments**: `photo`: uint8 (h, w, 3), RGB, on white.
    """
    dark = _darkness(photo)
    soft = cv2.GaussianBlur(dark, (3, 3), 0.8)
    ground = _background(dark, soft)
    shadow = _floor_shadow(photo, ground)
    subject = _tidy(1 - (ground | shadow), dark)
    colour, cover = _edges(photo, subject)
    shade = shadow * np.clip(1.25 * (soft.astype(np.float32) - 2) / 255, 0, 0.6)
    under = shade > cover  # a shadow is black that covers a little: it darkens any floor
    colour[under], cover[under] = 0, shade[under]
    columns = np.flatnonzero(subject.any(axis=0))
    left, right = (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (0, photo.shape[1])
    cut_top, cut_bottom = (bool(edge.mean() > 0.02) for edge in (subject[:2], subject[-2:]))
    return Cutout(colour, cover, cut_top, cut_bottom, left, right)


def _darkness(photo: np.ndarray) -> np.ndarray:
    """How far the darkest channel is from white: uint8 (h, w)."""
    red, green, blue = cv2.split(photo)
    return 255 - cv2.min(cv2.min(red, green), blue)


def _background(dark: np.ndarray, soft: np.ndarray) -> np.ndarray:
    """The white that is reached from the photo's edge, and gaps: uint8 (h, w), 0 or 1."""
    near = (soft < 4).astype(np.uint8)
    _, region = cv2.connectedComponents(cv2.erode(near, _THREE, borderValue=1), connectivity=4)
    outer = np.zeros(region.max() + 1, bool)
    for edge in (region[0], region[-1], region[:, 0], region[:, -1]):
        outer[edge] = True
    outer[0] = False
    pure = cv2.morphologyEx((dark <= 1).astype(np.uint8), cv2.MORPH_OPEN, _THREE)
    _, gap, sizes, _ = cv2.connectedComponentsWithStats(pure, connectivity=4)
    wide = sizes[:, cv2.CC_STAT_AREA] >= 36
    wide[0] = False
    ground = (outer[region] | wide[gap]).astype(np.uint8)
    # ringing is a share of the contrast that causes it; there is little beside white cloth
    contrast = cv2.dilate(dark, np.ones((13, 13), np.uint8)).astype(np.float32)
    ground = _grown(ground, (soft < np.minimum(4 + 0.08 * contrast, 16)).astype(np.uint8), 7)
    return ground | _narrow_gaps(dark, ground)


def _narrow_gaps(dark: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Slits between limbs: nearly white, with something dark all around, which no cloth is."""
    white = ((dark < 14) & (ground == 0)).astype(np.uint8)
    count, region, sizes, _ = cv2.connectedComponentsWithStats(white, connectivity=4)
    gaps = np.zeros_like(ground)
    for number in range(1, count):
        x, y, w, h, area = sizes[number]
        if area < 24:
            continue
        rows, columns = slice(max(y - 5, 0), y + h + 5), slice(max(x - 5, 0), x + w + 5)
        inside, values = (region[rows, columns] == number).astype(np.uint8), dark[rows, columns]
        white_here = values[inside > 0]
        if (white_here <= 2).mean() < 0.15 or np.median(white_here) > 6:
            continue
        ring = cv2.dilate(inside, np.ones((11, 11), np.uint8)) - cv2.dilate(
            inside, np.ones((5, 5), np.uint8)
        )
        if ring.any() and np.median(values[ring > 0]) >= 85:
            gaps[rows, columns] |= inside
    return _grown(gaps, (dark < 24).astype(np.uint8), 2)


def _floor_shadow(photo: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """The grey pool under the feet: uint8 (h, w), 0 or 1.

    From the lower edge upwards, as long as it is light, grey and smooth: a shoe has an outline.
    """
    shadow = np.zeros_like(ground)
    top = round(_FLOOR * len(photo))
    floor = cv2.blur(photo[top:], (5, 3))
    red, green, blue = cv2.split(floor)
    chroma = cv2.max(cv2.max(red, green), blue) - cv2.min(cv2.min(red, green), blue)
    grey = cv2.cvtColor(floor, cv2.COLOR_RGB2GRAY)
    if ((grey < 232) | (chroma >= 16))[-2:].mean() > 0.03:  # the photo cuts the subject off
        return shadow
    slope = sum(np.abs(cv2.Scharr(grey, cv2.CV_32F, *axis)) for axis in ((1, 0), (0, 1)))
    plain = ((chroma < 12) & (grey > 165) & (slope < 130)).astype(np.uint8) | ground[top:]
    pool = np.minimum.accumulate(plain[::-1])[::-1] | ground[top:]
    calm = ((chroma < 12) & (grey > 170) & (slope < 70)).astype(np.uint8)
    pool = cv2.morphologyEx(_grown(pool, calm, 5), cv2.MORPH_OPEN, _THREE)
    pool = _grown(pool, ((chroma < 12) & (grey > 190)).astype(np.uint8), 1)
    shadow[top:] = pool & (1 - ground[top:])
    return shadow


def _tidy(subject: np.ndarray, dark: np.ndarray) -> np.ndarray:
    """Without specks, and with the frayed outlines of white cloth closed."""
    _, region, sizes, _ = cv2.connectedComponentsWithStats(subject, connectivity=8)
    kept = sizes[:, cv2.CC_STAT_AREA] >= 40
    kept[0] = False
    subject = kept[region].astype(np.uint8)
    light = cv2.dilate(dark, np.ones((9, 9), np.uint8)) < 70
    closed = cv2.morphologyEx(subject, cv2.MORPH_CLOSE, _ROUND)
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, _ROUND)
    return np.where(light, opened, subject)


def _edges(photo: np.ndarray, subject: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Colours and cover, with the white taken out of the mixed pixels of the outline.

    A pixel there is a mixture of white and of the colour F of the nearest pixel that is certainly
    the subject's; its share of F is found by projection. Where F is nearly white itself, nothing
    can be found in this way, and the distance to the outline decides.
    """
    colour, cover = photo.astype(np.float32), np.ones(subject.shape, np.float32)
    if not subject.any():
        return colour, np.zeros_like(cover)
    distance = cv2.distanceTransform(subject, cv2.DIST_L2, 3)
    certain = distance >= min(_BAND, float(distance.max()))
    _, nearest = cv2.distanceTransformWithLabels(
        (~certain).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    colours = np.zeros((int(nearest.max()) + 1, 3), np.float32)
    colours[nearest[certain]] = cv2.blur(photo, (3, 3))[certain]
    band = ~certain & (subject > 0)
    cover[subject == 0] = 0
    own, depth = colours[nearest[band]], distance[band]  # (m, 3), (m,)
    from_white, absorbed = 255 - own, 255 - colour[band]
    strength = (from_white**2).sum(axis=1) + 1
    share = np.clip(((absorbed * from_white).sum(axis=1) / strength - 0.05) / 0.9, 0, 1)
    trust = np.clip((np.sqrt(strength) - 40) / 80, 0, 1)
    mixed = trust * share + (1 - trust) * np.clip((depth - 0.6) / 1.6, 0, 1)
    unmixed = np.clip(255 - absorbed / np.maximum(mixed, 0.2)[:, None], 0, 255)
    weight = (trust * np.clip((mixed - 0.1) / 0.5, 0, 1))[:, None]
    colour[band] = weight * unmixed + (1 - weight) * own
    cover[band] = mixed
    return colour, cover


def _grown(seed: np.ndarray, allowed: np.ndarray, steps: int) -> np.ndarray:
    """A region grown by a pixel a step, only where it may."""
    for _ in range(steps):
        seed = seed | (cv2.dilate(seed, _THREE) & allowed)
    return seed
