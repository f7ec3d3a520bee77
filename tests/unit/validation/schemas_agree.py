#!/usr/bin/env python3
"""Holds the schemas of schema/json to the strict readers, which are the authority: every example, every manifest, every
file of the corpora, and a table of documents that are right or wrong in one thing, get the same verdict from both.

    schemas_agree.py DEFINITION_VERDICT SOURCE_FOLDER

What a schema cannot say (two values that have to go together) carries "# beyond: schema" in its head, and then the
schema must accept it: the mark goes when a schema learns to say it.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

# A kind, then documents: what stands before a bar must be accepted, what stands behind it refused.
TABLE = """
workspace: {workspace: {name: demo}} | {workspace: {name: Demo}}
workspace: {workspace: {name: demo, format: 1}} | {workspace: {name: demo, format: 2}}
workspace: {workspace: {name: demo, version: 1.0}} | {workspace: {name: demo, created: today}}
workspace: {workspace: {name: demo}, link: {port: 1}} | {workspace: {name: demo}, link: {prot: 1}}
workspace: {workspace: {name: demo}, vars: {a: b}} | {workspace: {}}
workspace: {workspace: {name: demo}, log: {reserve_mib: 0}} | {workspace: {name: demo}, log: {reserve_mib: -1}}
workspace: {workspace: {name: demo, default_infra: main}} | {link: {port: 1}}
settings: {settings: {name: demo}, servers: []} | {settings: {name: demo}}
settings: {settings: {name: demo, runtime: auto}, servers: []} | {settings: {nam: demo}, servers: []}
settings: {settings: {name: demo, provider: local}, servers: [{hostname: a}]} | {settings: {name: demo}, servers: [{hostname: a}]}
settings: {settings: {name: demo}, servers: [{hostname: a.b-c.d, provider: aws}]} | {settings: {name: demo}, servers: [{hostname: a_b, provider: aws}]}
settings: {settings: {name: demo}, servers: [{hostname: a, provider: x, zone: z, storages: [s], networks: [n]}]} | {settings: {name: demo}, servers: [{hostname: a, provider: x, zones: z}]}
settings: {settings: {name: demo}, servers: [{hostname: a, provider: x, storages: [root, {name: data, size_gb: 100, type: ssd, filesystem: ext4, mount_path: /var/lib/x}]}]} | {settings: {name: demo}, servers: [{hostname: a, provider: x, storages: [{name: data, size: 100}]}]}
settings: {settings: {name: demo}, servers: [{hostname: a, provider: x, storages: {root: , data: {size_gb: 100}}}]} | {settings: {name: demo}, servers: [{hostname: a, provider: x, storages: root}]}
settings: {settings: {name: demo}, servers: [{hostname: a, provider: x, storages: []}]} | {settings: {name: demo}, servers: [{hostname: a, provider: x, storages: [{size_gb: 100}]}]}
settings: {settings: {name: demo}, servers: [{hostname: a, provider: x, storages: [{name: a, size_gb: 1}]}]} | {settings: {name: demo}, servers: [{hostname: a, provider: x, storages: [{name: a, size_gb: 0}]}]}
settings: {settings: {name: demo}, servers: [{hostname: a, provider: x, params: {storages: [{name: a}]}}]} | {settings: {name: demo}, servers: [{hostname: a, provider: x, storages: [{name: a, mount_path: var}]}]}
settings: {settings: {name: demo}, servers: [{hostname: a, provider: x, networks: [public, {name: lan, type: private, cidr: 10.0.0.0/24, address: 10.0.0.5}]}]} | {settings: {name: demo}, servers: [{hostname: a, provider: x, networks: [{name: lan, cidr: lan}]}]}
settings: {settings: {name: demo}, servers: [{hostname: a, provider: x, networks: {lan: {address: "fd00::5"}}}]} | {settings: {name: demo}, servers: [{hostname: a, provider: x, networks: {lan: {adress: 10.0.0.5}}}]}
settings: {settings: {name: demo}, servers: [{hostname: a, provider: x, labels: {b: 1}}]} | {settings: {name: demo}, servers: [{hostname: a, provider: x, labels: {b: [1]}}]}
settings: {settings: {name: demo}, servers: [{hostname: a, provider: x, taskservs: [os, {name: redis, profile: big, params: {a: [b]}}]}]} | {settings: {name: demo}, servers: [{hostname: a, provider: x, taskservs: [{nam: redis}]}]}
settings: {settings: {name: demo}, servers: [{hostname: a, provider: x, taskservs: []}]} | {settings: {name: demo}, servers: [{hostname: a, provider: x, taskservs: os}]}
settings: {settings: {name: demo}, servers: [{hostname: a, provider: x, params: {p: {secret: s}}}]} | {settings: {name: demo}, servers: [{hostname: a, provider: x, params: [p]}]}
settings: {settings: {name: demo}, servers: []} | {settings: {name: demo}, servers: [], clusters: []}
cluster: {cluster: {name: c, servers: [a], taskservs: [os]}} | {cluster: {name: c, servers: [], taskservs: [os]}}
cluster: {cluster: {name: c, version: 1.2.3, servers: [a], taskservs: [{name: os, params: {p: 1}}]}} | {cluster: {name: c, version: 1.2, servers: [a], taskservs: [os]}}
cluster: {cluster: {name: c, servers: [a, b], taskservs: [os]}} | {cluster: {name: c, servers: [a, a], taskservs: [os]}}
cluster: {cluster: {name: c, servers: [a], taskservs: [os]}} | {cluster: {name: c, servers: [a], taskservs: []}}
cluster: {cluster: {name: c, servers: [a], taskservs: [os]}} | {cluster: {name: c, servers: [a], taskservs: [{name: os, profile: p}]}}
cluster: {cluster: {name: c, servers: [a], taskservs: [os]}} | {clusters: {name: c, servers: [a], taskservs: [os]}}
manifest: {name: a, kind: taskserv, version: 1.0.0} | {name: a, kind: taskserv}
manifest: {name: a, kind: cluster, version: 1.0.0-rc.1+b} | {name: a, kind: service, version: 1.0.0}
manifest: {name: a, kind: provider, version: 1.0.0, runtimes: [x]} | {name: a, kind: taskserv, version: 1.0.0, runtimes: [x]}
manifest: {name: a, kind: provider, version: 1.0.0, plans: [t3.medium, x]} | {name: a, kind: provider, version: 1.0.0, plans: [x, x]}
manifest: {name: a, kind: provider, version: 1.0.0, plans: []} | {name: a, kind: taskserv, version: 1.0.0, plans: [x]}
manifest: {name: a, kind: provider, version: 1.0.0, plans: [x]} | {name: a, kind: provider, version: 1.0.0, plans: [""]}
manifest: {name: a, kind: taskserv, version: 1.0.0, requires: [b, {c: ^1}, d@^2], conflicts: {e: "*"}} | {name: a, kind: taskserv, version: 1.0.0, requires: [B]}
manifest: {name: a, kind: taskserv, version: 1.0.0, ports: [1, 65535]} | {name: a, kind: taskserv, version: 1.0.0, ports: [0]}
manifest: {name: a, kind: taskserv, version: 1.0.0, timeout_s: 86400} | {name: a, kind: taskserv, version: 1.0.0, timeout_s: 86401}
manifest: {name: a, kind: taskserv, version: 1.0.0, health_check: {port: 1, http_path: /x}} | {name: a, kind: taskserv, version: 1.0.0, health_check: {port: 1, command: x}}
manifest: {name: a, kind: taskserv, version: 1.0.0, health_check: {command: x, retries: 0}} | {name: a, kind: taskserv, version: 1.0.0, health_check: {command: x, http_path: /x}}
manifest: {name: a, kind: taskserv, version: 1.0.0, resources: {cpus: 1}} | {name: a, kind: taskserv, version: 1.0.0, resources: {cpus: 0}}
manifest: {name: a, kind: taskserv, version: 1.0.0, supported: {os: [debian-12], arch: [amd64]}} | {name: a, kind: taskserv, version: 1.0.0, supported: {os: [Debian 12]}}
manifest: {name: a, kind: taskserv, version: 1.0.0, parameters: {p: {type: list, default: [a]}}} | {name: a, kind: taskserv, version: 1.0.0, parameters: {p: {type: list, default: a}}}
manifest: {name: a, kind: taskserv, version: 1.0.0, parameters: {p: {type: secret}}} | {name: a, kind: taskserv, version: 1.0.0, parameters: {p: {default: a}}}
manifest: {name: a, kind: taskserv, version: 1.0.0, parameters: {p: {type: bool, default: true}}} | {name: a, kind: taskserv, version: 1.0.0, parameters: {p: {type: bool, default: 1}}}
manifest: {name: a, kind: provider, version: 1.0.0, parameters: {p: {type: int, note: said in plans}}} | {name: a, kind: provider, version: 1.0.0, parameters: {p: {type: int, note: [a]}}}
manifest: {name: a, kind: provider, version: 1.0.0, parameters: {storages: {type: storages, default: [root, {name: b, size_gb: 5}]}, networks: {type: networks}}} | {name: a, kind: provider, version: 1.0.0, parameters: {networks: {type: networks, default: public}}}
manifest: {name: a, kind: taskserv, version: 1.0.0, retry_safe: true} | {name: a, kind: taskserv, version: 1.0.0, retry_save: true}
modules: {taskservs: [a, {b: ^1}]} | {taskserv: [a]}
modules: {providers: [], clusters: {a: "1"}} | {providers: a}
modules: {taskservs: [a@^1]} | {taskservs: [A]}
user-config: {active_workspace: a, workspaces: [{name: a, path: /a, last_used: x}]} | {active_workspace: a, workspaces: [{name: a}]}
user-config: {workspaces: [], preferences: {output_format: json, editor: vi}} | {preferences: {output_format: xml}}
user-config: {preferences: {color: never, preferred_provider: aws}} | {preferences: {preferred_provider: AWS}}
user-config: {active_workspace: ""} | {active: a}
"""

NAMES = {"workspace": "config/provisioning.yaml", "settings": "settings.yaml", "cluster": "c.yaml",
         "manifest": "manifest.yaml", "modules": "config/modules.yaml", "user-config": "config/user_config.yaml"}


def head(text, key):
    mark = f"# {key}: "
    return next((line[len(mark):].strip() for line in text.splitlines() if line.startswith(mark)), "")


def cases(source, scratch):
    """Kind, name of the infra, file, whether it is right (None: both have to say the same), beyond a schema."""
    for file in sorted(source.glob("docs/examples/*/config/provisioning.yaml")):
        yield "workspace", "-", file, True, False
    for file in sorted(source.glob("docs/examples/*/infra/*/settings.*")):
        yield "settings", file.parent.name, file, True, False
    for file in sorted(source.glob("docs/examples/*/infra/*/clusters/*.yaml")):
        yield "cluster", "-", file, True, False
    for file in sorted(source.glob("extensions/*/*/manifest.yaml")):
        yield "manifest", "-", file, True, False
    yield "config", "-", source / "config/config.defaults.toml", True, False
    for folder in ("workspace", "modules", "validation"):
        for file in sorted((source / "tests/unit" / folder / "corpus").iterdir()):
            text = file.read_text(errors="replace")
            kind = head(text, "as")
            if kind in NAMES:
                yield kind, "demo", file, False, head(text, "beyond") == "schema"
    for file in sorted((source / "tests/unit/config/corpus").iterdir()):
        text = file.read_text(errors="replace")
        if head(text, "beyond") != "loading":  # what only shows when settings are put together
            kind = "config" if file.suffix == ".toml" else "workspace"
            yield kind, "-", file, False, head(text, "beyond") == "schema"
    for number, line in enumerate(TABLE.strip().splitlines()):
        kind, both = line.split(": ", 1)
        for text, right in zip(both.split(" | "), (True, False), strict=True):
            file = scratch / f"{number}-{right}" / NAMES[kind]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text + "\n")
            yield kind, "demo", file, right, False


def main():
    verdict, source = sys.argv[1], pathlib.Path(sys.argv[2])
    validators = {}
    for file in source.glob("schema/json/*.schema.json"):
        schema = json.loads(file.read_text())
        kind = jsonschema.validators.validator_for(schema)
        kind.check_schema(schema)
        validators[file.name.removesuffix(".schema.json")] = kind(schema)
    wrong = []
    with tempfile.TemporaryDirectory() as scratch:
        all_cases = list(cases(source, pathlib.Path(scratch)))
        lines = "".join(f"{kind} {infra} {file}\n" for kind, infra, file, *_ in all_cases)
        out = subprocess.run([verdict], input=lines, check=True, capture_output=True, text=True).stdout
    for line, (kind, _, file, right, beyond) in zip(out.splitlines(), all_cases, strict=True):
        said = json.loads(line)
        name = f"{kind} {file.parent.name}/{file.name}"
        if (said["refused"] == "") != right:
            wrong.append(f"the reader on {name}: {said['refused'] or 'accepted'}")
        if not said["parsed"]:
            continue
        complaints = [f"{list(e.absolute_path)}: {e.message[:200]}" for e in validators[kind].iter_errors(said["tree"])]
        if (not complaints) != (right or beyond):
            wrong.append(f"the schema on {name}: {complaints or 'accepted'}")
    print("\n".join(wrong) or f"the schemas and the readers agree on {len(all_cases)} documents")
    sys.exit(1 if wrong or len(all_cases) < 150 else 0)


main()
