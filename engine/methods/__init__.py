"""Methods that track a loop, behind one protocol."""
