"""Masks: the ultrasound sector, the paper's tissue region, wall and blood pool contours."""
