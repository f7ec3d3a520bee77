"""The way out of a machine that forwards nothing yet, in a network namespace of the test's own."""
import subprocess
import sys
import unittest

import harness

SWITCH = "/proc/sys/net/ipv4/ip_forward"
STEPS = f"""
import sys
sys.path.insert(0, {harness.SCRIPTS!r})
from local_provider import network
def switch(): return open({SWITCH!r}).read().strip()
net = {{"bridge": "pvtest0", "subnet": "10.98.0.0/24", "gateway": "10.98.0.1", "mtu": 1500}}
open({SWITCH!r}, "w").write("0\\n")
network.ensure_bridge(net)
for _ in range(2):  # again changes nothing
    network.ensure_way_out(net)
    print(switch(), network.has_way_out(net["bridge"]))
network.remove_way_out(net["bridge"])
print(switch(), network.has_way_out(net["bridge"]))
"""


class Network(unittest.TestCase):
    def test_a_machine_that_forwards_nothing_is_made_to(self):
        done = subprocess.run(["unshare", "--net", sys.executable, "-B", "-c", STEPS], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.stdout.split("\n"), ["1 True", "1 True", "1 False", ""])
