"""Trunks, heads and detectors, descriptors and baselines, and the losses that papers share."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submodules=["backbones", "baselines", "descriptors", "trunks"],
    submod_attrs={
        "levels": ["feature_maps"],
        "inception_resnet": ["InceptionResnetV1", "load_released"],
        "losses": ["CenterLoss"],
        "sampled_items": ["SampledItems"],
        "seeding": ["freeze_batch_norm", "seeded"],
        "trunks": ["cut", "pyramid", "together", "trunk"],
    },
)
