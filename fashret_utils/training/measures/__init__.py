"""What a record says besides how well a search ranks: views, attributes."""
