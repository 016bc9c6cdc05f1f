"""`make proof`: everything is tried that may go wrong, and one table says which promises held."""
