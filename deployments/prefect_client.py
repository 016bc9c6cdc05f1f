"""A client of a Prefect server, with what the server wants to see."""

from prefect.client.orchestration import SyncPrefectClient
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_KEY


def client_of(api: str) -> SyncPrefectClient:
    """A client of the server at `api`; who it is says PREFECT_API_AUTH_STRING, if anything."""
    return SyncPrefectClient(api, auth_string=PREFECT_API_AUTH_STRING.value(), api_key=PREFECT_API_KEY.value())
