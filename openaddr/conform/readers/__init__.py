"""One reader a format; each gives batches of text columns and geometry."""
