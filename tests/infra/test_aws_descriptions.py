"""What the layers keep of botocore's descriptions: every call of our services as it was, and nothing that only people read."""

import json
import shutil
from functools import cache
from pathlib import Path
from uuid import UUID

import botocore
import botocore.session
import pytest
from botocore.loaders import Loader

from avocet.adapters.aws import SERVICES
from local.layers import AWS_SERVICES, keep_what_functions_ask

WHOLE = Path(botocore.__file__).parent / "data"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    data = tmp_path_factory.mktemp("botocore") / "data"
    data.mkdir()
    for entry in WHOLE.iterdir():
        if entry.is_file():
            shutil.copy(entry, data)
        elif entry.name in (*SERVICES, "acm"):
            shutil.copytree(entry, data / entry.name)
    keep_what_functions_ask(data)
    return data


@cache
def session_on(data):
    session = botocore.session.Session()
    session.set_credentials("key", "secret")
    # As its own: what is added from elsewhere is believed less, and endpoints are then found another way.
    shipped = type("Shipped", (Loader,), {"BUILTIN_DATA_PATH": str(data)})
    session.register_component("data_loader", shipped())
    return session


@cache
def client_of(service, region, data):
    return session_on(data).create_client(service, region_name=region)


def test_the_layers_keep_the_services_that_clients_are_made_of():
    assert frozenset(SERVICES) == AWS_SERVICES


@pytest.mark.parametrize("service", SERVICES)
def test_a_kept_service_can_do_all_it_could(service, kept):
    whole, ours = (client_of(service, "eu-west-1", data).meta.service_model for data in (WHOLE, kept))
    assert ours.operation_names == whole.operation_names
    assert ours.metadata == whole.metadata
    for name in whole.shape_names:
        # Names and kinds of a shape's members, and how each is sent.
        assert _told(ours.shape_for(name)) == _told(whole.shape_for(name))
    for name in whole.operation_names:
        assert ours.operation_model(name).http == whole.operation_model(name).http


def _told(shape):
    members = getattr(shape, "members", {})
    return (
        shape.type_name,
        shape.serialization,
        shape.metadata,
        {name: (member.name, member.serialization) for name, member in members.items()},
    )


@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1", "cn-north-1"])
@pytest.mark.parametrize("service", SERVICES)
def test_a_kept_service_is_where_it_was(service, region, kept):
    whole, ours = (client_of(service, region, data).meta for data in (WHOLE, kept))
    assert (ours.endpoint_url, ours.partition) == (whole.endpoint_url, whole.partition)
    assert ours.config.signature_version == whole.config.signature_version


@pytest.mark.parametrize("service", SERVICES)
def test_a_kept_service_is_asked_as_it_was(service, kept, monkeypatch):
    # What makes a repeated request known as the same one is drawn by lot.
    monkeypatch.setattr("uuid.uuid4", lambda: UUID(int=0))
    whole, ours = (requests_of(client_of(service, "eu-west-1", data)) for data in (WHOLE, kept))
    assert len(ours) > 0
    assert ours == whole


def requests_of(client):
    """Return what is sent for each operation that takes nothing, or one of a few things."""
    sent, given = [], {"Bucket": "photos", "TableName": "photos", "SecretId": "kaggle"}

    def keep(request, **_):
        sent.append((request.method, request.url, request.body))
        raise SentError

    client.meta.events.register("before-send", keep)
    model = client.meta.service_model
    for name, operation in sorted(client.meta.method_to_api_mapping.items()):
        shape = model.operation_model(operation).input_shape
        required = shape.required_members if shape else []
        if set(required) <= set(given):
            with pytest.raises(SentError):
                getattr(client, name)(**{member: given[member] for member in required})
    return sent


class SentError(Exception):
    """A request was about to leave."""


def test_what_no_function_reads_is_left_out(kept):
    assert not (kept / "acm").exists()
    assert not [*kept.rglob("*.gz"), *kept.rglob("examples-1*")]
    described = json.loads((kept / "dynamodb/2012-08-10/service-2.json").read_bytes())
    assert not described["operations"]["GetItem"]["documentation"]
    assert sum(file.stat().st_size for file in kept.rglob("*") if file.is_file()) < 4_000_000
