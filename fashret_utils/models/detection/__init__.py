"""Where in a picture is what is looked for: boxes, Faster R-CNN and Fast R-CNN."""
