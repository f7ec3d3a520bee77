"""The runtime "namespace": a host is a process in namespaces of its own, without a container engine.

Everything that makes such a host belongs to its first process: when that ends, the kernel takes mounts, processes,
network namespace and device pairs with it. What stays is the host's folder, from which it can be started again.

  hosts/<hostname>/
    host.json, run.json      its record; the first process, as far as it runs
    lower -> images/...      the base image it was made from
    upper/ work/             what differs from that (overlay), or copy/ where overlays do not work
    root/                    where its own mount namespace puts the two together
    agent-state/ etc-hosts   bound into it
    volumes/<storage>/       its storages, bound into it too
    console.log              what its init wrote
"""
import io
import os
import re
import secrets
import shutil
import signal
import subprocess
import tarfile
import time

from . import host_files, network, procs
from .base_image import BaseImage
from .engine import wait_end
from .errors import ProviderError
from .say import say
from .store import boot_id, read_json, remove_path, short_hash, write_atomic, write_json

NAME = "namespace"
TOOLS = ("mmdebstrap", "ip", "nft", "unshare", "setpriv", "nsenter", "mount", "umount", "tar")
HELPER = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "namespace-host")
START_WAIT_S = 60
STOP_WAIT_S = 10


class Namespaces:
    BINDS_PLANS = False

    def __init__(self, state, record, wanted_socket=""):
        self._state = state
        self._image = None

    # -- what all hosts of the infra share
    def describe_engine(self):
        return {"own_engine": False}

    def ensure_image(self):
        procs.need(TOOLS, NAME)
        return self._base().ensure_folder()

    def _base(self):
        self._image = self._image or BaseImage(self._state, "plain")
        return self._image

    def plan_network(self):
        return {}

    def used_subnets(self):
        return []

    def ensure_network(self, record):
        network.ensure_bridge(record)
        network.ensure_way_out(record)

    def network_ready(self, record):
        return (network.exists(record["bridge"]) and network.has_way_out(record["bridge"])
                and os.path.isdir(self._base().folder))

    def probe(self, record):
        """Whether hosts can be made here at all: the namespaces are asked for once."""
        status, _, err = procs.run(["unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "true"])
        if status != 0:
            raise ProviderError("no_namespaces", f"this machine gives no namespaces: {err.strip()}",
                                "run the provider as root on a machine that allows them")

    def remove_network(self, record):
        for name in record.get("networks", {}):
            self.remove_inner_network(name)
        if "bridge" in record:
            network.remove_way_out(record["bridge"])
            network.remove_bridge(record["bridge"])

    # -- a network that settings name
    def ensure_inner_network(self, record, name):
        network.ensure_inner_bridge(self._state.inner_bridge(name), record["mtu"])

    def remove_inner_network(self, name):
        network.remove_inner_bridge(self._state.inner_bridge(name))

    # -- one host
    def make(self, record, host, agent):
        """The host's folder, complete; nothing runs yet. REQUIRES: nothing of an earlier try runs."""
        folder = self._state.host_folder(host["hostname"])
        for name in ("lower", "upper", "work", "copy", "root"):
            remove_path(os.path.join(folder, name))
        base = self._base().folder
        os.symlink(os.path.relpath(base, os.path.realpath(folder)), os.path.join(folder, "lower"))
        root_mode = self._root_mode()
        if root_mode == "overlay":
            content = os.path.join(folder, "upper")
            for name in ("upper", "work"):
                os.mkdir(os.path.join(folder, name), 0o755)
        else:
            content = os.path.join(folder, "copy")
            _copy_tree(base, content)
        self._fill(content, host, agent)
        return {"id": "namespace-" + short_hash(self._state.scope, host["hostname"]), "root_mode": root_mode}

    def _root_mode(self):
        """Overlay, unless the state folder lies on a file system that cannot carry the upper layer."""
        folder = os.path.join(self._state.root, f"overlay-probe-{os.getpid()}")
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("lower", "upper", "work", "root"):
            os.makedirs(os.path.join(folder, name))
        script = "mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work root"
        status, _, err = procs.run(["unshare", "--mount", "sh", "-c", script], cwd=folder)
        shutil.rmtree(folder, ignore_errors=True)
        if status == 0:
            return "overlay"
        say(f"no overlay mounts in the state folder ({err.strip()}): each host gets a copy of the base image")
        return "copy"

    def _fill(self, content, host, agent):
        with tarfile.open(fileobj=io.BytesIO(host_files.agent_tar(agent, with_unit=False))) as archive:
            archive.extractall(content)
        for name in ("opt", "etc", "opt/provisioning-agent", "var", "var/lib"):
            os.makedirs(os.path.join(content, name), exist_ok=True)
            os.chmod(os.path.join(content, name), 0o755)
        state_folder = os.path.join(content, host_files.AGENT_STATE[1:])
        os.makedirs(state_folder, mode=0o700, exist_ok=True)
        for name, text in (("hostname", host["hostname"] + "\n"), ("machine-id", secrets.token_hex(16) + "\n"),
                           ("resolv.conf", _resolv_conf())):
            write_atomic(os.path.join(content, "etc", name), text.encode(), 0o644)

    def start(self, record, host):
        folder = self._state.host_folder(host["hostname"])
        if not os.path.isdir(os.path.join(folder, "lower", "usr")):
            raise ProviderError("host_failed", f"the base image of {host['hostname']} is gone from the state folder",
                                "delete the host and create it again")
        argv = procs.outliving() + ["unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "--"]
        argv += ["sh", HELPER, host["hostname"], f"{host['address']}/24", record["gateway"], str(record["mtu"]),
                 host["root_mode"]]
        for number, one in enumerate(host.get("networks", []), 1):
            argv += ["network", f"eth{number}", f"{one['address']}/{one['prefix']}"]
        for one in host.get("storages", []):
            argv += ["storage", one["name"], one["mount_path"]]
        child = subprocess.Popen(argv, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, start_new_session=True,
                                 env={"PATH": procs.CLEAN_PATH, "LANG": "C.UTF-8"})
        with child.stdin, child.stdout:
            pid = _said_pid(child.stdout.readline())
            if not pid:
                raise ProviderError("host_failed", "the host's namespaces cannot be made",
                                    "run the provider as root on a machine that allows namespaces", True)
            write_json(_run_record(folder), _identity(pid))
            self._plug_in(record, host, pid)
            child.stdin.write(b"go\n")
            child.stdin.flush()
            ready = _line_within(child.stdout, START_WAIT_S)
        if ready != b"ready\n" or not _settled(folder):
            self._stop(folder, 0)
            raise ProviderError("host_failed", f"{host['hostname']} did not start: {_last_line(folder)}",
                                f"look at {folder}/console.log", True)

    def _plug_in(self, record, host, pid):
        """A cable between each bridge and the host. It goes when the host's network namespace does."""
        for number, (outside, bridge) in enumerate(self._cables(record, host)):
            if network.exists(outside):
                procs.run(["ip", "link", "del", outside])
            procs.check(["ip", "link", "add", outside, "type", "veth", "peer", "name", f"eth{number}", "netns", str(pid)],
                        code="network_failed")
            procs.check(["ip", "link", "set", outside, "mtu", str(record["mtu"]), "master", bridge, "up"],
                        code="network_failed")

    def _cables(self, record, host):
        """The outer ends and their bridges, that of eth0 first."""
        hostname, scope = host["hostname"], self._state.scope
        return [("pvh" + short_hash(scope, hostname), record.get("bridge"))] + [
            ("pvi" + short_hash(scope, hostname, one["name"]), self._state.inner_bridge(one["name"]))
            for one in host.get("networks", [])]

    def running(self, host):
        return self.first_process(host) > 0

    def first_process(self, host):
        """Its process id, or 0 when the host does not run."""
        return _alive(_run_record(self._state.host_folder(host["hostname"])))

    def exists(self, host):
        folder = self._state.host_folder(host["hostname"])
        return os.path.isdir(os.path.join(folder, "upper")) or os.path.isdir(os.path.join(folder, "copy"))

    def remove(self, record, host):
        self._stop(self._state.host_folder(host["hostname"]), STOP_WAIT_S)
        for outside, _ in self._cables(record, host):
            if network.exists(outside):
                procs.run(["ip", "link", "del", outside])

    def _stop(self, folder, patience_s):
        pid = _alive(_run_record(folder))
        if not pid:
            return
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            # Between the look and the open another process may have got the number.
            if _alive(_run_record(folder)) == pid:
                _end(handle, patience_s)
        finally:
            os.close(handle)


# -- the first process of a host
def _run_record(folder):
    return os.path.join(folder, "run.json")


def _stat_fields(pid):
    """Fields of /proc/PID/stat from the state on; empty when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as source:
            return source.read().rpartition(")")[2].split()
    except OSError:
        return []


def _identity(pid):
    fields = _stat_fields(pid)
    return {"pid": pid, "start": fields[19] if fields else "", "boot": boot_id()}


def _alive(path):
    """The process id of the record, or 0 when that process has ended."""
    record = read_json(path) or {}
    pid = record.get("pid", 0)
    fields = _stat_fields(pid) if pid else []
    if not fields or fields[0] in "ZX" or record != _identity(pid):
        return 0
    return pid


def _said_pid(line):
    match = re.fullmatch(rb"pid ([0-9]+)\n", line)
    return int(match[1]) if match else 0


def _line_within(stream, timeout_s):
    return stream.readline() if wait_end(stream.fileno(), timeout_s) else b""


def _settled(folder):
    """Whether the helper became the agent, and that did not end at once."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        pid = _alive(_run_record(folder))
        if not pid:
            return False
        try:
            if os.readlink(f"/proc/{pid}/exe").endswith("/provisioning-agent"):
                time.sleep(0.05)
                return _alive(_run_record(folder)) == pid
        except OSError:
            pass
        time.sleep(0.01)
    return True


def _end(handle, patience_s):
    try:
        if patience_s:
            signal.pidfd_send_signal(handle, signal.SIGTERM)
            if wait_end(handle, patience_s):
                return
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        if not wait_end(handle, 30):
            raise ProviderError("host_failed", "the host's first process does not end", "try again later", True)
    except ProcessLookupError:
        pass


def _last_line(folder):
    try:
        with open(os.path.join(folder, "console.log"), encoding="utf-8", errors="replace") as log:
            lines = [line.strip() for line in log.read()[-4000:].splitlines() if line.strip()]
    except OSError:
        lines = []
    return lines[-1] if lines else "no message"


# -- its root file system
def _copy_tree(source, target):
    part = target + ".part"
    remove_path(part)
    status, last = procs.run_tied(["cp", "-a", "--reflink=auto", source, part], "copy")
    if status != 0:
        raise ProviderError("host_failed", f"the base image cannot be copied: {last[-1:] or status}",
                            "check free disk space of the state folder", True)
    os.rename(part, target)


def _resolv_conf():
    """The machine's name servers. One that only listens on the machine's own loopback cannot be reached from a
    host; the resolver behind it is known where systemd-resolved runs."""
    content = ""
    for path in ("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"):
        try:
            with open(path, encoding="utf-8", errors="replace") as source:
                content = source.read()
        except OSError:
            continue
        servers = re.findall(r"(?m)^\s*nameserver\s+(\S+)", content)
        if any(not s.startswith("127.") and s != "::1" for s in servers):
            return content
    say("the machine's name server listens on loopback only: hosts will not resolve names outside the infra")
    return content
