"""`python -m deployments.bucket`: makes the bucket of the settings unless it is there, for a server of one's own."""

import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from openaddr import settings
from openaddr.errors import ExitCode
from openaddr.settings import Settings

THERE = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}


def make(loaded: Settings) -> bool:
    """Make it; False when it was there. Raises what boto3 does."""
    client = boto3.client("s3", endpoint_url=loaded.s3_endpoint_url or None, region_name=loaded.s3_region)
    try:
        client.create_bucket(Bucket=loaded.s3_bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in THERE:
            raise
        return False
    return True


def main() -> int:
    """Say what was done; gives the exit code."""
    loaded = settings.load()
    if not loaded.s3_bucket:
        print("openaddr: S3_BUCKET is not set", file=sys.stderr)
        return ExitCode.CONFIGURATION
    try:
        made = make(loaded)
    except (BotoCoreError, ClientError) as error:
        print(f"openaddr: the bucket {loaded.s3_bucket} cannot be made: {error}", file=sys.stderr)
        return ExitCode.OURS
    print(f"{loaded.s3_bucket} was {'made' if made else 'there'}")
    return ExitCode.DONE


if __name__ == "__main__":
    sys.exit(main())
