"""Boxes, proposals, COCO precision, and torchvision's detector behind the same door."""

import numpy as np
import pytest
import torch
from torchvision.ops import box_iou

from fashret_utils.models import backbones
from fashret_utils.models.detection import detectors, geometry
from fashret_utils.models.levels import feature_maps

RANDOM = np.random.default_rng(0)


def some_boxes(count):
    corner = RANDOM.uniform(0, 60, (count, 2))
    return np.concatenate([corner, corner + RANDOM.uniform(5, 40, (count, 2))], 1).astype(
        np.float32
    )


def test_overlaps_are_torchvisions():
    a, b = some_boxes(7), some_boxes(9)
    expected = box_iou(torch.from_numpy(a), torch.from_numpy(b)).numpy()
    np.testing.assert_allclose(geometry.overlaps(a, b), expected, atol=1e-6)
    assert geometry.overlaps(a, np.zeros((0, 4))).tolist() == [[0.0]] * 7


def test_decode_inverts_encode():
    boxes, truths = (torch.from_numpy(some_boxes(20)) for _ in range(2))
    torch.testing.assert_close(geometry.decode(boxes, geometry.encode(boxes, truths)), truths)
    assert (geometry.encode(boxes, boxes) == 0).all()


def square_picture(box, size=96):
    picture = np.full((3, size, size), 250, np.uint8)
    x, y, x2, y2 = box
    picture[:, y:y2, x:x2] = np.array([150, 30, 40], np.uint8)[:, None, None]
    return picture


def test_edges_lie_on_the_outline_and_point_across_it():
    strength, angle = geometry.edge_map(square_picture((30, 20, 70, 60)))
    assert strength.max() == 1
    assert not strength[35:45, 40:60].any()  # inside is flat
    assert strength[40, 28:32].max() > 0.9  # the left side: the gradient is horizontal
    row = 28 + strength[40, 28:32].argmax()
    assert min(angle[40, row], np.pi - angle[40, row]) < 0.1
    assert angle[18 + strength[18:22, 50].argmax(), 50] == pytest.approx(np.pi / 2, abs=0.1)
    assert (strength[40] > 0.1).sum() <= 4  # thin


@pytest.mark.parametrize("box", [(30, 20, 70, 60), (10, 40, 35, 85)])
def test_edge_boxes_propose_an_object(box):
    boxes = geometry.edge_boxes(square_picture(box), count=50)
    assert len(boxes) <= 50
    truth = np.array([box], np.float32)
    assert geometry.overlaps(truth, boxes).max() > 0.7
    assert geometry.proposal_recall([boxes], [truth], 0.7) == 1
    assert geometry.proposal_recall([boxes], [truth + 500], 0.7) == 0


def test_average_precision_by_hand():
    truth = [np.array([[10, 10, 30, 30], [50, 50, 70, 70]], np.float32)] * 2
    right = truth[0].copy()
    assert geometry.average_precision([(right, np.ones(2))] * 2, truth) == {0.5: 1.0, 0.7: 1.0}
    loose = right + np.array([0, 0, 0, 12], np.float32)  # IoU 0.625
    found = geometry.average_precision([(loose, np.ones(2))] * 2, truth)
    assert found[0.5] == 1
    assert found[0.7] == 0
    # one of two shoes in each picture, and a false alarm with a higher score: precision 1/2 up to
    # recall 1/2, on COCO's 101 recalls
    alarm = np.array([[80, 0, 90, 10]], np.float32)
    half = (np.concatenate([alarm, right[:1]]), np.array([0.9, 0.8]))
    found = geometry.average_precision([half] * 2, truth)
    assert found[0.5] == pytest.approx(0.5 * 51 / 101)
    none = (np.zeros((0, 4)), np.zeros(0))
    assert geometry.average_precision([none] * 2, truth) == {0.5: 0, 0.7: 0}


def scenes(count=4, **options):
    boxes = np.array([[[10, 10, 40, 40], [50, 30, 80, 70]]] * count, np.float32)
    boxes[1, 1] = -1
    boxes[2] = -1
    pixels = np.stack([square_picture((10, 10, 40, 40))] * count)
    return detectors.Scenes(pixels, boxes, **options)


def test_scenes_are_a_function_of_seed_and_step_and_leave_out_empty_pictures():
    made = scenes(steps=3, seed=1)
    assert len(made) == 3
    assert made.usable.tolist() == [0, 1, 3]
    assert [len(boxes) for boxes in made.truth] == [2, 1, 0, 2]
    one, two = made.at(2), scenes(steps=3, seed=1).at(2)
    assert len(one) == 4
    assert torch.equal(one.images, two.images)
    assert all((a == b).all() for a, b in zip(one.proposals, two.proposals, strict=True))


def test_faster_rcnn_learns_and_answers_in_the_same_form():
    torch.manual_seed(0)
    maps = feature_maps(backbones.build("small", width=16), levels=(2, 3))
    model = detectors.faster_rcnn(maps, 96, 16)
    asked = scenes(steps=1, proposing=False)
    loss = detectors.faster_rcnn_loss(model, asked.at(0))
    loss.backward()
    assert loss.isfinite()
    assert maps.body.stem[0].weight.grad.abs().sum() > 0
    found, report = detectors.examine(model, detectors.faster_rcnn_answers, asked)
    assert len(found) == 4
    assert report.keys() == {"ap@0.5", "ap@0.7", "ms_network"}
    assert not asked._proposals  # making them takes longer than a step


def test_merged_maps_are_the_fine_one_and_the_coarse_one_enlarged():
    maps = feature_maps(backbones.build("small", width=16), levels=(2, 3)).eval()
    merged, images = detectors.MergedMaps(maps), torch.randn(2, 3, 64, 64)
    fine, coarse = maps(images)
    found = merged(images)
    assert found.shape == (2, merged.out_channels, 64 // merged.stride, 64 // merged.stride)
    assert torch.equal(found[:, : fine.shape[1]], fine)
    halved = torch.nn.functional.avg_pool2d(found[:, fine.shape[1] :], 2)
    inside = (slice(None), slice(None), slice(1, -1), slice(1, -1))
    expected = torch.nn.functional.conv2d(  # a bilinear doubling, then a mean of four
        coarse.flatten(0, 1)[:, None],
        torch.tensor([[1.0, 6, 1], [6, 36, 6], [1, 6, 1]])[None, None] / 64,
    )
    torch.testing.assert_close(halved[inside].flatten(0, 1), expected[:, 0])


def test_best_two_takes_the_second_only_if_it_is_sure():
    boxes = some_boxes(3)
    found = [(boxes, np.array([0.9, 0.6, 0.5])), (boxes, np.array([0.3, 0.2, 0.1]))]
    found.append((np.zeros((0, 4)), np.zeros(0)))
    both = detectors.best_two(found)
    np.testing.assert_allclose(both[0], boxes[:2])
    np.testing.assert_allclose(both[1], [boxes[0], [-1] * 4])
    assert (both[2] == -1).all()
