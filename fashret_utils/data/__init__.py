"""The table of pictures (`Catalog`), its cached pixels and features, and batches of them."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submodules=["augment", "crops"],
    submod_attrs={
        "augment": ["MEAN", "STD", "Augment", "normalise"],
        "bank_batches": ["BankBatches"],
        "batches": ["Batch", "Batches"],
        "cache": ["cache_folder"],
        "catalog": ["Catalog"],
        "feature_bank": ["FeatureBank"],
        "columns": ["DOMAINS", "SHOP", "SPLITS", "STREET"],
    },
)
