"""How long commands take from start to exit, alone and in a workspace of a hundred extensions."""
import os, subprocess, time

from rig import Rig, WORKSPACE


def large_workspace(folder, extensions):
    """Three infras with ten hosts each, that use all of so many task services; each requires the one before it, ten deep."""
    def write(below, text):
        (folder / below).parent.mkdir(parents=True, exist_ok=True)
        (folder / below).write_text(text)
    write("config/provisioning.yaml", "workspace: {name: large, default_infra: infra-0}\n")
    write("config/dev-defaults.toml", "[log]\nreserve_mib = 64\n")
    write("extensions/providers/none/manifest.yaml", "name: none\nkind: provider\nversion: 1.0.0\n")
    for n in range(extensions):
        requires = f"[t{n - 1}]" if n % 10 else "[]"
        write(f"extensions/taskservs/t{n}/manifest.yaml", f"name: t{n}\nkind: taskserv\nversion: 1.0.0\nrequires: {requires}\n"
              "parameters:\n" + "".join(f"  p{i}: {{type: int, default: {i}, description: a number}}\n" for i in range(8)))
        write(f"extensions/taskservs/t{n}/scripts/install", "#!/bin/sh\nexit 0\n")
        write(f"extensions/taskservs/t{n}/templates/t{n}.conf.mustache", "port = {{params.p1}}\n" * 50)
    for infra in range(3):
        servers = "".join(f"  - {{hostname: h{infra}-{h}, taskservs: [{', '.join(f't{n}' for n in range(h * 10, h * 10 + 10))}]}}\n"
                          for h in range(extensions // 10))
        write(f"infra/infra-{infra}/settings.yaml", f"settings: {{name: infra-{infra}, provider: none}}\nservers:\n{servers}")
        write(f"infra/infra-{infra}/batches/b.yaml", "batch_workflow: {name: b, operations: [{id: a, type: server_create}]}\n")


IN_LARGE = ["validate --all", "infra validate infra-0", "infra list", "infra create --check", "workspace info", "workspace list", "workspace cleanup --check",
            "workspace migrate --check", "module discover taskservs", "schema show settings"]


def cli(build, runs):
    """Start to exit, one after the other in turn, so that all meet the same machine."""
    with Rig(build, 1) as rig:
        home = rig.folder / "home"
        environment = {"HOME": str(home), "PROVISIONING_ENDPOINT": rig.socket, "PATH": os.environ["PATH"]}
        commands = {"empty static program": [build / "bench/empty"],
                    "provisioning --version": [build / "bin/provisioning", "--version"],
                    "provisioning server list": [build / "bin/provisioning", "server", "list"]}
        of_a_hundred = ["taskserv validate --level dependencies", "template list", "template validate",
                        "template show ext-7", "module discover taskservs"]
        for line in of_a_hundred:
            commands[f"provisioning {line}, 100 extensions"] = [build / "bin/provisioning", *line.split()]
        home.mkdir()
        large_workspace(home / "large", 100)
        for line in IN_LARGE:
            commands[f"{line} (100 extensions)"] = [build / "bin/provisioning", *line.split(), "--workspace", home / "large"]
        subprocess.run([str(build / "bin/provisioning"), "workspace", "init", WORKSPACE, "--path", str(home / WORKSPACE)], env=environment,
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for i in range(100):
            subprocess.run([str(build / "bin/provisioning"), "taskserv", "generate", f"ext-{i}"], env=environment, cwd=home / WORKSPACE,
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            manifest = home / WORKSPACE / f"extensions/taskservs/ext-{i}/manifest.yaml"
            manifest.write_text(manifest.read_text().replace("requires: []", f"requires: [ext-{i // 2}]" if i > 1 else "requires: []"))
        taken = {name: [] for name in commands}
        with open(os.devnull, "wb") as nothing, open(rig.folder / "cli.log", "wb") as errors:
            for _ in range(runs + 2):
                for name, argv in commands.items():
                    begun = time.perf_counter()
                    process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=nothing, stderr=errors, env=environment,
                                               cwd=home / WORKSPACE)
                    _, status, usage = os.wait4(process.pid, 0)
                    process.returncode = os.waitstatus_to_exitcode(status)
                    taken[name].append(((time.perf_counter() - begun) * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3))
                    if process.returncode:
                        raise SystemExit(f"{name}: exit {process.returncode}: {(rig.folder / 'cli.log').read_text()}")
    return {name: {"ms": [t[0] for t in rows[2:]], "cpu_ms": [t[1] for t in rows[2:]]} for name, rows in taken.items()}
