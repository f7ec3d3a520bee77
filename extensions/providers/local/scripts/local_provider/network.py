"""Subnets, bridges and the way out of them.

One network per workspace and infra: a bridge with a /24 of 10.89.0.0/16 to 10.99.0.0/16. The first address is the
bridge's own, where hosts reach the coordinator; the others are the hosts'. What settings call networks are bridges
beside it that only join hosts: the machine has no address in them.
"""
import contextlib
import ipaddress
import json
import socket
import time

from . import procs
from .errors import ProviderError

SUBNETS = [f"10.{second}.{third}.0/24" for second in range(89, 100) for third in range(256)]
WAIT_S = 60


@contextlib.contextmanager
def subnet_choice():
    """Held from looking for a free subnet until it can be seen as used.

    The name of an abstract socket belongs to the network namespace, just as the subnets do: calls with other state
    folders, or in another container, are kept out too, and it ends with the process.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as guard:
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                guard.bind("\0provisioning-local-subnet-choice")
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise ProviderError("busy", "another call is choosing a subnet", "try again later", True) from None
                time.sleep(0.02)
        yield


def used_on_machine():
    """Subnets that this machine has an address in or a route to; the default route is none of them."""
    used = []
    for address in _ip_json("-4", "addr", "show"):
        used += [f"{a['local']}/{a['prefixlen']}" for a in address.get("addr_info", []) if "local" in a]
    used += [r["dst"] for r in _ip_json("-4", "route", "show", "table", "all") if r.get("dst") != "default"]
    return used


def choose(seed, used):
    """A free subnet, the same for the same seed as long as it is free. REQUIRES: subnet_choice() is held."""
    taken = []
    for text in used:
        with contextlib.suppress(ValueError):
            taken.append(ipaddress.ip_network(text, strict=False))
    start = int(seed, 16) % len(SUBNETS)
    for text in SUBNETS[start:] + SUBNETS[:start]:
        subnet = ipaddress.ip_network(text)
        if not any(subnet.overlaps(other) for other in taken):
            return text
    raise ProviderError("address_space_full", "no free subnet in 10.89.0.0/16 to 10.99.0.0/16",
                        "tear down infras that are no longer used")


def gateway_of(subnet):
    return str(ipaddress.ip_network(subnet)[1])


def free_address(subnet, taken):
    for address in list(ipaddress.ip_network(subnet).hosts())[1:]:
        if str(address) not in taken:
            return str(address)
    raise ProviderError("address_space_full", f"all 253 addresses of {subnet} are in use",
                        "use a second infra, or delete hosts")


def outward_mtu():
    """Of the device of the default route: a bridge with a larger one would lose packets on the way out."""
    for route in _ip_json("-4", "route", "show", "default"):
        for link in _ip_json("link", "show", "dev", route.get("dev", "")):
            return int(link.get("mtu", 1500))
    return 1500


def ensure_bridge(network):
    """Makes or completes the bridge; harmless when it is there already."""
    bridge, prefix = network["bridge"], network["subnet"].split("/")[1]
    if not exists(bridge):
        _add_bridge(bridge)
    _ip("link", "set", bridge, "mtu", str(network["mtu"]), "up")
    _ip("-4", "addr", "replace", f"{network['gateway']}/{prefix}", "brd", "+", "dev", bridge)


def ensure_inner_bridge(bridge, mtu):
    """One in which the machine has no address: only hosts meet there."""
    if not exists(bridge):
        _add_bridge(bridge)
    _ip("link", "set", bridge, "mtu", str(mtu), "up")
    _pass_strict_forwarding(bridge)


def remove_inner_bridge(bridge):
    _stop_passing(bridge)
    remove_bridge(bridge)


def _add_bridge(bridge):
    status, _, err = procs.run(["ip", "link", "add", bridge, "type", "bridge"])
    if status != 0 and not exists(bridge):  # another call or the engine may have been faster
        raise ProviderError("network_failed", f"the bridge cannot be made: {err.strip()}",
                            "check that this process is root and the kernel has bridges (modprobe bridge)")


def remove_bridge(bridge):
    if exists(bridge):
        procs.run(["ip", "link", "del", bridge])


def exists(device):
    return procs.run(["ip", "link", "show", "dev", device])[0] == 0


def ensure_way_out(network):
    """Hosts reach what the machine reaches, under the machine's address."""
    _forward_packets()
    bridge, subnet = network["bridge"], network["subnet"]
    _nft(f"""add table ip {bridge}
flush table ip {bridge}
table ip {bridge} {{
  chain out {{
    type nat hook postrouting priority 100; policy accept;
    ip saddr {subnet} oifname != "{bridge}" masquerade
  }}
}}
""")
    _pass_strict_forwarding(bridge)


