"""A source file: read once at the door, typed and frozen from there on."""
