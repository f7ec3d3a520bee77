"""The runtime "container": a host is a container with systemd, made through the Docker API."""
import os
import time
from urllib.parse import quote

from . import engine, host_files, network, procs
from .base_image import BaseImage
from .docker_api import EngineRefused
from .errors import ProviderError
from .request import PLANS
from .say import say

LABEL = "provisioning.local"
IMAGE = "localhost/provisioning-local-{}:latest"
TOOLS = ("mmdebstrap", "ip", "setpriv", "unshare")
NAME = "container"
SETTLE_S = 30


class Containers:
    BINDS_PLANS = True  # a container is held to the CPUs and memory of its plan

    def __init__(self, state, record, wanted_socket=""):
        """record: the infra's network, as far as it is known."""
        self._state = state
        self._engine = engine.reopen(state, record) if "socket" in record else engine.find(state, wanted_socket)
        self._api = self._engine.api
        self._image = None

    # -- what all hosts of the infra share
    def describe_engine(self):
        return {"own_engine": self._engine.own, "socket": self._api.path}

    def ensure_image(self):
        procs.need(TOOLS, NAME)
        self._image = BaseImage(self._state, "init")
        if self._has_image():
            return False
        self._image.ensure_tar()
        with self._state.image_lock():
            if self._has_image():
                return False
            self._drop_half_images()
            self._import_image()
        return True

    def _has_image(self):
        name = quote(IMAGE.format(self._image.name), safe="")
        return self._api.call("GET", f"/images/{name}/json", missing_ok=(404,)) is not None

    def _import_image(self):
        say(f"importing the base image into {self._engine.kind}")
        query = {"fromSrc": "-", "repo": IMAGE.format(self._image.name).rpartition(":")[0], "tag": "latest",
                 "changes": f"LABEL {LABEL}=image"}
        with open(self._image.tar, "rb") as tar:
            self._api.call("POST", "/images/create", query=query, raw=tar, timeout_s=900)
        if not self._has_image():
            raise ProviderError("engine_error", "the container engine took the base image but does not know it",
                                "look at the engine's log and try again", True)

    def _drop_half_images(self):
        """An import that was killed leaves an image without a name. Only ours: they carry our label."""
        filters = f'{{"dangling":["true"],"label":["{LABEL}=image"]}}'
        self._api.call("POST", "/images/prune", query={"filters": filters}, timeout_s=300)

    def plan_network(self):
        """What ensure_network() needs beyond a subnet."""
        return {"name": f"provisioning-{self._state.scope}"}

    def used_subnets(self):
        """Subnets of the engine's networks: they have no bridge as long as no container runs in them."""
        found = []
        for entry in self._api.call("GET", "/networks"):
            found += [c["Subnet"] for c in (entry.get("IPAM") or {}).get("Config") or [] if c.get("Subnet")]
        return found

    def ensure_network(self, record):
        """REQUIRES: a planned record with a free or our own subnet."""
        if self._api.call("GET", f"/networks/{record['name']}", missing_ok=(404,)) is None:
            if self._engine.is_podman:
                self._create_podman_network(record)
            else:
                self._create_docker_network(record)
        if self._engine.is_podman:
            # podman makes the bridge with the first container and takes it away with the last; the coordinator
            # wants to listen on it before and after.
            network.ensure_bridge(record)

    def _create_podman_network(self, record):
        # Through podman's own API, because the names are kept in etc-hosts: no name server has to run on the bridge.
        body = {"name": record["name"], "driver": "bridge", "network_interface": record["bridge"],
                "dns_enabled": False, "options": {"mtu": str(record["mtu"])}, "labels": {LABEL: self._state.scope},
                "subnets": [{"subnet": record["subnet"], "gateway": record["gateway"]}]}
        self._api.call("POST", "/libpod/networks/create", body=body, version=self._engine.libpod_version)

    def _create_docker_network(self, record):
        body = {"Name": record["name"], "Driver": "bridge", "CheckDuplicate": True,
                "Labels": {LABEL: self._state.scope},
                "IPAM": {"Config": [{"Subnet": record["subnet"], "Gateway": record["gateway"]}]},
                "Options": {"com.docker.network.bridge.name": record["bridge"],
                            "com.docker.network.driver.mtu": str(record["mtu"])}}
        self._api.call("POST", "/networks/create", body=body)

    def network_ready(self, record):
        known = self._api.call("GET", f"/networks/{record['name']}", missing_ok=(404,)) is not None
        return known and network.exists(record["bridge"]) and self._image_known()

    def _image_known(self):
        self._image = self._image or BaseImage(self._state, "init")
        return self._has_image()

    def probe(self, record):
        """Whether a container really runs here: better now and with a reason than in the middle of a host."""
        name = f"provisioning-{self._state.scope}_probe"
        self._remove(name)
        body = {"Image": IMAGE.format(self._image.name), "Cmd": ["/bin/true"], "Labels": {LABEL: "probe"},
                "HostConfig": {"NetworkMode": record["name"]}}
        try:
            self._create(name, body)
            self._api.call("POST", f"/containers/{name}/start")
            status = self._api.call("POST", f"/containers/{name}/wait").get("StatusCode")
        finally:
            self._remove(name)
        if status != 0:
            raise ProviderError("no_engine", f"containers do not run here: /bin/true ended with {status}",
                                "look at the engine's log, or choose the runtime namespace")
        if self._engine.is_podman:
            network.ensure_bridge(record)

    def remove_network(self, record):
        for inner in record.get("networks", {}):
            self.remove_inner_network(inner)
        name = record.get("name")
        if name:
            self._remove(f"provisioning-{self._state.scope}_probe")
            self._api.call("DELETE", f"/networks/{name}", missing_ok=(404,))
        if "bridge" in record:
            network.remove_bridge(record["bridge"])

    # -- a network that settings name
    def ensure_inner_network(self, record, name):
        engine_name = self._inner_name(name)
        if self._api.call("GET", f"/networks/{engine_name}", missing_ok=(404,)) is not None:
            return
        subnet, bridge, mtu = record["networks"][name], self._state.inner_bridge(name), str(record["mtu"])
        labels = {LABEL: self._state.scope, f"{LABEL}.network": name}
        if self._engine.is_podman:
            body = {"name": engine_name, "driver": "bridge", "network_interface": bridge, "dns_enabled": False,
                    "internal": True, "options": {"mtu": mtu}, "labels": labels, "subnets": [{"subnet": subnet}]}
            self._api.call("POST", "/libpod/networks/create", body=body, version=self._engine.libpod_version)
        else:
            body = {"Name": engine_name, "Driver": "bridge", "CheckDuplicate": True, "Internal": True, "Labels": labels,
                    "IPAM": {"Config": [{"Subnet": subnet}]},
                    "Options": {"com.docker.network.bridge.name": bridge, "com.docker.network.driver.mtu": mtu}}
            self._api.call("POST", "/networks/create", body=body)

    def remove_inner_network(self, name):
        self._api.call("DELETE", f"/networks/{self._inner_name(name)}", missing_ok=(404,))
        network.remove_bridge(self._state.inner_bridge(name))

    def _inner_name(self, name):
        return f"provisioning-{self._state.scope}-net-{name}"

    # -- one host
    def make(self, record, host, agent):
        """A new container with the agent in it, not started."""
        name = self._name(host["hostname"])
        self._remove(name)
        body = self._container(record, host)
        made = self._create(name, body)
        for one in host.get("networks", []):
            self._api.call("POST", f"/networks/{self._inner_name(one['name'])}/connect", body={
                "Container": made["Id"], "EndpointConfig": {"IPAMConfig": {"IPv4Address": one["address"]}}})
        self._api.call("PUT", f"/containers/{name}/archive", query={"path": "/"},
                       raw=host_files.agent_tar(agent, with_unit=True))
        return {"id": made["Id"]}

    def _container(self, record, host):
        folder = self._state.host_folder(host["hostname"])
        labels = {LABEL: self._state.scope, f"{LABEL}.hostname": host["hostname"],
                  f"{LABEL}.workspace": self._state.workspace, f"{LABEL}.infra": self._state.infra}
        labels.update({f"{LABEL}.label.{key}": value for key, value in host["labels"].items()})
        config = {"NetworkMode": record["name"], "CapAdd": ["NET_ADMIN", "NET_RAW"], **self._limits(host["plan"]),
                  "Binds": [f"{host_files.etc_hosts(folder)}:/etc/hosts",
                            f"{host_files.agent_state(folder)}:{host_files.AGENT_STATE}"]}
        config["Mounts"] = [{"Type": "bind", "Source": self._state.volume(host["hostname"], one["name"]),
                             "Target": one["mount_path"]} for one in host.get("storages", [])]
        if host.get("rehearsals"):
            _add_rehearsal_needs(config)
        environment = []
        if not self._engine.is_podman:
            _add_systemd_needs(config)
            environment = ["container=docker"]  # systemd looks at it to know that it is in a container
        endpoint = {"IPAMConfig": {"IPv4Address": host["address"]}}
        return {"Image": IMAGE.format(self._image.name), "Hostname": host["hostname"], "Labels": labels,
                # podman sees /sbin/init and prepares what systemd needs (tmpfs, cgroup, stop signal) by itself.
                "Cmd": ["/sbin/init"], "StopSignal": "SIGRTMIN+3", "Env": environment, "HostConfig": config,
                "NetworkingConfig": {"EndpointsConfig": {record["name"]: endpoint}}}

    def _limits(self, plan):
        """Limits of the plan that the engine can enforce on this machine."""
        bounds = PLANS[plan]
        if not bounds["cpus"]:
            return {}
        info = self._api.call("GET", "/info")
        limits = {}
        if info.get("MemoryLimit"):
            limits["Memory"] = bounds["memory_mb"] << 20
        if info.get("CpuCfsQuota", info.get("CPUCfsQuota")):
            limits["NanoCpus"] = min(bounds["cpus"], os.cpu_count() or 1) * 10**9
        return limits

    def start(self, record, host):
        self._api.call("POST", f"/containers/{host['id']}/start", missing_ok=(304,))
        if not self.running(host):
            raise ProviderError("host_failed", f"{host['hostname']} ended as soon as it was started",
                                f"delete it and create it again; see the logs of container {host['id'][:12]}", True)

    def running(self, host):
        return self._inspect(host).get("Running", False)

    def exists(self, host):
        return bool(host.get("id")) and bool(self._inspect(host))

    def _inspect(self, host):
        if not host.get("id"):
            return {}
        found = self._api.call("GET", f"/containers/{host['id']}/json", missing_ok=(404,))
        return (found or {}).get("State", {})

    def remove(self, record, host):
        self._remove(self._name(host["hostname"]))
        if self._engine.is_podman and record.get("subnet"):
            network.ensure_bridge(record)

    def first_process(self, host):
        """Its process id, or 0 when the host does not run."""
        return self._inspect(host).get("Pid", 0)

    def _name(self, hostname):
        return f"provisioning-{self._state.scope}-{hostname}"

    # The engine goes on with what a killed call asked for. So a container may appear after it was found to be
    # absent, and be in removal when it is to be removed: both pass within moments.
    def _create(self, name, body):
        deadline = time.monotonic() + SETTLE_S
        while True:
            try:
                return self._api.call("POST", "/containers/create", query={"name": name}, body=body)
            except EngineRefused as refused:
                if not _name_in_use(refused) or time.monotonic() > deadline:
                    raise
            self._remove(name)

    def _remove(self, name):
        deadline = time.monotonic() + SETTLE_S
        while True:
            try:
                return self._api.call("DELETE", f"/containers/{name}", query={"force": "true", "v": "true"},
                                      missing_ok=(404,))
            except EngineRefused:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.1)


def _name_in_use(refused):
    # Docker says so with the status, podman 4 with the text.
    return refused.status == 409 or "already in use" in refused.message


def _add_rehearsal_needs(config):
    """What an agent needs for namespaces and overlays. systemd takes SYS_ADMIN for leave to confine services, and then
    needs SYS_PTRACE for that."""
    config["CapAdd"] += ["SYS_ADMIN", "SYS_PTRACE"]
    if os.path.isdir("/sys/kernel/security/apparmor"):
        config["SecurityOpt"] = ["apparmor=unconfined"]


def _add_systemd_needs(config):
    """Docker, unlike podman, has to be told what systemd needs: its tmpfs, and a cgroup tree it may write to."""
    old_cgroups = "/sys/fs/cgroup/systemd"
    tree = old_cgroups if os.path.isdir(old_cgroups) else "/sys/fs/cgroup"
    config["Tmpfs"] = {"/run": "", "/run/lock": "", "/tmp": "exec"}
    config["CgroupnsMode"] = "host"
    config["Binds"].append(f"{tree}:{tree}:rw")

