"""What programs read of the site: JSON with schemas, tables, feeds, maps of the site, and the addresses of old."""
