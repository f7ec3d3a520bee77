"""Bad requests: an answer with code, message and hint, exit 0, and nothing made. No host is started here."""
import json
import os
import subprocess
import unittest

import harness
from local_provider.errors import ProviderError

GOOD_SERVER = {"hostname": "web-1", "plan": "small", "labels": {}, "params": {}}
GOOD_AGENT = {"program": "/bin/true", "endpoint": "tcp://c:1", "join_token": "t"}


def ask(data):
    done = subprocess.run([harness.PROVIDER], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done
    assert b"Traceback" not in done.stdout + done.stderr, done
    return json.loads(done.stdout)


def parsed(data):
    """What ask() would answer, without the process; a good request has no business here."""
    try:
        return {"ok": True, "request": harness.request.parse(data)}
    except ProviderError as error:
        return error.answer()


class Requests(unittest.TestCase):
    def setUp(self):
        self.state_dir = os.path.join(harness.WORK, "never-made")

    def tearDown(self):
        self.assertFalse(os.path.exists(self.state_dir), "a bad request made the state folder")

    def request(self, verb="create_server", **changes):
        body = {"api": 1, "verb": verb, "state_dir": self.state_dir, "workspace": "w", "infra": "i",
                "runtime": "namespace", "server": dict(GOOD_SERVER), "agent": dict(GOOD_AGENT)}
        body.update(changes)
        return json.dumps(body).encode()

    def refused(self, data, code="bad_request", through=parsed):
        answer = through(data)
        self.assertIs(answer["ok"], False, data)
        self.assertEqual(answer["error"]["code"], code, answer)
        self.assertTrue(answer["error"]["message"] and answer["error"]["hint"], answer)
        self.assertIs(answer["error"]["retryable"], False)

    def test_not_json(self):
        for data in (b"", b"{", b"[]", b'"x"', b"null", b"\xff\xfe", b"[" * 100000, b"{}" + b" " * (2 << 20)):
            with self.subTest(data[:20]):
                self.refused(data, through=ask)

    def test_envelope(self):
        self.refused(self.request(infra="../x"), through=ask)
        self.refused(self.request(verb="destroy_all"), "unknown_verb")
        self.refused(self.request(verb=None), "unknown_verb")
        for change in ({"api": 2}, {"api": True}, {"api": "1"}, {"runtime": "vm"}, {"runtime": None},
                       {"runtime": ["auto"]}, {"params": []}, {"params": {"bridge": "x"}}, {"server": None},
                       {"agent": "x"}):
            with self.subTest(change):
                self.refused(self.request(**change))

    def test_state_dir(self):
        for value in ("", "/", "//", "relative/x", "/tmp/../etc", "/tmp/a\0b", "/tmp/a\nb", 7, None, "/" + "a" * 5000):
            with self.subTest(value):
                self.refused(self.request(state_dir=value))

    def test_names(self):
        for value in ("", "..", "a..b", "../x", "a/b", "-a", "a-", ".a", "a b", "a" * 64, "\u00e9", "a\n", None, 5, []):
            with self.subTest(value):
                self.refused(self.request(workspace=value))
                self.refused(self.request(infra=value))

    def test_host_names(self):
        for value in ("", "-a", "a-", "A", "a_b", "a..b", ".a", "a.", "10.0.0.1", "localhost", "a" * 64, "a b", "a\n",
                      "../x", "a/b", None, 1, {}):
            with self.subTest(value):
                self.refused(self.request(server={**GOOD_SERVER, "hostname": value}))
                self.refused(self.request(verb="delete_server", server={"hostname": value}))

    def test_server(self):
        for change in ({"plan": "huge"}, {"plan": ["small"]}, {"labels": []}, {"labels": {"a b": "x"}},
                       {"labels": {"a": 1}}, {"labels": {"a": "x\ny"}}, {"labels": {"a": "x" * 300}},
                       {"labels": {f"k{n}": "v" for n in range(65)}}, {"params": {"docker_socket": "rel"}},
                       {"params": {"docker_socket": 1}}, {"params": {"image": "x"}}, {"params": "x"},
                       {"params": {"rehearsals": "yes"}}, {"params": {"rehearsals": 2}}, {"params": {"rehearsals": []}}):
            with self.subTest(change):
                self.refused(self.request(server={**GOOD_SERVER, **change}))

    def test_storages_and_networks(self):
        good = {"storages": [{"name": "root", "size_gb": 10, "type": "ssd"}, {"name": "d", "mount_path": "/var/lib/d"}],
                "networks": [{"name": "public"}, {"name": "n", "cidr": "10.0.0.0/24", "address": "10.0.0.5"}]}
        params = {key: json.dumps(value) for key, value in good.items()}
        asked = harness.request.parse(self.request(server={**GOOD_SERVER, "params": params}))
        self.assertEqual(asked.storages, [{"name": "d", "mount_path": "/var/lib/d"}])
        self.assertEqual(asked.networks, [{"name": "n", "cidr": "10.0.0.0/24", "address": "10.0.0.5"}])
        storage, lan = {"name": "d"}, {"name": "n"}
        bad = [("storages", value) for value in ("x", {}, [1], [{}], [{"name": "a b"}], [{"name": "../x"}], [storage, storage],
               [{**storage, "nod": 1}], [storage] * 65, [{"name": "root", "mount_path": "/data"}],
               [{"name": "a", "mount_path": "/d"}, {"name": "b", "mount_path": "/d"}])]
        bad += [("storages", [{**storage, "mount_path": path}]) for path in
                ("", "/", "d", "/a/../etc", "/a//b", "//a", "/a/", "/a b", "/a\n", "/etc", "/usr", "/var/lib", "/proc", "/dev/x",
                 "/run/x", "/tmp", "/var/lib/provisioning-agent/x", "/a\ud800", "/" + "a" * 2000, 7)]
        bad += [("networks", [{**lan, **change}]) for change in
                ({"cidr": "10.0.0.0"}, {"cidr": "10.0.0.0/33"}, {"cidr": "fd00::/64"}, {"cidr": "10.0.0.0/30"}, {"cidr": 1},
                 {"cidr": "8.8.8.0/24"}, {"address": "10.0.0.5"}, {"cidr": "10.0.0.0/24", "address": "10.0.1.5"},
                 {"cidr": "10.0.0.0/24", "address": "10.0.0.0"}, {"cidr": "10.0.0.0/24", "address": "10.0.0.1"},
                 {"cidr": "10.0.0.0/24", "address": "10.0.0.255"}, {"cidr": "10.0.0.0/24", "address": "x"},
                 {"name": "public", "cidr": "10.0.0.0/24"})]
        for key, value in bad:
            with self.subTest(key, value=value):
                self.refused(self.request(server={**GOOD_SERVER, "params": {key: json.dumps(value)}}))
        for value in ("{", [1], {"a": 1}, 5, "[" * 100000):
            with self.subTest(value):
                self.refused(self.request(server={**GOOD_SERVER, "params": {"storages": value}}))

    def test_agent(self):
        for change in ({"program": "/no/such"}, {"program": "true"}, {"program": "/tmp"}, {"program": "/etc/passwd"},
                       {"join_token": ""}, {"join_token": "a\nb"}, {"join_token": 1}, {"join_token": "t" * 9000},
                       {"endpoint": 1}, {"endpoint": "a\rb"}):
            with self.subTest(change):
                self.refused(self.request(agent={**GOOD_AGENT, **change}))

    def test_describe_needs_nothing(self):
        answer = ask(b'{"api": 1, "verb": "describe"}')
        self.assertEqual((answer["ok"], answer["name"]), (True, "local"))
        self.assertEqual(answer["runtimes"], ["container", "namespace"])
        plans = ", ".join(plan["name"] for plan in answer["plans"])
        with open(os.path.join(harness.SCRIPTS, "..", "manifest.yaml"), encoding="utf-8") as manifest:
            self.assertIn(f"\nplans: [{plans}]\n", manifest.read(), "what is refused before a host is touched")

    def test_requirements(self):
        for runtime in ask(b'{"api": 1, "verb": "describe"}')["runtimes"]:
            argv = [os.path.join(harness.SCRIPTS, "requirements"), runtime]
            out = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
            self.assertIn("mmdebstrap", out.split())
