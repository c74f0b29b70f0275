"""caldav-server-tester: every feature that it grades is full, but for scheduling (RFC 6638), which the gateway does not have."""

import os
import re
import subprocess
import sys
import tempfile

from gateway import Gateway

# A name with an @ lets it try how such a principal's address may be written.
USER, PASSWORD = "alice@example.org", "correct horse battery"
# What is not graded "full", and why that is right.
OTHERWISE = {
    "scheduling": ("unsupported", "RFC 6638 is not implemented"),
    "create-calendar.auto": ("unsupported", "a calendar is made by a request for it, never by the way (RFC 4791 §5.3.1)"),
    "search.text.comp-type-optional": ("unsupported", "VCALENDAR has no such property to match (RFC 4791 §9.7.2)"),
    "search.time-range.comp-type-optional": ("unsupported", "VCALENDAR has no time to match (RFC 4791 §9.9)"),
    "url.encode-at.identity": ("unsupported", "@ and %40 name one resource, as in every server that the tester knows"),
    "well-known": ("unknown", "not asked on a loopback address"),
    "get-current-user-principal.has-calendar": ("?", "it is a fact and no feature"),
}


def main(tester):
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(folder)
        gateway.add_user(USER, PASSWORD)
        done = subprocess.run(
            [tester, "--caldav-url", gateway.base + "/", "--caldav-username", USER, "--caldav-password", PASSWORD, "--verbose"],
            capture_output=True, text=True, timeout=900, env={**os.environ, "HOME": folder},
        )
        assert done.returncode == 0, done.stderr[-3000:]
        gateway.stop()
    grades = dict(re.findall(r"^## (\S+)\nFeature support level found: (\S+)$", done.stdout, re.MULTILINE))
    wrong = {}
    for feature, grade in sorted(grades.items()):
        expected, reason = OTHERWISE.get(feature, ("full", ""))
        if grade != expected:
            wrong[feature] = f"{grade}, should be {expected}"
        elif reason:
            print(f"  {feature}: {grade}, as {reason}")
    full = sum(grade == "full" for grade in grades.values())
    assert not wrong, f"{wrong}\n{done.stdout[-6000:]}"
    assert full >= 94, f"only {full} features were graded full; 94 are known"
    print(f"caldav-server-tester: {full} features full, {len(grades) - full} not to be graded")


main(sys.argv[1])
