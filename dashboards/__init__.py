"""The pages: rows of Postgres in, static files in storage out. Templates only print what `views` has worked out."""
