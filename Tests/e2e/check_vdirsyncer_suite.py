"""The DAV storage tests of vdirsyncer's own test-suite, whole, with the gateway as the server."""

import os
import tempfile

import suites
from gateway import Gateway

VERSION = "0.21.0"
# What vdirsyncer's tests ask of a server: a fresh calendar of every name they like.
SERVER = '''
import os
import pytest


class ServerMixin:
    @pytest.fixture
    def get_storage_args(self, slow_create_collection, aio_connector):
        async def inner(collection="test"):
            arguments = {
                "url": os.environ["KALENDS_TEST_URL"],
                "username": "alice",
                "password": "correct horse battery",
                "connector": aio_connector,
            }
            if collection is None:
                return arguments
            return await slow_create_collection(self.storage_class, arguments, collection)

        return inner
'''


def main():
    with tempfile.TemporaryDirectory() as folder:
        source = suites.unpacked("vdirsyncer", VERSION, folder)
        plugin = os.path.join(source, "tests", "storage", "servers", "kalends")
        os.makedirs(plugin)
        with open(os.path.join(plugin, "__init__.py"), "w") as file:
            file.write(SERVER)
        data = os.path.join(folder, "data")
        os.makedirs(data)
        gateway = Gateway(data)
        gateway.add_user("alice", "correct horse battery")
        results = suites.run(
            source,
            ["-o", "addopts=", "tests/storage/dav/test_caldav.py", "tests/storage/dav/test_main.py"],
            600,
            DAV_SERVER="kalends", KALENDS_TEST_URL=gateway.base + "/", DETERMINISTIC_TESTS="true",
        )
        gateway.stop()
    suites.verdict(f"vdirsyncer {VERSION}'s storage suite", results, 97)


main()
