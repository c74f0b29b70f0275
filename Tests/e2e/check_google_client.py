"""Google's own Python client accepts the simulated Google."""

import os
import subprocess
import sys
import tempfile

from gateway import Simulators

with tempfile.TemporaryDirectory() as folder:
    simulators = Simulators(folder)
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "google-client", "check.py")
    subprocess.run([sys.executable, script, simulators.google.base], check=True, timeout=300)
    simulators.kill()