def _forward_packets():
    """Opened twice: the kernel drops, without an error, what is written behind the place where a reader stopped."""
    switch = "/proc/sys/net/ipv4/ip_forward"
    with open(switch, encoding="ascii") as now:
        if now.read().strip() == "1":
            return
    with open(switch, "w", encoding="ascii") as forward:
        forward.write("1\n")


def remove_way_out(bridge):
    procs.run(["nft", "delete", "table", "ip", bridge])
    _stop_passing(bridge)


def _stop_passing(bridge):
    for handle in _own_forward_rules(bridge):
        procs.run(["nft", "delete", "rule", "ip", "filter", "FORWARD", "handle", str(handle)])


def has_way_out(bridge):
    return procs.run(["nft", "list", "table", "ip", bridge])[0] == 0


def _pass_strict_forwarding(bridge):
    """A firewall or a container engine may drop what it does not know: an accept of ours cannot overrule a drop in
    another table, so the rules have to go into that chain."""
    chain = _forward_chain()
    if any(o.get("chain", {}).get("policy") == "drop" for o in chain) and not _own_forward_rules(bridge):
        for side in ("iifname", "oifname"):
            _nft(f'insert rule ip filter FORWARD {side} "{bridge}" counter accept comment "{bridge}"\n')


def _forward_chain():
    status, out, _ = procs.run(["nft", "-j", "list", "chain", "ip", "filter", "FORWARD"])
    return json.loads(out).get("nftables", []) if status == 0 else []


def _own_forward_rules(bridge):
    rules = (o["rule"] for o in _forward_chain() if "rule" in o)
    return [rule["handle"] for rule in rules if rule.get("comment") == bridge]


def filter_tables():
    """Names of the two tables container engines make in the machine's firewall, as far as they exist."""
    status, out, _ = procs.run(["nft", "-j", "list", "tables", "ip"])
    tables = [o["table"]["name"] for o in json.loads(out)["nftables"] if "table" in o] if status == 0 else []
    return [name for name in tables if name in ("nat", "filter")]


def remove_idle_engine_tables(before):
    """netavark leaves its tables behind, and with them connection tracking for the whole machine. They go when
    they were not there before our engine came and nothing in them belongs to a network or to anybody else."""
    for table in filter_tables():
        if table not in before and _idle(table):
            procs.run(["nft", "delete", "table", "ip", table])


def _idle(table):
    status, out, _ = procs.run(["nft", "-j", "list", "table", "ip", table])
    if status != 0:
        return False
    objects = json.loads(out)["nftables"]
    chains = [o["chain"] for o in objects if "chain" in o]
    known = {"POSTROUTING", "PREROUTING", "INPUT", "OUTPUT", "FORWARD", "NETAVARK_FORWARD", "NETAVARK-HOSTPORT-SETMARK",
             "NETAVARK-HOSTPORT-MASQ", "NETAVARK-HOSTPORT-DNAT"}
    if any(c["name"] not in known or c.get("policy", "accept") != "accept" for c in chains):
        return False
    rules = [o["rule"] for o in objects if "rule" in o]
    return all(r["chain"].startswith("NETAVARK-HOSTPORT-") or "NETAVARK" in json.dumps(r["expr"]) for r in rules)


def _ip(*arguments):
    procs.check(["ip", *arguments], code="network_failed")


def _ip_json(*arguments):
    status, out, _ = procs.run(["ip", "-j", *arguments])
    return json.loads(out) if status == 0 and out.strip() else []


def _nft(script):
    procs.check(["nft", "-f", "-"], code="network_failed", data=script,
                hint="check that the kernel has nf_tables and this process is root")
