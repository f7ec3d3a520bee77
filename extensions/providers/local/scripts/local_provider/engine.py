"""Finds a container engine that speaks the Docker API, or runs one of the provider's own.

Its own one is `podman system service` with its store, networks and settings below state_dir/engine, and what only
lasts until the next boot in a folder of /run, because podman and sockets want short paths there. It serves until the
last infra of the state folder is torn down; when it dies the next call starts it again, and containers do not notice.
Which process it is, the socket knows: there is no pid file to go stale.
"""
import os
import resource
import select
import shutil
import signal
import subprocess
import time

from . import network, procs
from .docker_api import DockerApi, server_pid
from .errors import ProviderError
from .say import say
from .store import boot_id, read_json, short_hash, write_json

WELL_KNOWN = ("/run/podman/podman.sock", "/run/docker.sock", "/var/run/docker.sock")
START_WAIT_S = 30
HELPER_WAIT_S = 5
NO_ENGINE_HINT = ("apt-get install -y --no-install-recommends "
                  "$(extensions/providers/local/scripts/requirements container), or start Docker, "
                  "or choose the runtime namespace")


class Engine:
    def __init__(self, api, own, headers):
        self.api = api
        self.own = own
        self.is_podman = "Libpod-Api-Version" in headers
        self.libpod_version = "v" + (headers.get("Libpod-Api-Version") or "4.0.0")

    @property
    def kind(self):
        return "podman" if self.is_podman else "docker"


def candidates(wanted_socket):
    """Sockets somebody else serves, best first."""
    if wanted_socket:
        return [wanted_socket]
    from_environment = os.environ.get("DOCKER_HOST", "")
    found = [from_environment.removeprefix("unix://")] if from_environment.startswith("unix://") else []
    return found + [path for path in WELL_KNOWN if os.path.exists(path)]


def find(state, wanted_socket):
    """An engine for a new infra."""
    for path in candidates(wanted_socket):
        headers = DockerApi(path).ping()
        if headers is not None:
            return Engine(DockerApi(path), False, headers)
        if wanted_socket:
            raise ProviderError("no_engine", f"no container engine answers on {path}",
                                "start it, or leave docker_socket out", True)
    return own(state)


def reopen(state, record):
    """The engine an infra was made with."""
    if record["own_engine"]:
        return own(state)
    headers = DockerApi(record["socket"]).ping()
    if headers is None:
        raise ProviderError("no_engine", f"the container engine of this infra does not answer on {record['socket']}",
                            "start it again and send the same request", True)
    return Engine(DockerApi(record["socket"]), False, headers)


def _run_folder(state):
    return f"/run/provisioning-local-{short_hash(os.path.realpath(state.root))}"


def own_socket(state):
    return os.path.join(_run_folder(state), "podman.sock")


def own(state):
    """The provider's own engine, running."""
    path = own_socket(state)
    headers = DockerApi(path).ping()
    if headers is None:
        if not procs.find("podman"):
            raise ProviderError("no_engine", "no container engine is running and podman is not installed",
                                NO_ENGINE_HINT)
        with state.engine_lock():
            headers = DockerApi(path).ping() or _start(state, path)
    return Engine(DockerApi(path), True, headers)


def _start(state, path):
    """REQUIRES: the engine's lock."""
    say("starting a container engine (podman) of our own")
    os.makedirs(state.engine, mode=0o700, exist_ok=True)
    _fresh_run_folder(state)
    config = _write_settings(state)
    if read_json(_before(state)) is None:
        write_json(_before(state), {"filter_tables": network.filter_tables()})
    if os.path.lexists(path):
        os.unlink(path)
    log_path = os.path.join(state.engine, "service.log")
    with open(log_path, "wb") as log:
        argv = procs.outliving() + _podman(state) + ["system", "service", "--time=0", f"unix://{path}"]
        service = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                                   start_new_session=True, env=procs.environment(**config))
    deadline = time.monotonic() + START_WAIT_S
    while time.monotonic() < deadline and service.poll() is None:
        headers = DockerApi(path).ping()
        if headers is not None:
            return headers
        time.sleep(0.05)
    if service.poll() is None:
        service.kill()
    with open(log_path, encoding="utf-8", errors="replace") as log:
        reason = log.read()[-2000:].strip().splitlines()[-1:] or ["no message"]
    raise ProviderError("no_engine", f"podman does not start: {reason[0]}",
                        "mend that, or choose the runtime namespace", True)


def _podman(state):
    run = _run_folder(state)
    return ["podman", "--root", os.path.join(state.engine, "root"), "--runroot", run + "/run", "--tmpdir", run + "/tmp",
            "--network-config-dir", os.path.join(state.engine, "networks")]


