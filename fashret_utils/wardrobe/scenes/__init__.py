"""Where a street picture is taken: indoors and outdoors, ground and paint."""
