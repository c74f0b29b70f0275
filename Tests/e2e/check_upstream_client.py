"""An upstream's own Python client accepts the simulated upstream. usage: check_upstream_client.py google|notion [CLIENT]"""

import os
import subprocess
import sys
import tempfile

from gateway import Simulators

name = sys.argv[1]
with tempfile.TemporaryDirectory() as folder:
    simulators = Simulators(folder)
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), sys.argv[-1] + "-client", "check.py")
    subprocess.run([sys.executable, script, getattr(simulators, name).base], check=True, timeout=300)
    simulators.kill()
