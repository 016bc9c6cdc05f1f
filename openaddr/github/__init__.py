"""What we ask of GitHub.

- `names` are checked before an address is made of them: repository, commit, branch. Nothing that GitHub or a payload
  calls an address is ever used, but for the way to an archive, which is followed without our token.
- `client` asks the API, through PyGithub, which knows tokens, Apps, retries and rate limits; `answers` are parsed at
  the door. `archive` brings a commit onto the disk, within limits.
- `events` says what a delivery of the webhook asks for; `payloads` are the shapes of what it reads.
- `waiting` is how long we wait, and for what. `refusals` turns everything that goes wrong into named problems, none
  of which ever quotes a token.
"""
