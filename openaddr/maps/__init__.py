"""Maps and numbers of what a set covers."""