def _fresh_run_folder(state):
    """It says what runs, so it must not outlast a boot, which it does where /run lies on a disk."""
    run = _run_folder(state)
    stamp = os.path.join(run, "boot.json")
    if read_json(stamp) != {"boot": boot_id()}:
        shutil.rmtree(run, ignore_errors=True)
        os.makedirs(run, mode=0o700)
        write_json(stamp, {"boot": boot_id()})


def _write_settings(state):
    """Settings of our own, so that neither the machine's nor the caller's change what we get."""
    settings = {"CONTAINERS_CONF": os.path.join(state.engine, "containers.conf"),
                "CONTAINERS_STORAGE_CONF": os.path.join(state.engine, "storage.conf")}
    with open(settings["CONTAINERS_CONF"], "w", encoding="utf-8") as out:
        out.write(_containers_conf())
    with open(settings["CONTAINERS_STORAGE_CONF"], "w", encoding="utf-8") as out:
        out.write(_storage_conf(state))
    return settings


def _containers_conf():
    # Limits above our own hard ones, or above those podman gives itself, would need a capability that is often
    # not there.
    files, processes = _hard_limit("RLIMIT_NOFILE", 1048576), _hard_limit("RLIMIT_NPROC", 32768)
    manager = "systemd" if os.path.isdir("/run/systemd/system") else "cgroupfs"
    # crun refuses the old cgroup layout, runc takes both.
    old_cgroups = not os.path.exists("/sys/fs/cgroup/cgroup.controllers")
    runtime = 'runtime="runc"\n' if procs.find("runc") and (old_cgroups or not procs.find("crun")) else ""
    return (f'[containers]\ndefault_ulimits=["nofile={files}:{files}","nproc={processes}:{processes}"]\n'
            f'log_driver="k8s-file"\nlog_size_max=1048576\n'
            f'[engine]\ncgroup_manager="{manager}"\nevents_logger="file"\n{runtime}'
            f'[network]\nnetwork_backend="netavark"\n')


def _hard_limit(name, most):
    hard = resource.getrlimit(getattr(resource, name))[1]
    return most if hard == resource.RLIM_INFINITY else min(hard, most)


def _storage_conf(state):
    text = f'[storage]\ndriver="overlay"\nrunroot="{_run_folder(state)}/run"\ngraphroot="{state.engine}/root"\n'
    if procs.run(["stat", "-f", "-c", "%T", state.engine])[1].strip() != "overlayfs":
        return text
    if procs.find("fuse-overlayfs"):
        return text + '[storage.options.overlay]\nmount_program="/usr/bin/fuse-overlayfs"\n'
    say("the state folder lies on an overlay file system and fuse-overlayfs is not installed: images are copied")
    return text.replace("overlay", "vfs")


def _before(state):
    return os.path.join(state.engine, "before.json")


def stop_unused(state):
    """Stops the provider's own engine when no infra of the state folder needs it. Images stay."""
    with state.engine_lock():
        if not os.path.isdir(state.engine) or any(n.get("own_engine") for n in state.all_networks()):
            return
        service = server_pid(own_socket(state))
        if service:
            say("stopping our own container engine")
        _stop(service)
        _end_helpers(state)
        for folder in (state.engine, _run_folder(state)):
            _unmount_below(folder)
        shutil.rmtree(_run_folder(state), ignore_errors=True)
        before = read_json(_before(state))
        if before is not None:
            network.remove_idle_engine_tables(before.get("filter_tables", []))
            os.unlink(_before(state))


def _stop(pid):
    if not pid:
        return
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        if not wait_end(handle, 10):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            wait_end(handle, 10)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)


def _end_helpers(state):
    """Each container's monitor calls podman once more when the container is gone, and that would mount the store
    again. Mostly they have ended by now."""
    deadline = time.monotonic() + HELPER_WAIT_S
    while _helpers(state) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in _helpers(state):
        _stop(pid)


def _helpers(state):
    """Processes of podman that work on our store."""
    ours = os.path.join(state.engine, "root").encode()
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as source:
                arguments = source.read().split(b"\0")
        except OSError:
            continue
        if ours in arguments and os.path.basename(arguments[0]) in (b"podman", b"conmon"):
            found.append(int(pid))
    return found


def wait_end(pidfd, timeout_s):
    """Whether the process ended in time."""
    return bool(select.select([pidfd], [], [], timeout_s)[0])


def _unmount_below(folder):
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as table:
        points = [line.split()[4].encode().decode("unicode_escape") for line in table]
    for point in sorted((p for p in points if p.startswith(os.path.realpath(folder) + "/")), reverse=True):
        procs.run(["umount", "-l", point])
