"""Support vector machines: scikit-learn's own, and bad kernels."""

import numpy as np
import pytest
from sklearn.svm import SVC

from fashret_utils.models.programs.images import Images, training_set
from fashret_utils.models.programs.machines import (
    COSTS,
    FACTORS,
    baseline_kernels,
    gamma_of,
    try_kernel,
    tuned_rbf,
)


@pytest.fixture
def toy():
    random = np.random.default_rng(0)
    pixels = random.random((110, 5))
    labels = (pixels[:, 0] + 0.2 * random.random(110) > 0.6).astype(int)
    parts = [(pixels[i:j], labels[i:j]) for i, j in ((0, 50), (50, 80), (80, 110))]
    return Images("toy", *parts)


@pytest.mark.parametrize("kind", ["linear", "rbf-auto", "rbf-scale", "sigmoid-auto"])
def test_accuracy_is_scikit_learns(toy, kind):
    name, _, gamma = kind.partition("-")
    expected = SVC(kernel=name, gamma=gamma or "scale", C=2).fit(*toy.train)
    found = try_kernel(baseline_kernels(toy.train[0])[kind], toy, 50, cost=2)
    for part in ("val", "test"):
        asked, wanted = getattr(toy, part)
        assert np.array_equal(found[part], expected.predict(asked) == wanted)


def test_fewer_images_are_the_first_ones(toy):
    expected = SVC(gamma="scale").fit(*(part[:20] for part in toy.train))
    kernel = baseline_kernels(toy.train[0][:20])["rbf-scale"]
    found = try_kernel(kernel, toy, 20, parts=("test",))
    assert set(found) == {"test"}
    assert found["test"].mean() == expected.score(*toy.test)


def test_the_tuned_kernel_is_the_best_of_its_grid_on_validation(toy):
    kernel, cost, chosen = tuned_rbf(toy, 50)
    width = gamma_of("scale", toy.train[0])
    scores = {
        (f, c): SVC(gamma=f * width, C=c).fit(*toy.train).score(*toy.val)
        for f in FACTORS
        for c in COSTS
    }
    assert scores[chosen["gamma over scale"], chosen["C"]] == max(scores.values())
    found = try_kernel(kernel, toy, 50, cost, ("val",))["val"]
    assert found.mean() == max(scores.values())


def test_a_kernel_that_is_not_finite_is_refused(toy):
    infinite = lambda a, b: np.full((len(a), len(b)), np.inf)  # noqa: E731
    with pytest.raises(ValueError, match=r"training kernel matrix is not finite, first at \[0, 0"):
        try_kernel(infinite, toy, 50)


def test_limited_steps_end_without_a_word(recwarn):
    images = training_set("digits", 100)
    kernel = lambda a, b: -(a @ b.T)  # noqa: E731, not positive
    try_kernel(kernel, images, 100, parts=("val",), steps=3)
    assert not recwarn.list
