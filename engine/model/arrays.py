"""Read-only arrays with a checked shape and type: the one guard of all frozen values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.errors import InputError


def frozen_array(
    array: Any, name: str, dtype: DTypeLike, shape: tuple[int | None, ...]
) -> NDArray[Any]:
    """Return the array as a C-contiguous, read-only array of a type and shape.

    One that is so already comes back itself: values made of one another share it, which tells that
    they are alike.

    Args:
        array: Anything that NumPy can read.
        name: Its name for the error's sentence.
        dtype: Wanted type. No copy is made where the array has it already.
        shape: Wanted shape; None stands for any size.

    Raises:
        InputError: If the shape differs.
    """
    values = np.ascontiguousarray(array, dtype=dtype)
    if values.ndim != len(shape) or any(
        want is not None and want != have for want, have in zip(shape, values.shape, strict=True)
    ):
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise InputError(f"{name} must have the shape ({wanted}), but has {values.shape}.")
    if not values.flags.writeable:
        return values
    view = values.view()
    view.flags.writeable = False
    return view
