"""What is listed below an address of an ESRI server."""

from demo.servers.esri import EsriServer, address_layer
from openaddr.bench.directory import read_directory
from openaddr.stages import silent
from tests.download.conftest import SETTINGS, make_entry


def test_a_folder_is_listed_by_itself() -> None:
    services = {"": (), "Land": (("Land/Parcels", "FeatureServer"),), "Old": (("Old/Parcels", "MapServer"),)}
    with EsriServer({}, services=services) as server:
        found = read_directory(make_entry(f"{server.url}/arcgis/rest/services/Land", "ESRI"), SETTINGS, silent)
    assert [(service.path, service.kind) for service in found.services] == [("Land/Parcels", "FeatureServer")]


def test_a_server_behind_another_path_is_listed_too() -> None:
    with EsriServer({0: address_layer(1)}) as server:
        found = read_directory(make_entry(f"{server.service_url}/?token=secret", "ESRI"), SETTINGS, silent)
    assert [layer.address for layer in found.services[0].layers] == [server.layer_url(0)]
    assert all(request.parameters["token"] == "secret" for request in server.requests)
