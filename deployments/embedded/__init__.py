"""The parts of the stack as programs of this machine: each kept by a keeper, in its own folder, with its own log."""
