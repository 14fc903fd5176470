"""What is measured of a trained network besides its ranking: cost, attributes, causes, views."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "attributes": ["attribute_scores", "commonest", "read_by_probe", "share_right"],
        "causes": ["log_odds", "log_odds_lost"],
        "costs": ["cost", "operations", "pulls", "weights"],
        "covering": ["best_pairs", "both_ways", "covered", "falls"],
        "views": ["view_matrix", "view_ratio"],
    },
)
