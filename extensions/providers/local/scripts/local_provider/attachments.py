"""Storages and networks of a server: which there can be, and what this machine makes of them.

A storage is a folder beside the host, mounted into it. A network is one more bridge of the infra, without a way out,
with one more interface in each host that names it. Both as the coordinator sends them: one line of JSON.
"""
import ipaddress
import json
import posixpath
import re

from .errors import ProviderError

MAX = 64
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")
PATH = re.compile("/[!-~\u00a1-\ud7ff\ue000-\U0010ffff]+\\Z")  # no white space, nothing that cannot be UTF-8
STORAGE_KEYS = ("name", "size_gb", "type", "filesystem", "mount_path")
NETWORK_KEYS = ("name", "type", "cidr", "address")
ROOT = "root"      # the storage that a host has in any case
PUBLIC = "public"  # the network that a host has in any case: the infra's own, with the way out
# A folder mounted here would hide what a host cannot be without ...
NEEDED = ("/bin", "/boot", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/sbin", "/usr", "/usr/bin",
          "/usr/lib", "/usr/sbin", "/usr/share", "/var", "/var/lib", "/var/lib/apt", "/var/lib/dpkg",
          "/etc/hosts", "/etc/passwd")
# ... and these and all below them are the kernel's, or the agent's, or begin empty.
KEPT = ("/dev", "/proc", "/run", "/sys", "/tmp", "/opt/provisioning-agent", "/var/lib/provisioning-agent")
HINT = "see extensions/providers/local/docs/README.md, Storages and networks"


def bad(message, hint=HINT):
    return ProviderError("bad_request", message, hint)


def parse_storages(text):
    """[{"name", "mount_path"}], those that are mounted inside others last. The root is not among them."""
    found = []
    for one in _objects(text, "storage", STORAGE_KEYS):
        name, path = one["name"], one.get("mount_path")
        if name == ROOT:
            if path not in (None, "/"):
                raise bad(f"storage root is mounted at /, not at {path!r}")
            continue
        path = _mount_path(name, f"/mnt/{name}" if path is None else path)
        if any(path == other["mount_path"] for other in found):
            raise bad(f"two storages are mounted at {path}")
        found.append({"name": name, "mount_path": path})
    return sorted(found, key=lambda one: (one["mount_path"].count("/"), one["mount_path"]))


def parse_networks(text):
    """[{"name", "cidr", "address"}] in their order; "" where nothing is said. The infra's own is not among them."""
    found = []
    for one in _objects(text, "network", NETWORK_KEYS):
        name, cidr, address = one["name"], one.get("cidr", ""), one.get("address", "")
        if name == PUBLIC:
            if cidr or address:
                raise bad("network public is the infra's own: its addresses are chosen",
                          "leave out cidr and address, or give the network another name")
            continue
        if address and not cidr:
            raise bad(f"network {name} has an address, and no cidr that it is of", "add cidr: 10.0.0.0/24")
        subnet = _subnet(name, cidr) if cidr else None
        if address:
            _host_address(name, subnet, address)
        found.append({"name": name, "cidr": str(subnet or ""), "address": address})
    return found


def _objects(text, what, keys):
    if text in (None, ""):
        return []
    try:
        items = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        raise bad(f"the {what}s are not JSON") from None
    if not isinstance(items, list) or len(items) > MAX:
        raise bad(f"the {what}s are not a list of at most {MAX}")
    names = set()
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("name"), str) or not WORD.match(item["name"]):
            raise bad(f"a {what} has no name that is a word")
        for key, value in item.items():
            if key not in keys:
                raise bad(f"{what} {item['name']} has {key!r}, which is not known here")
            if key != "size_gb" and not isinstance(value, str):
                raise bad(f"{what} {item['name']}: {key} is not a text")
        if item["name"] in names:
            raise bad(f"{what} {item['name']} is there twice")
        names.add(item["name"])
    return items


