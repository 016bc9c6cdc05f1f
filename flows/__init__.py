"""The order of things: one short Prefect flow per file, retries and time limits by name in `policies`."""
