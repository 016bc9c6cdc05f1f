"""Bad inputs of every kind, made when they are needed, and the proof that each gets one named result."""
