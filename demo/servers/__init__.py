"""Real servers on 127.0.0.1 that publish data the way governments do, misbehaviour included.

Each is a context manager on a free port and keeps a list of what it was asked for.
"""
