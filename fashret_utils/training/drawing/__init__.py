"""What a network that draws needs beside its losses: pictures in and out, a film, measures."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "converting": ["Averaged", "check_alive", "enlarged", "frozen", "generate", "signed"],
        "film": ["Film"],
        "lessons": ["Lessons"],
        "quality": ["apart", "kernel_distance", "likeness", "reader", "white_share"],
    },
)
