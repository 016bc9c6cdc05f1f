"""The lint: what can be said of a source file without looking at its data.

A file is read once (`subject`), then every rule of the catalogue looks at it. Rules are grouped by what they are about
(`rules/`); the first of them hold the file against our JSON Schema (`schema.json`) and against what a run would refuse.
`check` gives the findings in the order of the file, `fix` mends what can be mended safely, `formats/` writes findings
down for people, programs, GitHub and code scanning.
"""
