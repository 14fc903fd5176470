"""Weights that other runs start from: kept beside the cached pictures, found by what made them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch
from torch import nn

from fashret_utils.atomic import replacing
from fashret_utils.data.cache import cache_folder
from fashret_utils.training.run import Run


def place(run: Run) -> Path:
    """The file of a run's weights: another one for other code, data, settings, scale or seed."""
    about = run.about({})
    known = {key: about[key] for key in ("chapter", "data", "arm", "scale", "code_hash")}
    known |= {"seed": run.seed, "catalog": run.catalog_hash, "settings": run.settings}
    digest = hashlib.blake2b(json.dumps(known, sort_keys=True).encode(), digest_size=12)
    return cache_folder() / "weights" / f"{digest.hexdigest()}.pt"


def keep(run: Run, model: nn.Module) -> None:
    """Keep the weights of a trained network; the main process does."""
    if run.accelerator.is_main_process:
        with replacing(place(run)) as temporary:
            torch.save(run.accelerator.unwrap_model(model).state_dict(), temporary)
    run.accelerator.wait_for_everyone()


def take(run: Run, model: nn.Module) -> bool:
    """Give a network the weights that a run of these names, code and settings has kept, if any."""
    path = place(run)
    if not path.is_file():
        return False
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return True
