"""Exact retrieval: embed pictures, search a gallery, measure the ranking with intervals."""

from fashret_utils.retrieval.embedding import embed
from fashret_utils.retrieval.evaluation import evaluate
from fashret_utils.retrieval.neighbours import search
from fashret_utils.retrieval.result import Retrieval, comparison

__all__ = ["Retrieval", "comparison", "embed", "evaluate", "search"]
