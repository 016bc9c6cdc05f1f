"""The rules, by what they are about. Each module ends with its `CHECKS`."""
