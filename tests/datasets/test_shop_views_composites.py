"""The person is cut out as she is, lies where she should, and is lit and hidden as asked."""

import cv2
import numpy as np
import pytest

from fashret_utils.datasets.shop_views.backdrops import KINDS, backdrop
from fashret_utils.datasets.shop_views.composite import _edge, _placed, composite
from fashret_utils.datasets.shop_views.cutout import cut_out

FACTORS = dict.fromkeys(("background", "pose", "occlusion", "light", "camera", "crop"), 0.0)
SIZE = (240, 194)


def studio(colour, top=40, bottom=240, hole=False, blur=True):
    """A studio photo of a coloured block, its true cover, (h, w) both."""
    cover = np.zeros(SIZE, np.float32)
    cover[top:bottom, 60:130] = 1
    if hole:
        cover[100:140, 85:105] = 0
    if blur:
        cover = cv2.GaussianBlur(cover, (3, 3), 0.7, borderType=cv2.BORDER_REPLICATE)
    mixed = cover[..., None] * np.float32(colour) + (1 - cover[..., None]) * 255
    return mixed.round().astype(np.uint8), cover


@pytest.mark.parametrize("colour", [(30, 30, 34), (200, 40, 60), (120, 160, 220), (228, 226, 222)])
def test_the_cover_is_right_to_the_edge_and_there_is_no_halo(colour):
    photo, truth = studio(colour, hole=True)
    cut = cut_out(photo)
    assert np.abs(cut.cover - truth).mean() < 0.006
    beyond = cv2.dilate(truth, np.ones((3, 3), np.uint8)) == 0
    assert (cut.cover[beyond] < 0.1).all()
    assert (cut.cover[truth == 1] > 0.9).mean() > 0.995
    seen = cut.cover > 0.2  # white that was left in would lighten these
    assert (cut.colour[seen].mean(axis=0) - colour).max() < 4
    on_black = cut.cover[..., None] * cut.colour
    expected = truth[..., None] * np.float32(colour)
    assert np.abs(on_black - expected).mean() < 1.5


def test_a_codec_leaves_no_fringe():
    import io

    from PIL import Image

    photo, truth = studio((20, 20, 24), blur=False)
    stream = io.BytesIO()
    Image.fromarray(photo).save(stream, "JPEG", quality=75)
    cut = cut_out(np.asarray(Image.open(stream)))
    assert cut.cover[truth == 0].mean() < 0.002
    assert cut.cover[truth == 1].mean() > 0.99


def test_edges_that_cut_the_subject_are_known():
    for top, bottom, expected in (
        (40, 240, (False, True)),
        (0, 200, (True, False)),
        (0, 240, (True, True)),
        (40, 200, (False, False)),
    ):
        cut = cut_out(studio((60, 90, 40), top, bottom)[0])
        assert (cut.cut_top, cut.cut_bottom) == expected
        assert abs(cut.left - 60) <= 1
        assert abs(cut.right - 130) <= 1


def test_a_shadow_on_the_floor_becomes_a_shadow_and_a_shoe_stays():
    photo, _ = studio((90, 60, 50), 10, 222, blur=False)
    x = np.arange(SIZE[1])
    fall = np.clip((238 - np.arange(222, 240)) / 16, 0, 1)
    pool = 40 * np.exp(-(((x - 95) / 30) ** 2))[None] * fall[:, None]
    photo[222:] = (255 - pool)[..., None].astype(np.uint8)
    cut = cut_out(photo)
    assert not cut.cut_bottom
    assert (cut.cover[200:220, 62:128] > 0.95).all()
    under = cut.cover[226, 85:105]
    assert (under > 0.05).all()
    assert (under < 0.5).all()
    assert cut.colour[226, 85:105].max() == 0


def test_an_empty_photo_has_no_subject():
    cut = cut_out(np.full((*SIZE, 3), 255, np.uint8))
    assert cut.cover.max() == 0
    assert composite(cut, (0,), 32, FACTORS | {"background": 1.0}).shape == (32, 32, 3)


