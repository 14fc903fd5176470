"""What loaders share: lists and archives, pictures of every kind, checks, downloads."""
