"""Shapes of a common error: they are what the field of their coefficients is made of."""

from __future__ import annotations

import torch

from engine.registration.course_shapes import Shapes

SIZE = (60, 90)


def strip() -> torch.Tensor:
    """Return the mask of a horizontal strip, 20 px thick around row 29.5."""
    inside = torch.zeros(SIZE, dtype=torch.bool)
    inside[20:40] = True
    return inside


def ring() -> torch.Tensor:
    """Return the mask of a ring around (45, 30), radii 12 to 26 px."""
    y, x = torch.meshgrid(torch.arange(SIZE[0]), torch.arange(SIZE[1]), indexing="ij")
    radius = torch.hypot(x - 45.0, y - 30.0)
    return (radius > 12) & (radius < 26)


def test_the_field_of_coefficients_is_the_sum_of_the_shapes() -> None:
    inside = ring()
    shapes = Shapes.within(inside)
    rows, columns = torch.nonzero(inside, as_tuple=True)
    values = shapes.at(torch.stack([columns, rows]).float())
    assert values.shape[1] == len(shapes.expected)
    generator = torch.Generator().manual_seed(0)
    coefficients = torch.randn(2, values.shape[1], generator=generator)
    field = shapes.field(coefficients)[:, rows, columns]
    assert torch.allclose(field, coefficients @ values.T, atol=1e-4)


def test_across_a_strip_the_first_shapes_tell_how_far_from_its_middle() -> None:
    inside = strip()
    unit = torch.zeros(2, len(Shapes.within(inside).expected))
    unit[:, 1] = 1
    field = Shapes.within(inside).field(unit)[0]
    middle = field[20:40, 45]
    assert torch.allclose(middle, -middle.flip(0), atol=1e-2)
    assert bool((middle.diff() > 0).all())


def test_around_a_ring_they_point_outwards() -> None:
    inside = ring()
    shapes = Shapes.within(inside)
    unit = torch.zeros(2, len(shapes.expected))
    unit[0, 0], unit[1, 1] = 1, 1
    way = shapes.field(unit)
    y, x = torch.meshgrid(torch.arange(SIZE[0]), torch.arange(SIZE[1]), indexing="ij")
    outwards = torch.stack([x - 45.0, y - 30.0])
    radius = outwards.square().sum(0).sqrt()
    along = (way * outwards).sum(0) / radius
    assert float(along[inside & (radius > 23)].min()) > 0
    assert float(along[inside & (radius < 15)].max()) < 0


def test_a_mask_of_one_pixel_has_finite_shapes() -> None:
    inside = torch.zeros(SIZE, dtype=torch.bool)
    inside[30, 40] = True
    shapes = Shapes.within(inside)
    assert bool(torch.isfinite(shapes.field(torch.ones(2, len(shapes.expected)))).all())
