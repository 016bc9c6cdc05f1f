"""Runs that a build is made of."""

from tests.buckets import bucket, credentials, s3_port
from tests.collecting.conftest import any_storage, any_world, folder, world

__all__ = ["any_storage", "any_world", "bucket", "credentials", "folder", "s3_port", "world"]
