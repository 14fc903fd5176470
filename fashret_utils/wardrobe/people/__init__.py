"""Who wears a garment: body, hair, the rest of the outfit, and the street picture."""
