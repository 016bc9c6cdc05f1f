"""The dot map: every address of the last good runs in one file of tiles."""
