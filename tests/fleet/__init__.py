"""Several workers on this machine, which stand for as many machines."""
