"""One function per verb. Each may have been killed anywhere before and starts from what the records say."""
import os

from . import attachments, host_files, network
from .containers import Containers
from .engine import stop_unused
from .errors import ProviderError
from .namespaces import Namespaces
from .request import PLANS
from .say import say
from .store import State, short_hash

NAME = "local"
VERSION = "0.1.0"
RUNTIMES = {"container": Containers, "namespace": Namespaces}


def run(request):
    if request.verb == "describe":
        return describe()
    if os.geteuid() != 0:
        raise ProviderError("not_root", "the local provider makes hosts as root", "run the coordinator as root")
    return {"prepare": prepare, "create_server": create_server, "delete_server": delete_server,
            "list_servers": list_servers, "get_server_status": get_server_status,
            "teardown": teardown}[request.verb](State(request), request)


def describe():
    plans = [{"name": name, **bounds} for name, bounds in PLANS.items()]
    return {"ok": True, "name": NAME, "version": VERSION, "runtimes": sorted(RUNTIMES), "plans": plans}


# -- prepare
def prepare(state, request):
    with state.infra_lock():
        record, _, changed = _prepared(state, request)
    return {"ok": True, "changed": changed, "runtime": record["runtime"], "coordinator_address": record["gateway"],
            "subnet": record["subnet"]}


def _prepared(state, request):
    """The infra's network record, its runtime, and whether something had to be made. REQUIRES: the infra's lock."""
    record = state.network()
    if record and not _fits(record, request):
        _make_room(state, record, request)
        record = None
    if record and record["phase"] == "ready":
        runtime = RUNTIMES[record["runtime"]](state, record)
        if runtime.network_ready(record):
            return record, runtime, False
        _complete(state, record, runtime)
        return record, runtime, True
    if record and record["phase"] == "making":
        _remove_network(state, record)
    return _choose_and_make(state, request)


def _fits(record, request):
    """A runtime is chosen once per infra; "auto" takes the one that is there."""
    if record["phase"] != "ready":
        return True
    same_runtime = request.runtime in ("auto", record["runtime"])
    return same_runtime and request.docker_socket in ("", record.get("socket", ""))


def _make_room(state, record, request):
    if state.all_hosts():
        raise ProviderError("runtime_conflict",
                            f"hosts of this infra run in the runtime {record['runtime']}, asked for is "
                            f"{request.runtime} {request.docker_socket}".rstrip(),
                            "delete its hosts first, or keep the runtime (auto)")
    _remove_network(state, record)


def _choose_and_make(state, request):
    if request.runtime != "auto":
        return _make(state, request.runtime, request.docker_socket)
    try:
        return _make(state, "container", request.docker_socket)
    except ProviderError as error:
        if error.code != "no_engine" and not error.code.startswith("engine"):
            raise
        say(f"no containers: {error.message}")
        say("taking the runtime namespace instead")
        _remove_network(state, state.network())
        state.save_network(_intent("namespace"))
        stop_unused(state)
        return _make(state, "namespace", "")


def _make(state, name, socket):
    record = _intent(name)
    state.save_network(record)
    runtime = RUNTIMES[name](state, {}, socket)
    record.update(runtime.describe_engine(), **runtime.plan_network())
    state.save_network(record)
    runtime.ensure_image()
    with network.subnet_choice():
        subnet = network.choose(state.scope, _used_subnets(state, runtime))
        record.update(subnet=subnet, gateway=network.gateway_of(subnet), bridge="pvb" + state.scope,
                      mtu=network.outward_mtu())
        state.save_network(record)
        runtime.ensure_network(record)
    runtime.probe(record)
    record["phase"] = "ready"
    state.save_network(record)
    return record, runtime, True


def _intent(name):
    """The record before anything is made: whoever tears down another infra sees that this one needs the engine."""
    return {"phase": "making", "runtime": name, "own_engine": name == "container"}


def _complete(state, record, runtime):
    """What a restart of the machine, or somebody else, took away."""
    runtime.ensure_image()
    with network.subnet_choice():
        runtime.ensure_network(record)


def _remove_network(state, record):
    """Undoes what _make() may have got done."""
    if not record or "bridge" not in record:  # nothing is made before the bridge's name is written down
        return
    try:
        RUNTIMES[record["runtime"]](state, record).remove_network(record)
    except ProviderError as error:
        if error.code != "no_engine":
            raise
        say(f"its engine is gone, and its networks with it: {error.message}")
        for bridge in (record["bridge"], *map(state.inner_bridge, record.get("networks", {}))):
            network.remove_bridge(bridge)


def _used_subnets(state, runtime):
    """REQUIRES: subnet_choice() is held."""
    recorded = [subnet for n in state.all_networks() for subnet in [n.get("subnet"), *n.get("networks", {}).values()]]
    return network.used_on_machine() + runtime.used_subnets() + [subnet for subnet in recorded if subnet]


# -- create
def create_server(state, request):
    with state.host_lock(request.hostname):
        with state.infra_lock():
            record, runtime, _ = _prepared(state, request)
            host = state.host(request.hostname)
            if host and host["phase"] == "deleting":
                _finish_delete(state, record, runtime, host)
                _drop_unused_networks(state, record, runtime)
                host = None
            _attached_as_asked(host, request)
            _planned_as_asked(state, runtime, host, request)
            changed = not (host and host["phase"] == "made" and runtime.exists(host))
            if changed:
                host = _register(state, record, runtime, request, host)
            for one in host.get("networks", []):
                runtime.ensure_inner_network(record, one["name"])
        if changed:
            _make_host(state, record, runtime, host, request.agent)
        elif host_files.refresh_token(state.host_folder(host["hostname"]), request.agent):
            changed = True
        if not runtime.running(host):
            say(f"starting {host['hostname']} at {host['address']}")
            runtime.start(record, host)
            changed = True
    return {"ok": True, "changed": changed, "server": _server(host, "running")}