@pytest.mark.parametrize(("top", "bottom"), [(40, 240), (0, 200), (0, 240)])
def test_a_cut_edge_is_never_seen(top, bottom):
    from fashret_utils.wardrobe import camera

    cut = cut_out(studio((60, 90, 40), top, bottom)[0])
    layer = np.dstack([cut.colour / 255, cut.cover])
    for number in range(40):
        framing = camera.framing(np.random.default_rng(number), crop=2.0, camera=2.0)
        matrix = _placed(cut, layer, framing)
        if cut.cut_bottom:
            assert _edge(matrix, 60, 130, SIZE[0]).min() >= 1
        if cut.cut_top:
            assert _edge(matrix, 60, 130, 0).max() <= 0


def test_factors_act_alone():
    cut = cut_out(studio((60, 90, 160), 40, 240)[0])
    bare = composite(cut, (0, 1), 64, FACTORS)
    assert (bare[:6] > 250).all()  # white around the head
    assert np.abs(bare[40, 32].astype(int) - (60, 90, 160)).max() <= 2
    pictures = {name: composite(cut, (0, 1), 64, FACTORS | {name: 1.0}) for name in FACTORS}
    subject = (slice(36, 60), slice(26, 36))
    for name, picture in pictures.items():
        changed = np.abs(picture.astype(int) - bare).max(axis=2)
        if name == "background":
            assert (changed[subject] <= 2).all()
            assert (changed[:, :8] > 0).mean() > 0.9
        elif name == "light":
            assert (changed[subject] > 0).mean() > 0.9
    # what one factor draws does not move what another draws
    both = composite(cut, (0, 1), 64, FACTORS | {"background": 1.0, "occlusion": 0.0})
    assert np.array_equal(both, pictures["background"])


def test_occlusion_hides_a_part():
    cut = cut_out(studio((60, 90, 160), 40, 240)[0])
    bare = composite(cut, (0,), 64, FACTORS).astype(int)
    hidden = [
        (
            np.abs(composite(cut, (k,), 64, FACTORS | {"occlusion": 1.0}) - bare).max(axis=2) > 8
        ).mean()
        for k in range(60)
    ]
    assert 0.3 < np.mean(np.array(hidden) > 0.005) < 0.8
    assert max(hidden) < 0.5


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_every_scene_is_a_scene(kind, monkeypatch):
    from fashret_utils.datasets.shop_views import backdrops

    monkeypatch.setattr(backdrops, "KINDS", (KINDS[kind],) * 2)
    monkeypatch.setattr(backdrops, "_OWN", 1.0)
    full = backdrop(np.random.default_rng(3), 48, 1.0)
    assert full.shape == (48, 48, 3)
    assert full.std() > 5
    assert np.array_equal(full, backdrop(np.random.default_rng(3), 48, 1.0))
    assert (backdrop(np.random.default_rng(3), 48, 0.0) == 255).all()
    assert backdrop(np.random.default_rng(3), 48, 0.5).mean() > full.mean()


def test_nobody_with_feet_stands_before_a_scene_without_ground(monkeypatch):
    from fashret_utils.datasets.shop_views import backdrops

    painted = []
    paint = backdrops.scene.background

    def noted(rng, size, strength, kind=None):
        painted.append(kind)
        return paint(rng, size, strength, kind)

    monkeypatch.setattr(backdrops.scene, "background", noted)
    for bottom in (200, 240):
        cut = cut_out(studio((60, 90, 160), 40, bottom)[0])
        for number in range(12):
            composite(cut, (number,), 32, FACTORS | {"background": 1.0})
    standing = [kind for kind in painted if kind]
    assert len(standing) >= 4
    assert not {"brick", "shelves", "foliage", "rail"} & set(standing)
    assert None in painted  # half-length portraits may have any scene
