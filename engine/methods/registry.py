"""All methods by name. A method's module is loaded when it is first asked for."""

from __future__ import annotations

import importlib
from typing import Final, cast

from engine.errors import InputError
from engine.methods.base import Method

_METHODS: Final = {
    "ssmsr": "engine.methods.ssmsr:Ssmsr",
    "ssr": "engine.methods.ssr:Ssr",
    "voxelmorph": "engine.methods.voxelmorph:VoxelMorph",
    "identity": "engine.methods.optical_flow:Identity",
    "dis": "engine.methods.optical_flow:Dis",
    "farneback": "engine.methods.optical_flow:Farneback",
    "tvl1": "engine.methods.optical_flow:TvL1",
    "ilk": "engine.methods.optical_flow:Ilk",
    "demons": "engine.methods.simple_itk:Demons",
    "elastix": "engine.methods.elastix:Elastix",
    "greedy": "engine.methods.greedy:Greedy",
    "ants": "engine.methods.ants:Syn",
    "ants-bspline": "engine.methods.ants:BSplineSyn",
    "niftyreg": "engine.methods.niftyreg:NiftyReg",
    "myotracker": "engine.methods.myotracker:MyoTracker",
}


def method_names() -> tuple[str, ...]:
    """Return the names of all methods, our own first."""
    return tuple(_METHODS)


def available_methods() -> tuple[str, ...]:
    """Return the names of the methods that can run on this machine."""
    return tuple(name for name in _METHODS if get_method(name).missing() is None)


def get_method(name: str) -> Method:
    """Return a method; whether its package is installed shows when it runs.

    Raises:
        InputError: If no method has this name.
    """
    if name not in _METHODS:
        raise InputError(f"Unknown method '{name}'. Choose among {', '.join(_METHODS)}.")
    module, _, attribute = _METHODS[name].partition(":")
    return cast(Method, getattr(importlib.import_module(module), attribute)())
