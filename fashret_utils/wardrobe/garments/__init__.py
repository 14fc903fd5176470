"""Garments: attributes, cut, prints and details, and how a shop shows them."""
