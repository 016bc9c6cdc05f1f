"""`openaddr doctor`: what holds and what does not, with the fix. What can be tried is tried, not only looked up.

- `checks` is what a check says, and the table of them; `parts` makes the checks, side by side and with time limits.
- `machine` and `libraries` are what one source takes; what it takes to run it for everybody is in `deployments/doctor`.
"""
