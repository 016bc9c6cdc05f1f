"""From an extract to the files that are published: one pass over the rows feeds every file of rows."""
