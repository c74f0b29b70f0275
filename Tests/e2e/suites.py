"""Test-suites of other projects: the source package comes from PyPI, its tests run against our gateway."""

import os
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ElementTree


def unpacked(package, version, folder):
    """Fetches the source package and answers the folder in which it was unpacked."""
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-binary", ":all:",
         "--dest", folder, f"{package}=={version}"],
        check=True,
    )
    with tarfile.open(os.path.join(folder, f"{package}-{version}.tar.gz")) as archive:
        archive.extractall(folder, filter="data")
    return os.path.join(folder, f"{package}-{version}")


def run(source, arguments, timeout, **environment):
    """Runs pytest in `source` and answers {"passed": [names], "failed": {name: message}, "skipped": {name: reason}}."""
    report = os.path.join(source, "report.xml")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *arguments],
        cwd=source, env={**os.environ, "HOME": source, **environment}, capture_output=True, text=True, timeout=timeout,
    )
    # 0: all passed, 1: some failed. Anything else is no result of the tests.
    assert done.returncode in (0, 1), f"pytest: {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    results = {"passed": [], "failed": {}, "skipped": {}}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = case.get("classname").rsplit(".", 1)[-1] + "." + case.get("name")
        broken = case.find("failure") if case.find("failure") is not None else case.find("error")
        if broken is not None:
            results["failed"][name] = broken.get("message", "") + "\n" + (broken.text or "")[-1500:]
        elif case.find("skipped") is not None:
            results["skipped"][name] = case.find("skipped").get("message", "")
        else:
            results["passed"].append(name)
    return results


def verdict(what, results, expected_to_pass, known_to_fail=None):
    """Prints the outcome, and fails when a test failed or fewer passed than there are.

    `known_to_fail` has, for a test that must fail, the words its message must hold; one that passes is out of date.
    """
    for name, words in (known_to_fail or {}).items():
        message = results["failed"].pop(name, "it passed")
        assert words in message, f"{name} should fail with {words!r}: {message}"
        print(f"  failed as it should, {name}: {words}")
    for name, reason in sorted(results["skipped"].items()):
        print(f"  skipped {name}: {reason}")
    for name, message in sorted(results["failed"].items()):
        print(f"  FAILED {name}: {message}")
    passed = len(results["passed"])
    print(f"{what}: {passed} passed, {len(results['failed'])} failed, {len(results['skipped'])} skipped")
    assert not results["failed"], ", ".join(sorted(results["failed"]))
    assert passed >= expected_to_pass, f"only {passed} tests passed; {expected_to_pass} are known"
