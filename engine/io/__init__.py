"""Reading loops, masks, contours and results, and writing them so that nothing is half-written."""
