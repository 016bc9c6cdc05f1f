"""How fast, and how far from what is possible: whole processes, one thread, CPU time. See `run.py`."""
