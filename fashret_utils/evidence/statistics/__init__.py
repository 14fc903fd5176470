"""Statistics of the book: intervals over seeds and items, gates, many comparisons, power."""

from fashret_utils.evidence.statistics.classes import Class, classify, smallest_effect, together
from fashret_utils.evidence.statistics.components import Components, components
from fashret_utils.evidence.statistics.crossed import (
    Estimate,
    crossed,
    difference,
    over_seeds,
    t_interval,
)
from fashret_utils.evidence.statistics.gates import Gate, drift, gate, unrest
from fashret_utils.evidence.statistics.many import holm
from fashret_utils.evidence.statistics.noise import NoiseFloor, noise_floor
from fashret_utils.evidence.statistics.power import detectable, half_width, power, seeds_needed

__all__ = [
    "Class",
    "Components",
    "Estimate",
    "Gate",
    "NoiseFloor",
    "classify",
    "components",
    "crossed",
    "detectable",
    "difference",
    "drift",
    "gate",
    "half_width",
    "holm",
    "noise_floor",
    "over_seeds",
    "power",
    "seeds_needed",
    "smallest_effect",
    "t_interval",
    "together",
    "unrest",
]
