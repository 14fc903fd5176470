"""ImageNet trunks: build one, cut it in two, take its maps at several scales, run it frozen."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "imagenet": ["network", "trunk"],
        "stems": ["Trunk", "cut", "pyramid", "together"],
    },
)
