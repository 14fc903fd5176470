"""Records of trials, for tests of how a chapter chooses its settings."""

from fashret_utils.evidence.records import Record


def all_tried(rounds):
    """Trials of some rounds; the later a choice stands, the better on validation alone.

    A trial has no test metric; here it has one, so that whoever chose by it would choose wrongly.
    """
    about = {"chapter": "tried", "data": "wardrobe-garments", "scale": "full", "seed": 0}
    about |= {"intervals": {}, "counts": {}}
    return [
        Record(
            arm=f"trial,{arm},{number}",
            metrics={"map": 1 - number / 1000},
            extra={"val_map": number / 1000},
            **about,
        )
        for arms in rounds
        for arm, choices in arms.items()
        for number in range(len(choices))
    ]
