"""The pages of claims: verdicts at one look, claim by claim, and where their evidence stands."""

from fashret_utils.site.claims.anchors import add_labels
from fashret_utils.site.claims.matrix import matrix
from fashret_utils.site.claims.pages import write as write_pages

__all__ = ["add_labels", "matrix", "write_pages"]
