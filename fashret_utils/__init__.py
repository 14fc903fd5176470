"""Helper package of the fashion-retrieval reproduction book."""
