"""Running other programs: argv lists only, output never reaches our stdout."""
import os
import shutil
import subprocess

from .errors import ProviderError
from .say import say

CLEAN_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def find(program):
    return shutil.which(program, path=CLEAN_PATH)


def need(programs, runtime):
    missing = [name for name in programs if not find(name)]
    if missing:
        raise ProviderError("missing_tool", "not installed: " + ", ".join(missing),
                            "apt-get install -y --no-install-recommends "
                            f"$(extensions/providers/local/scripts/requirements {runtime})")


def environment(**more):
    """Enough to run a program; nothing of the caller's environment, which may hold secrets or settings of engines."""
    kept = {k: v for k, v in os.environ.items() if k.lower() in ("http_proxy", "https_proxy", "no_proxy")}
    return {"PATH": CLEAN_PATH, "HOME": "/root", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive",
            **kept, **more}


def outliving():
    """What to put before a program that stays when we end. A session of its own is not enough where systemd runs us:
    it ends all of a service's control group, so the program needs a scope of its own."""
    if os.path.isdir("/run/systemd/system") and find("systemd-run"):
        return ["systemd-run", "--scope", "--quiet", "--collect", "--"]
    return []


def run(argv, data=None, timeout_s=60, **options):
    """Runs to the end and returns (exit status, stdout, stderr) as text."""
    try:
        done = subprocess.run(argv, input=data, capture_output=True, text=True, errors="replace", timeout=timeout_s,
                              env=environment(), **({} if data is not None else {"stdin": subprocess.DEVNULL}),
                              **options)
    except subprocess.TimeoutExpired:
        return 124, "", f"no answer within {timeout_s} s"
    except FileNotFoundError:
        return 127, "", f"{argv[0]} is not installed"
    return done.returncode, done.stdout, done.stderr


def check(argv, code="command_failed", hint="look at the message, mend it, and try again", **options):
    status, out, err = run(argv, **options)
    if status != 0:
        reason = (err or out).strip().splitlines()[-1:] or [f"exit status {status}"]
        raise ProviderError(code, f"{argv[0]} {argv[1] if len(argv) > 1 else ''} failed: {reason[0]}", hint, True)
    return out


def run_tied(argv, prefix, data="", cwd=None, extra_env=None):
    """A long step: its lines are shown live, and it ends when this process ends, even by kill -9.

    Returns (exit status, last lines)."""
    # The kernel kills the first process with us, and --kill-child everything that it started, in its own
    # process namespace. Mounts go with the mount namespace.
    tied = ["setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--mount", "--mount-proc", "--fork",
            "--kill-child=KILL", "--"] + argv
    child = subprocess.Popen(tied, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, errors="replace", cwd=cwd, env=environment(**(extra_env or {})))
    try:
        child.stdin.write(data)
        child.stdin.close()
    except BrokenPipeError:
        pass
    last = []
    for line in child.stdout:
        say(f"{prefix}: {line.rstrip()}")
        last = (last + [line.strip()])[-8:]
    return child.wait(), last
