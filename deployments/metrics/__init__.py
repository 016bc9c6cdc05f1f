"""Numbers for Prometheus, at a port of their own: what the record, the storage and Prefect say.

They are for those who run it. Nothing public and nothing that GitHub can reach leads here.
"""
