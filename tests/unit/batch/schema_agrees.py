#!/usr/bin/env python3
"""Holds schema/json/batch.schema.json to the reader, which is the authority: every example, and a table of documents that
are right or wrong in one thing, get the same verdict from both.

    batch_schema_agrees.py BATCH_VERDICT SCHEMA EXAMPLES
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

# Operations beside a plain one called "z". What stands before a bar must be accepted, what stands behind it refused.
OPERATIONS = """
{id: a, type: script, targets: all, run: [x]} | {id: a, type: script, run: [x]}
{id: a, type: script, for_each: {targets: all}, run: [x]} | {id: a, type: script, targets: all}
{id: a, type: script, targets: all, run: [x]} | {id: a, type: script, targets: all, run: x}
{id: a, type: script, targets: all, run: [x, 1, true]} | {id: a, type: script, targets: all, run: []}
{id: a, type: script, targets: all, run: [x], undo: [y]} | {id: a, type: script, targets: all, run: [x], script: y}
{id: a, type: script, targets: all, script: s, args: [p]} | {id: a, type: script, targets: all, run: [x], args: [p]}
{id: a, type: script, targets: all, script: s, undo_script: t, undo_args: [p]} | {id: a, type: script, targets: all, run: [x], undo_args: [p]}
{id: a, type: script, targets: all, run: [x], env: {A: 1}} | {id: a, type: script, targets: all, run: [x], env: {1A: 1}}
{id: a, type: script, targets: all, run: [x], env: {PROVIDER: 1}} | {id: a, type: script, targets: all, run: [x], env: {PROV_A: 1}}
{id: a, type: script, targets: all, run: [x], outputs: [v, _w2]} | {id: a, type: script, targets: all, run: [x], outputs: [v-w]}
{id: a, type: script, targets: all, run: [x], outputs: []} | {id: a, type: script, targets: all, run: [x], outputs: [v, v]}
{id: a, type: script, targets: all, run: [x], stdin: text} | {id: a, type: script, targets: all, run: [x], stdin: [text]}
{id: a, type: script, targets: all, run: [x], limit: 5} | {id: a, type: script, targets: all, run: [x], limit: 0}
{id: a, type: script, targets: all, run: [x], limit: 100%} | {id: a, type: script, targets: all, run: [x], limit: 101%}
{id: a, type: script, targets: all, run: [x], limit: 1%} | {id: a, type: script, targets: all, run: [x], limit: some}
{id: a, type: script, targets: all, run: [x], limit_seed: 0} | {id: a, type: script, targets: all, run: [x], limit_seed: -1}
{id: a, type: script, targets: all, run: [x], max_failures: 0} | {id: a, type: script, targets: all, run: [x], max_failures: 0%}
{id: a, type: script, targets: all, run: [x], max_failures: 10%} | {id: a, type: script, targets: all, run: [x], max_failures: -1}
{id: a, type: script, targets: all, run: [x], retries: 0} | {id: a, type: script, targets: all, run: [x], retries: 101}
{id: a, type: script, targets: all, run: [x], retries: {attempts: 2, delay_s: 0.5, jitter: 20%}} | {id: a, type: script, targets: all, run: [x], retries: {delay_s: 1}}
{id: a, type: script, targets: all, run: [x], retries: {attempts: 2, jitter: 7}} | {id: a, type: script, targets: all, run: [x], retries: {attempts: 2, jitter: 120%}}
{id: a, type: script, targets: all, run: [x], retries: {attempts: 2, backoff: fixed}} | {id: a, type: script, targets: all, run: [x], retries: {attempts: 2, backoff: linear}}
{id: a, type: script, targets: all, run: [x], retries: {attempts: 2, max_delay_s: 86400}} | {id: a, type: script, targets: all, run: [x], retries: {attempts: 2, delay_s: -1}}
{id: a, type: script, targets: all, run: [x], timeout_s: 86400} | {id: a, type: script, targets: all, run: [x], timeout_s: 86401}
{id: a, type: script, targets: all, run: [x], timeout_s: 1} | {id: a, type: script, targets: all, run: [x], timeout_s: 0}
{id: a, type: script, targets: all, run: [x], priority: -100} | {id: a, type: script, targets: all, run: [x], priority: 101}
{id: a, type: script, targets: all, run: [x], on_failure: continue} | {id: a, type: script, targets: all, run: [x], on_failure: ignore}
{id: a, type: script, targets: all, run: [x], rolling: {batch: 20%}} | {id: a, type: script, targets: all, run: [x], rolling: {pause_s: 3}}
{id: a, type: script, targets: all, run: [x], rolling: {canary: 1, health_check: true}} | {id: a, type: script, targets: all, run: [x], rolling: {canary: 0}}
{id: a, type: script, targets: all, run: [x], rolling: {batch: 3}} | {id: a, type: script, targets: all, run: [x], rolling: {batch: 3, pause: 1}}
{id: a, type: script, targets: all, run: [x], concurrency_group: {name: g, limit: 2}} | {id: a, type: script, targets: all, run: [x], concurrency_group: {name: g}}
{id: a, type: script, targets: all, run: [x], concurrency_group: known} | {id: a, type: script, targets: all, run: [x], concurrency_group: {name: g, limit: 0}}
{id: a, type: script, targets: all, run: [x], checkpoint: c.1} | {id: a, type: script, targets: all, run: [x], checkpoint: "c 1"}
{id: a, type: script, targets: all, run: [x], when: 1 == 1} | {id: a, type: script, targets: all, run: [x], when: [1]}
{id: a, type: script, targets: all, run: [x], provider: local} | {id: a, type: script, targets: all, run: [x], provider: Local}
{id: a, type: script, targets: all, run: [x], dependencies: [z]} | {id: a, type: script, targets: all, run: [x], dependencies: z}
{id: a, type: script, targets: all, run: [x], dependencies: [{id: z, kind: soft}]} | {id: a, type: script, targets: all, run: [x], dependencies: [{id: z, kind: weak}]}
{id: a, type: script, targets: all, run: [x], dependencies: [{id: z}]} | {id: a, type: script, targets: all, run: [x], dependencies: [{kind: soft}]}
{id: a, type: script, targets: all, run: [x], for_each: [p, 2]} | {id: a, type: script, targets: all, run: [x], for_each: p}
{id: a, type: script, targets: all, run: [x], for_each: {p: 1, q: {r: 2}}} | {id: a, type: script, targets: all, run: [x], for_each: [[p]]}
{id: a, type: script, targets: all, run: [x], for_each: [3], retries: "{{item}}"} | {id: a, type: script, targets: all, run: [x], retries: "many"}
{id: a.B-c_1, type: wait, seconds: 1} | {id: "a b", type: wait, seconds: 1}
{id: a, type: wait, seconds: 604800} | {id: a, type: wait, seconds: 604801}
{id: a, type: wait, until: 1 == 1} | {id: a, type: wait}
{id: a, type: wait, until: 1 == 1, timeout_s: 604800} | {id: a, type: wait, seconds: 1, timeout_s: 5}
{id: a, type: wait, seconds: 1} | {id: a, type: wait, seconds: 1, until: 1 == 1}
{id: a, type: wait, seconds: 1, priority: 3} | {id: a, type: wait, seconds: 1, retries: 3}
{id: a, type: wait, seconds: 1} | {id: a, type: wait, seconds: 1, targets: all}
{id: a, type: approval, prompt: Go on} | {id: a, type: approval}
{id: a, type: approval, prompt: Go on, timeout_s: 604800} | {id: a, type: approval, prompt: go?, timeout_s: 604801}
{id: a, type: approval, prompt: Go on} | {id: a, type: approval, prompt: go?, run: [x]}
{id: a, type: server_create} | {id: a, type: server_created}
{id: a, type: server_create, servers: [web-*]} | {id: a, type: server_create, servers: web-*}
{id: a, type: server_delete, servers: [web-1]} | {id: a, type: server_delete, targets: all}
{id: a, type: server_batch, provider: aws} | {id: a, type: server_batch, action: check}
{id: a, type: server, action: delete} | {id: a, type: server_create, action: create}
{id: a, type: server, action: create} | {id: a, type: server, action: update}
{id: a, type: taskserv, action: check, taskservs: [os]} | {id: a, type: taskserv, action: check}
{id: a, type: taskserv_create, taskservs: [{name: os, params: {x: 1}}], params: {y: 2}} | {id: a, type: taskserv_create, taskservs: [{name: os, parms: {x: 1}}]}
{id: a, type: taskserv_delete, taskservs: [os], targets: all} | {id: a, type: taskserv_delete, taskservs: []}
{id: a, type: taskserv_check, taskservs: [os], outputs: [v]} | {id: a, type: taskserv_check, taskservs: [Os]}
{id: a, type: cluster_create, cluster: web} | {id: a, type: cluster_create}
{id: a, type: cluster, action: delete, cluster: web, retries: 1} | {id: a, type: cluster, action: check, cluster: web}
{id: a, type: cluster_delete, cluster: web} | {id: a, type: cluster_delete, cluster: web, targets: all}
{id: a, type: batch, operations: [{id: b, type: wait, seconds: 1}]} | {id: a, type: batch, operations: []}
{id: a, type: batch, operations: [{id: b, type: wait, seconds: 1}], defaults: {retries: 1}} | {id: a, type: batch, operations: [{id: b, type: wait, seconds: 1}], retries: 1}
{id: a, type: batch, file: other.yaml, params: {p: 1}} | {id: a, type: batch, operations: [{id: b, type: wait, seconds: 1}], params: {p: 1}}
{id: a, type: batch, file: other.yaml} | {id: a, type: batch, file: other.yaml, defaults: {retries: 1}}
{id: a, type: batch, file: other.yaml} | {id: a, type: batch}
{id: a, type: batch, file: other.yaml} | {id: a, type: batch, file: other.yaml, operations: [{id: b, type: wait, seconds: 1}]}
{id: a, type: wait, seconds: 1} | {type: wait, seconds: 1}
{id: a, type: wait, seconds: 1} | {id: a, seconds: 1}
{id: a, type: wait, seconds: 1} | a
"""

# Beside "operations".
HEADS = """
version: "1.0" | versoin: "1.0"
version: 1.0 | version: [1]
parallel_limit: 5 | parallel_limit: 0
parallel_limit: 100000 | parallel_limit: many
rollback_enabled: true | rollback_enabled: maybe
preserve_successful: false | preserve_successful: 1
storage_backend: surrealdb | storage_backend: mysql
infra: demo | infra: Demo
params: {p: 1, q: [a, b]} | params: {P: 1}
params: {} | params: {p: {q: 1}}
defaults: {retries: {attempts: 1}, on_failure: rollback, timeout_s: 5, priority: 1} | defaults: {run: [x]}
concurrency_groups: {known: 1, other: 9} | concurrency_groups: {known: 0}
concurrency_groups: {known: 1} | concurrency_groups: [known]
"""


def documents():
    plain = "    - {id: z, type: wait, seconds: 1}\n"
    head = "batch_workflow:\n  name: b\n"
    for line in OPERATIONS.strip().splitlines():
        for text, right in zip(line.split(" | "), (True, False)):
            groups = "  concurrency_groups: {known: 1}\n"
            yield text, right, f"{head}{groups}  operations:\n{plain}    - {text}\n"
    for line in HEADS.strip().splitlines():
        for text, right in zip(line.split(" | "), (True, False)):
            yield text, right, f"{head}  {text}\n  operations:\n{plain}"
    yield "no name", False, f"batch_workflow:\n  operations:\n{plain}"
    yield "no operations", False, head
    yield "nothing around", False, "name: b\noperations: []\n"


def main():
    verdict, schema, examples = sys.argv[1:]
    validator = jsonschema.Draft202012Validator(json.loads(pathlib.Path(schema).read_text()))
    validator.check_schema(validator.schema)
    wrong, seen = [], 0

    def look(root, files, expected):
        nonlocal seen
        out = subprocess.run([verdict, root, *files], check=True, capture_output=True, text=True).stdout
        for line, (name, right) in zip(out.splitlines(), expected, strict=True):
            seen += 1
            said = json.loads(line)
            complaints = [f"{list(e.absolute_path)}: {e.message[:200]}" for e in validator.iter_errors(said["tree"])]
            if (said["refused"] == "") != right:
                wrong.append(f"the reader on {name}: {said['refused'] or 'accepted'}")
            if (not complaints) != right:
                wrong.append(f"the schema on {name}: {complaints or 'accepted'}")

    files = sorted(p for p in pathlib.Path(examples).rglob("*") if p.suffix in (".yaml", ".toml")
                   and not {"config", "infra"} & set(p.relative_to(examples).parts))
    look(examples, files, [(p.name, True) for p in files])
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "other.yaml").write_text(
            "batch_workflow: {name: o, params: {p: 0}, operations: [{id: a, type: wait, seconds: 1}]}\n")
        paths, expected = [], []
        for i, (name, right, text) in enumerate(documents()):
            path = pathlib.Path(folder, f"{i}.yaml")
            path.write_text(text)
            paths.append(path)
            expected.append((name, right))
        look(folder, paths, expected)
    print("\n".join(wrong) or f"the schema and the reader agree on {seen} documents")
    sys.exit(1 if wrong or seen < 150 else 0)


main()
