"""What we say on GitHub about a job, as pure functions: a `Report` in, texts out. Nothing is read or sent here.

`report` is what is known of a job and what it comes to. `statuses` makes the status of the commit, `checks` the check
runs of a GitHub App with their annotations, `comment` the one comment of a pull request; they share `paragraphs`,
`advice`, `table` and `sections`, so that all three say the same. Whatever strangers wrote goes through `markdown`.
"""
