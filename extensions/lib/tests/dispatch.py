#!/usr/bin/python3
"""Stands in for the coordinator: makes of one task service what the agent would unpack on a host.

usage: dispatch.py EXTENSION DESTINATION HOSTNAME ADDRESS VERB [param:NAME=VALUE | host:TASKSERV=HOSTNAME=ADDRESS |
                   secret:NAME=FILE]...

Fills DESTINATION with scripts/, templates/, rendered/ and secrets/, and environment (lines for a shell to source).
"""

import os
import re
import shlex
import shutil
import sys

import yaml

TAG = re.compile(r"(?P<line>^[ \t]*)?\{\{(?P<kind>[#/]?)\s*(?P<name>[\w.-]+)\s*\}\}(?P<end>[ \t]*\n)?", re.M)


def parse(text):
    """Template text as a list of str, ("name", N) and ("section", N, list). A section tag alone on a line takes the
    whole line with it."""
    root, position = [], 0
    stack = [(None, root)]
    for tag in TAG.finditer(text):
        kind, name = tag["kind"], tag["name"]
        start, end = tag.start("kind") - 2, tag.end("name") + text[tag.end("name"):].index("}}") + 2
        if kind and tag["line"] is not None and tag["end"] is not None:
            start, end = tag.start(), tag.end()
        nodes = stack[-1][1]
        nodes.append(text[position:start])
        position = end
        if not kind:
            nodes.append(("name", name))
        elif kind == "#":
            nodes.append(("section", name, []))
            stack.append((name, nodes[-1][2]))
        elif stack.pop()[0] != name:
            sys.exit(f"section {name} ends but did not begin")
    if len(stack) != 1:
        sys.exit(f"section {stack[-1][0]} does not end")
    root.append(text[position:])
    return root


def look_up(name, scopes):
    for scope in reversed(scopes):
        value = scope
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            return value
    sys.exit(f"template name {name} does not exist")


def render(nodes, scopes):
    out = []
    for node in nodes:
        if isinstance(node, str):
            out.append(node)
        elif node[0] == "name":
            value = look_up(node[1], scopes)
            out.append(str(value).lower() if isinstance(value, bool) else str(value))
        else:
            out.extend(render(node[2], scopes + [item]) for item in look_up(node[1], scopes))
    return "".join(out)


def read_settings(arguments, manifest):
    params = {n: p["default"] for n, p in manifest["parameters"].items() if "default" in p}
    hosts, secrets = {}, {}
    for argument in arguments:
        kind, rest = argument.split(":", 1)
        name, value = rest.split("=", 1)
        if kind == "param":
            kind_of = manifest["parameters"][name]["type"]
            params[name] = value.split() if kind_of == "list" else value == "true" if kind_of == "bool" else value
        elif kind == "host":
            hostname, address = value.split("=", 1)
            hosts.setdefault(name, []).append({"hostname": hostname, "address": address})
        elif kind == "secret":
            secrets[name] = value
    return params, hosts, secrets


def write(path, text):
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(text)


def main():
    extension, destination, hostname, address, verb, *rest = sys.argv[1:]
    with open(f"{extension}/manifest.yaml", encoding="utf-8") as file:
        manifest = yaml.safe_load(file)
    params, hosts, secrets = read_settings(rest, manifest)
    wanted = {n for n, p in manifest["parameters"].items() if p["type"] == "secret"}
    if wanted != set(secrets):
        sys.exit(f"{manifest['name']} has the secrets {wanted}, given were {set(secrets)}")

    os.umask(0o077)
    for folder in ("scripts", "templates"):
        shutil.copytree(f"{extension}/{folder}", f"{destination}/{folder}")
    os.makedirs(f"{destination}/rendered")
    os.makedirs(f"{destination}/secrets")
    for name, source in secrets.items():
        shutil.copyfile(source, f"{destination}/secrets/{name}")
        os.chmod(f"{destination}/secrets/{name}", 0o600)

    # Every task service of an infra has a list, if an empty one.
    lists = {name: [] for name in ("postgres", "redis", "nginx", "etcd", "os")} | hosts
    scope = {"params": params, "host": {"hostname": hostname, "address": address}, "workspace": "try", "infra": "demo",
             "hosts": lists}
    for name in sorted(os.listdir(f"{extension}/templates")):
        with open(f"{extension}/templates/{name}", encoding="utf-8") as file:
            text = render(parse(file.read()), [scope])
        write(f"{destination}/rendered/{name.removesuffix('.mustache')}", text)

    environment = {"PROV_VERB": verb, "PROV_HOSTNAME": hostname, "PROV_ADDRESS": address, "PROV_WORKSPACE": "try",
                   "PROV_INFRA": "demo", "PROV_TASK": "try-1", "PROV_ATTEMPT": "1"}
    for name, value in params.items():
        text = " ".join(value) if isinstance(value, list) else str(value)
        environment[f"PROV_PARAM_{name.upper()}"] = text.lower() if isinstance(value, bool) else text
    write(f"{destination}/environment", "".join(f"export {n}={shlex.quote(v)}\n" for n, v in environment.items()))


main()
