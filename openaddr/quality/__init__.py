"""Whether the result of a run is good enough to take the place of the last one."""
