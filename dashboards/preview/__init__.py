"""`openaddr preview`: what `openaddr process` wrote, as pages on this machine for whoever works on a source.

It takes what one source takes and nothing of what the public site does: no database, no storage, no server of others.
"""
