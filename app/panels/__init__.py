"""The six steps of the work, in the order of the data."""
