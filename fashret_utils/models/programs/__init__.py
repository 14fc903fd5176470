"""Functions written as programs: kernels of many pairs of images at once, exact rankings."""
