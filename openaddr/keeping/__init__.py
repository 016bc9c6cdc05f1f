"""How long what is old is kept, and how the record is kept safe: retention, backups, and what a bucket is told."""
