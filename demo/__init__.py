"""One small source of every kind, served from this machine: a show of what Machine does."""
