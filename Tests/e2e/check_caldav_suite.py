"""python-caldav's own functional tests against the gateway, without a profile of the server; nothing may fail but scheduling."""

import os
import tempfile

import suites
from gateway import Gateway

VERSION = "3.6.0"
# Without a profile the library takes every feature for granted; scheduling (RFC 6638) is what the gateway does not have.
SCHEDULING = {
    "TestForServerkalends.testSchedulingMailboxes": "schedule-inbox-URL",
    "TestForServerkalends.testSupport": "check_scheduling_support()",
    "TestForServerkalends.testCheckCompatibility": "1 compatibility mismatch(es): scheduling: declared 'full', observed 'unsupported'",
    "TestAsyncForkalends.test_scheduling_mailboxes": "'function' object has no attribute 'url'",
    "TestAsyncForkalends.test_support": "is_supported('scheduling')",
}


def main():
    with tempfile.TemporaryDirectory() as folder:
        source = suites.unpacked("caldav", VERSION, folder)
        data = os.path.join(folder, "data")
        os.makedirs(data)
        gateway = Gateway(data)
        # One test wants a user whose name is a mail address.
        gateway.add_user("alice@example.org", "correct horse battery")
        with open(os.path.join(source, "tests", "caldav_test_servers.yaml"), "w") as file:
            file.write(
                f"""test-servers:
  kalends:
    type: external
    enabled: true
    url: {gateway.base}/
    username: alice@example.org
    password: correct horse battery
"""
            )
        results = suites.run(
            source,
            ["-o", "asyncio_default_fixture_loop_scope=function", "-o", "filterwarnings=", "tests/test_caldav.py", "tests/test_async_integration.py", "-k", "Kalends"],
            900,
            PYTHON_CALDAV_TEST_EMBEDDED="0", PYTHON_CALDAV_TEST_DOCKER="0",
        )
        gateway.stop()
    suites.verdict(f"python-caldav {VERSION}'s functional tests", results, 126, SCHEDULING)


main()
