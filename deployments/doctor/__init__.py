"""What `openaddr doctor` looks at for those who run it for everybody: a module for each part.

A check that does not hold names the part and what to do. What is not set up is not checked, and says which setting
would change that. Nothing is changed, but for a probe in the storage that is removed again.
"""