def _mount_path(name, path):
    if not PATH.match(path) or len(path) > 1024 or posixpath.normpath(path) != path or path.startswith("//"):
        raise bad(f"storage {name} cannot be mounted at {path!r}", "a path like /srv/data: absolute, without .. and //")
    kept = next((k for k in KEPT if path == k or path.startswith(k + "/")), None)
    if kept or path in NEEDED:
        raise bad(f"storage {name} cannot be mounted at {path}: a host needs what is there",
                  "choose a folder of its own, /srv/data or /var/lib/postgresql say")
    return path


def _subnet(name, text):
    try:
        subnet = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise bad(f"network {name}: {text!r} is not a cidr", "write it like 10.0.0.0/24") from None
    if subnet.version != 4:
        raise bad(f"network {name}: {text} is IPv6, and hosts of this provider have IPv4 only", "choose 10.0.0.0/24 say")
    if not 8 <= subnet.prefixlen <= 29:
        raise bad(f"network {name}: {text} is too {'large' if subnet.prefixlen < 8 else 'small'}", "/8 to /29")
    if not subnet.is_private:
        raise bad(f"network {name}: {text} is not a private range", "choose one of 10.0.0.0/8 or 192.168.0.0/16")
    return subnet


def _host_address(name, subnet, text):
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise bad(f"network {name}: {text!r} is not an address", "write it like 10.0.0.5") from None
    if address not in subnet:
        raise bad(f"network {name}: {text} is not in {subnet}")
    if address in (subnet.network_address, subnet.broadcast_address, subnet.network_address + 1):
        raise bad(f"network {name}: {text} cannot be a host's", "the first two addresses and the last one are taken")


def join(wanted, known, own, others, choose_subnet):
    """The addresses of a new host: [{"name", "address", "prefix"}], in the order of `wanted`.

    known: {name: cidr} of the infra's networks so far, which grows here. own: the subnet that all its hosts are in.
    others: the records of its other hosts. choose_subnet(name): a free one.
    """
    joined = []
    for one in wanted:
        name = one["name"]
        if name not in known:
            known[name] = _free_subnet(one, {PUBLIC: own, **known}) if one["cidr"] else choose_subnet(name)
        _same_everywhere(one, others)
        if one["cidr"] not in ("", known[name]):
            raise ProviderError("network_differs", f"network {name} of this infra is {known[name]}, not {one['cidr']}",
                                f"write the same cidr at every host that is in {name}")
        subnet = ipaddress.ip_network(known[name])
        taken = {n["address"]: h["hostname"] for h in others for n in h.get("networks", []) if n["name"] == name}
        address = one["address"] or _free_address(name, subnet, taken)
        if address in taken:
            raise ProviderError("network_differs", f"{address} in network {name} is {taken[address]}'s",
                                "give the hosts different addresses, or none")
        joined.append({"name": name, "address": address, "prefix": subnet.prefixlen})
    return joined


def _same_everywhere(one, others):
    """Whoever comes first would choose for those that say something: so all say the same, in whatever order they come."""
    for other in others:
        for theirs in other.get("asked", {}).get("networks", []):
            if theirs["name"] == one["name"] and theirs["cidr"] != one["cidr"]:
                said = [cidr or "no cidr" for cidr in (theirs["cidr"], one["cidr"])]
                raise ProviderError("network_differs", f"network {one['name']} has {said[0]} at {other['hostname']}, "
                                    f"and {said[1]} here", "write the same cidr at every host that is in it, or none")


def _free_subnet(one, known):
    for name, other in known.items():
        if ipaddress.ip_network(one["cidr"]).overlaps(ipaddress.ip_network(other)):
            raise ProviderError("network_differs", f"network {one['name']}: {one['cidr']} overlaps {other}, which is "
                                f"network {name} of this infra", "choose another cidr")
    return one["cidr"]


def _free_address(name, subnet, taken):
    for number in range(2, subnet.num_addresses - 1):
        address = str(subnet[number])
        if address not in taken:
            return address
    raise ProviderError("address_space_full", f"all addresses of network {name} ({subnet}) are in use",
                        "take a larger cidr, or delete hosts")
