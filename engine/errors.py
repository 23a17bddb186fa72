"""Errors whose text is a sentence for the user: what is wrong, and what to do."""

from __future__ import annotations


class MyofluxError(Exception):
    """Root of all errors that the engine raises on purpose."""


class InputError(MyofluxError, ValueError):
    """Input (a file, an option, an array) that cannot be used as it is."""


class UnreadableFileError(InputError):
    """A file that is missing, empty, truncated, corrupt or of an unknown kind."""


class OutputError(MyofluxError, OSError):
    """A result that could not be written (full disk, no permission)."""


class ResourceError(MyofluxError, RuntimeError):
    """Not enough memory, or a device that is not there."""


class MissingPackageError(MyofluxError, ImportError):
    """An optional package that is not installed; the text says how to install it."""


class ConvergenceError(MyofluxError, ArithmeticError):
    """An optimisation that left the finite numbers."""


class Cancelled(MyofluxError):  # a request that was granted, not a failure
    """Raised by ``Progress.check`` once the user has asked to stop."""
