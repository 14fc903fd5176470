"""Other ways to ask a network for what it gives: by distance, or unjoined."""
