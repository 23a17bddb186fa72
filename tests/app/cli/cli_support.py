"""What a test of the command line looks at."""

from __future__ import annotations

from collections.abc import Callable


class Answer:
    """What a verb said and left.

    Attributes:
        code: Exit code.
        out: Words on the output stream.
        error: Words on the error stream.
    """

    def __init__(self, code: int, out: str, error: str) -> None:
        self.code, self.out, self.error = code, out, error

    @property
    def sentence(self) -> str:
        """The one error, which is the last line; a failure of the test if there are more."""
        lines = self.error.strip().splitlines()
        assert "Traceback" not in self.out + self.error
        assert sum(line.startswith("Error:") for line in lines) == 1
        assert lines[-1].startswith("Error:")
        return lines[-1].removeprefix("Error:").strip()


Invoke = Callable[..., Answer]