def _attached_as_asked(host, request):
    """Storages and networks of a host are made with it."""
    if not host or host["phase"] != "made":
        return
    differs = [what for what in ("storages", "networks") if host.get("asked", {}).get(what, []) != getattr(request, what)]
    if differs:
        raise ProviderError("attachments_differ",
                            f"{host['hostname']} was made with other {' and '.join(differs)}, and they cannot be changed",
                            f"provisioning server delete {host['hostname']}, then create it again; what is in its "
                            "storages goes with it")


def _planned_as_asked(state, runtime, host, request):
    """The limits of a container are made with it; a host without limits takes another plan by its name alone."""
    if not host or host["phase"] != "made" or host["plan"] == request.plan:
        return
    if runtime.BINDS_PLANS:
        raise ProviderError("plan_differs", f"{host['hostname']} was made with the plan {host['plan']}, and its limits "
                            f"cannot become those of {request.plan}",
                            f"provisioning server delete {host['hostname']}, then create it again")
    host["plan"] = request.plan
    state.save_host(host)


def _register(state, record, runtime, request, host):
    """Gives the host its addresses and makes its name known. REQUIRES: the infra's lock."""
    others = [h for h in state.all_hosts() if h["hostname"] != request.hostname]
    taken = {h["address"] for h in others}
    address = host["address"] if host else network.free_address(record["subnet"], taken)
    networks = _join_networks(state, record, runtime, request.networks, others)
    host = {"hostname": request.hostname, "address": address, "plan": request.plan, "labels": request.labels,
            "rehearsals": request.rehearsals, "runtime": record["runtime"], "phase": "making", "id": "",
            "asked": {"storages": request.storages, "networks": request.networks}, "storages": request.storages,
            "networks": networks}
    state.save_host(host)
    host_files.update_names(state)
    return host


def _join_networks(state, record, runtime, wanted, others):
    """REQUIRES: the infra's lock."""
    known = dict(record.get("networks", {}))
    with network.subnet_choice():
        joined = attachments.join(wanted, known, record["subnet"], others, lambda name: network.choose(
            short_hash(state.scope, name), _used_subnets(state, runtime) + list(known.values())))
        if known != record.get("networks", {}):
            record["networks"] = known
            state.save_network(record)
    return joined


def _make_host(state, record, runtime, host, agent):
    say(f"making {host['hostname']} ({host['runtime']})")
    runtime.remove(record, host)  # what an interrupted try may have left
    host_files.write_agent_state(state.host_folder(host["hostname"]), agent)
    for one in host["storages"]:
        os.makedirs(state.volume(host["hostname"], one["name"]), mode=0o755, exist_ok=True)
    host.update(runtime.make(record, host, agent))
    # From here on the host is never made anew: once started its agent may have used up the token.
    host["phase"] = "made"
    state.save_host(host)


# -- delete
def delete_server(state, request):
    with state.host_lock(request.hostname):
        with state.infra_lock():
            host = state.host(request.hostname)
            if host:
                host["phase"] = "deleting"
                state.save_host(host)
                host_files.update_names(state)
        record = state.network() or {}
        if host:
            say(f"deleting {host['hostname']}")
            _finish_delete(state, record, _runtime_of(state, record, host), host)
        else:
            state.discard(state.host_folder(request.hostname))
        with state.infra_lock():
            record = state.network() or {}
            if record.get("networks"):
                _drop_unused_networks(state, record, RUNTIMES[record["runtime"]](state, record))
    return {"ok": True, "changed": bool(host)}


def _finish_delete(state, record, runtime, host):
    runtime.remove(record, host)
    state.discard(state.host_folder(host["hostname"]))


def _drop_unused_networks(state, record, runtime):
    """Those that no host names any more. REQUIRES: the infra's lock."""
    used = {one["name"] for host in state.all_hosts() for one in host.get("networks", [])}
    for name in sorted(set(record.get("networks", {})) - used):
        say(f"removing the network {name}")
        runtime.remove_inner_network(name)
        del record["networks"][name]
        state.save_network(record)


def _runtime_of(state, record, host):
    return RUNTIMES[host["runtime"]](state, record)


# -- look
def list_servers(state, request):
    hosts = state.all_hosts()
    runtime = _runtime_of(state, state.network() or {}, hosts[0]) if hosts else None
    return {"ok": True, "servers": [_server(host, _status(runtime, host)) for host in hosts]}


def get_server_status(state, request):
    host = state.host(request.hostname)
    if not host:
        absent = {"hostname": request.hostname, "address": "", "id": "", "runtime": ""}
        return {"ok": True, "server": _server(absent, "absent")}
    return {"ok": True, "server": _server(host, _status(_runtime_of(state, state.network() or {}, host), host))}


def _status(runtime, host):
    return "running" if host["phase"] == "made" and runtime.running(host) else "stopped"


def _server(host, status):
    return {"id": host["id"], "hostname": host["hostname"], "address": host["address"], "runtime": host["runtime"],
            "addresses": [a for a in [host["address"], *(n["address"] for n in host.get("networks", []))] if a],
            "status": status,
            "plan": host.get("plan", ""), "labels": host.get("labels", {})}


# -- teardown
def teardown(state, request):
    with state.infra_lock():
        hosts = state.all_hosts()
        if hosts:
            raise ProviderError("hosts_exist", "there are still hosts: " + ", ".join(h["hostname"] for h in hosts),
                                "delete them first")
        record = state.network()
        if record:
            say(f"removing the network of {state.workspace}/{state.infra}")
            _remove_network(state, record)
        changed = state.remove_infra()
    stop_unused(state)
    return {"ok": True, "changed": changed}
