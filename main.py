"""Myoflux: arguments go to the command line, which opens the window when there is no verb."""

from app.cli import main

if __name__ == "__main__":
    main()
