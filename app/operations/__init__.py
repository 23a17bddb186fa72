"""One file a user verb: each starts a job and puts its result into the session."""
