"""Drawing: the cine and what lies over it."""
