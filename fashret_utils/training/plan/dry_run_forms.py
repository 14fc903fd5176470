"""How chapters are built, as far as a dry run must know: their data, their budget, their arms.

A chapter's definitions have one of the forms in `FORMS`; the dry run takes the first that fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import ModuleType

from fashret_utils import datasets
from fashret_utils.data.catalog import Catalog
from fashret_utils.training.plan import jobs as planned

Job = Callable[[], Mapping[str, object] | None]  # trains and records; what the record cannot say


class ArmsForm:
    """Chapters whose arms `train_arm` trains on what `load_data` loads: 01, 02, 04, 05 and 06."""

    needs = ("load_data", "budget", "choose", "train_arm", "CHAPTER")
    least: Mapping[str, int] = {
        "steps": 1,
        "start_steps": 1,
        "refresh": 1,
        "items": 2,
        "triplets": 4,
        "pictures": 2,
        "epochs": 2,
        "switch": 1,
        "gan_steps": 1,
        "gan_batch": 4,
    }
    # Items kept of a data set, in each split; a grid of 3 x 3 needs nine.
    items: Mapping[str, int] = {"train": 16, "val": 4, "test": 10}
    where: Mapping[str, object] = {"causes": False}  # what jobs are told besides the place
    parameters: tuple[str, ...] = ()  # names of it that a user may choose

    def load(self, module: ModuleType, data: str, scale: str, root: str | None) -> Catalog:
        """The data set that a few items are taken of."""
        return datasets.load(data, root)

    def replaced(self, module: ModuleType, catalog: Catalog) -> dict[str, object]:
        """The definitions that a few items take the place of."""
        return {"load_data": lambda *_, **__: catalog}

    def plan(self, module: ModuleType, data: str, scale: str) -> dict[str, object]:
        """The budget of a scale."""
        return module.budget(data, scale)

    def jobs(
        self, module: ModuleType, data: str, seed: int, where: dict
    ) -> Iterator[tuple[str, Job]]:
        """Name and job of each arm."""
        for arm, settings in arms(module).items():
            yield arm, partial(_silent, module.train_arm, data, arm, settings, seed, where)


class ConverterForm(ArmsForm):
    """Chapter 03: generators learn from pairs, matchers from a shop that is always drawn."""

    needs = ("load_pairs", "load_shop", "budget", "choose", "DRAWN", "MATCHERS", "do", "CHAPTER")
    # No epoch is still one step.
    least: Mapping[str, int] = {
        "gan_steps": 1,
        "gan_batch": 4,
        "epochs": 0,
        "items": 4,
        "own": 8,
        "readers": 8,
    }

    def replaced(self, module: ModuleType, catalog: Catalog) -> dict[str, object]:
        """Pairs and shop; the shop is the smallest that the chapter knows."""
        shop = module.load_shop("smoke")
        return {"load_pairs": lambda *_, **__: catalog, "load_shop": lambda *_: shop}

    def plan(self, module: ModuleType, data: str, scale: str) -> dict[str, object]:
        """The budget of a scale."""
        return module.budget(scale)

    def jobs(
        self, module: ModuleType, data: str, seed: int, where: dict
    ) -> Iterator[tuple[str, Job]]:
        """The shared matcher, generators and their ablations, matchers of each form."""
        chosen = module.choose([])
        pairs = module.load_pairs(where["scale"], where["data_root"])
        known = hasattr(pairs.reader, "wardrobe")  # boxes and masks
        for arm in dict.fromkeys(("product", *module.DRAWN, *module.MATCHERS, *module.SMALL)):
            if known or arm not in ("box,own", "mask,own"):
                job = planned.Job(module.DATA, arm, seed, chosen[arm])
                yield arm, partial(_silent, module.do, job, where)


FORMS = (ArmsForm(), ConverterForm())


def form_of(module: ModuleType) -> ArmsForm:
    """The form of a chapter. **Raises** `ValueError` for a chapter that has no arms to train."""
    for form in FORMS:
        if all(hasattr(module, name) for name in form.needs):
            return form
    missing = [name for name in ArmsForm.needs if not hasattr(module, name)]
    raise ValueError(f"cannot be rehearsed: its definition cells lack {', '.join(missing)}")


def arms(module: ModuleType) -> dict[str, Mapping]:
    """The settings of a chapter's arms when no trial has been run: name -> settings."""
    chosen = module.choose([])
    if not hasattr(module, "arms"):
        return chosen
    return module.arms(**chosen, reading=module.best_of_dml([]))  # `chosen`: numbers for all arms


def _silent(do: Callable[..., object], *arguments: object) -> None:
    do(*arguments)
