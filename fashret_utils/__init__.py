"""Helper package of the fashion-retrieval book: every folder is a room, its `__init__` the door."""
