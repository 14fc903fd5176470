"""shop-views: studio photos of 731 garments and accessories by Magento, some from several sides.

Real cloth, openly licensed (OSL 3.0): tested on without training, trained on in folds, or put into
street scenes (`composite`).
"""

from fashret_utils.datasets.shop_views.roles import FACTORS, ROLES, load, verify
from fashret_utils.datasets.shop_views.table import ABOUT

__all__ = ["ABOUT", "FACTORS", "ROLES", "load", "verify"]
