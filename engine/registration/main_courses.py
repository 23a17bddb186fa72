"""Motion along a loop's main courses: what its points do beside them is taken for noise.

The motion of tissue is a sum of few fields, each times one course through time: a wall follows one
or two, a turning body two, a wall whose parts contract one after another three or four. The errors
of pairs lie along every course alike. So the principal courses of the displacements that material
points have in all pairs are kept where they stand out of the noise, and the others are taken out
(Gavish and Donoho, IEEE Trans. Inf. Theory 60(8), 2014, on when a component is worth keeping).
Where points move along many courses, as in blood, nothing is changed. Where all that is kept is
affine but for the noise (a rigid body, a small piece of tissue), it is made affine.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from engine.registration.multiscale import Motion
from engine.registration.pairs import ImagePairs
from engine.registration.pyramid import correction_grid, resize_image
from engine.registration.shared_course import LEAST_PAIRS, stretches, to_last_frame
from engine.registration.warp import identity_grid, resize_displacement, warp

STANDS_OUT: Final = (0.9, 1.5)
"""Mean square of a course, summed over all pairs, above which it begins to be kept and from which
on it stays as it is, in squares of the median expected error of a pair: noise holds 0.3 to 1.5, the
second course of a wall 1.5 to 400. In between a share of it stays, for chance moves both."""

BENDS: Final = (0.45, 0.75)
"""How far a course's field may lie from an affine one, in the same measure, to be taken for one,
and from where on it stays as it is: noise holds 0.2 to 0.6 there, a wall that moves by a third of a
pixel a frame 1 and more. In between a share of it stays."""

MOVES: Final = 4.0
"""Mean square of the largest course, in the same measure, from which there surely is motion: where
tissue rests it holds 0.6 to 1.8, at 0.2 px a frame in noise 7 and more."""

LARGEST_ERROR: Final = 0.5
"""Expected error beyond which the network is not believed, px of the full grid: where motion is
fast it expects more than it errs."""

_FEWEST = 2
"""Courses that may be kept in any loop; in a long one at most a quarter of its pairs."""


def along_main_courses(
    pairs: ImagePairs, motion: Motion, scale: float, *, cautious: bool = False
) -> Motion:
    """Return the motion of a loop without what lies beside its main courses.

    Args:
        pairs: All pairs of the loop, each the next one's predecessor; 2D.
        motion: Theirs, ``(n, 2, *size)``, px of its grid, with its expected error.
        scale: Of that grid, relative to the full resolution.
        cautious: Whether what may be motion stays whole, and what may be rest as it is.

    Returns:
        The motion along the main courses; unchanged where points move along many, or a loop is
        short, or the last frame has no mask.
    """
    log_scale = motion.log_scale
    count = len(motion.displacement)
    if log_scale is None or pairs.dims != 2 or count < LEAST_PAIRS:
        return motion
    size = motion.displacement.shape[2:]
    grid = correction_grid(size)
    finer = size[0] / grid[0]

    def on_grid(images: Tensor, pair: int) -> Tensor:
        return resize_image(images[pair].reshape(1, 1, *images.shape[-2:]).float(), grid)[0, 0]

    displacement = motion.displacement.clone()
    for indices in stretches(count):
        inside = torch.stack([on_grid(pairs.mask, pair) for pair in indices]) > 0.5
        if not bool(inside[-1].any()):
            continue
        expected = torch.stack([on_grid(log_scale, pair) for pair in indices])[inside].exp()
        error = min(float(expected.median()), LARGEST_ERROR * scale) / finer
        own = torch.cat([resize_displacement(displacement[[pair]], grid) for pair in indices])
        for pair, change in zip(indices, _taken_out(own, inside[-1], error, cautious), strict=True):
            displacement[pair] += resize_displacement(change[None], size)[0]
    return Motion(displacement, log_scale)


def _taken_out(own: Tensor, inside: Tensor, error: float, cautious: bool) -> Tensor:
    """Return what to add to displacements so that they lie along their main courses.

    Args:
        own: Displacement of neighbouring pairs, ``(n, 2, h, w)``, px.
        inside: Points of the last frame that are looked at, ``(h, w)`` bool, at least one.
        error: Expected of a pair, px.
        cautious: Whether what may be motion stays whole, and what may be rest as it is.

    Returns:
        Same shape as ``own``; zeros where points move along many courses.
    """
    moved = _along_paths(own)
    seen = moved[:, :, inside].flatten(1).double()
    values, courses = torch.linalg.eigh(seen @ seen.T / int(inside.sum()))
    measure = values / error**2
    if cautious and float(measure[-1]) < MOVES:
        return torch.zeros_like(own)
    share = _rise(measure, STANDS_OUT).float()
    share = share.sign() if cautious else share
    share[-1] = 1.0
    if float(share.sum()) > max(_FEWEST, len(own) // 4):
        return torch.zeros_like(own)
    kept = share > 0
    main = courses[:, kept].float()
    fields = torch.einsum("r,kr,kchw->rchw", share[kept], main, moved)
    straight = _affine(fields, inside)
    bent = (fields - straight)[:, :, inside].square().sum(dim=(1, 2)) / int(inside.sum())
    fields = straight + _rise(bent.max() / error**2, BENDS) * (fields - straight)
    away = torch.einsum("kr,rchw->kchw", main, fields) - moved
    # A pair's displacement lies on the points of its later frame.
    return warp(away, to_last_frame(own)[1:])


def _rise(values: Tensor, bounds: tuple[float, float]) -> Tensor:
    """Return 0 below the first bound, 1 above the second, and a straight rise in between."""
    least, most = bounds
    return ((values - least) / (most - least)).clamp(0, 1)


def _affine(fields: Tensor, inside: Tensor) -> Tensor:
    """Return the affine fields that lie nearest to fields within a mask.

    Args:
        fields: ``(R, 2, h, w)``.
        inside: ``(h, w)`` bool, at least one point.
    """
    across = identity_grid(inside.shape)[0]
    design = torch.stack(
        [torch.ones_like(across[0]), *(across - across[:, inside].mean(1)[:, None, None])]
    )
    fitted = torch.linalg.lstsq(
        design[:, inside].T, fields[:, :, inside].flatten(0, 1).T, driver="gelsd"
    ).solution
    return torch.einsum("jhw,jf->fhw", design, fitted).reshape(fields.shape)


def _along_paths(own: Tensor) -> Tensor:
    """Return the displacements that the last frame's points have in all pairs, ``(n, 2, h, w)``."""
    shift = torch.zeros_like(own[:1])
    moved = []
    for pair in reversed(range(len(own))):
        moved.append(warp(own[pair : pair + 1], shift))
        shift = shift + moved[-1]
    return torch.cat(moved[::-1])
