"""Myoflux: arguments go to the command line, which opens the window when there is no verb."""

import sys


def run() -> None:
    """Load and run the command line; Ctrl-C while it loads ends it with one sentence."""
    try:
        from app.cli import main  # noqa: PLC0415 - loading can be interrupted too

        main()
    except KeyboardInterrupt:
        sys.stderr.write("Error: Stopped at your request. Nothing half-written was left.\n")
        raise SystemExit(130) from None


if __name__ == "__main__":
    run()
