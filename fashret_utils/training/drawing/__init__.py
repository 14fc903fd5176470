"""What a network that draws needs beside its losses: pictures in and out, a film, measures."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "converting": [
            "Averaged",
            "between",
            "enlarged",
            "frozen",
            "generate",
            "signed",
            "warn_of_collapse",
        ],
        "exam": ["Exam"],
        "film": ["Film"],
        "lessons": ["Lessons"],
        "looks": ["DrawingLooks", "look_at"],
        "quality": ["apart", "kernel_distance", "likeness", "reader", "white_share"],
        "sight": ["CUT", "FACE_SIDE", "seen"],
    },
)
