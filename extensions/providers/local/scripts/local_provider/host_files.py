"""What the provider puts into a host: the agent, its token, and the names of the other hosts.

Two things lie outside the host's root file system and are bound into it, in both runtimes: etc-hosts, so that names
can be kept up to date, and agent-state/, so that the token can be written and seen without going into the host.
"""
import io
import os
import stat
import tarfile
import time

from .store import write_atomic

AGENT_FOLDER = "/opt/provisioning-agent"
AGENT_PROGRAM = AGENT_FOLDER + "/provisioning-agent"
AGENT_STATE = "/var/lib/provisioning-agent"
# KillMode: a step and its supervisor outlive the agent. Otherwise systemd would end them with it, as if somebody had
# cancelled them, and not start it again before they are gone.
UNIT = f"""[Unit]
Description=Provisioning agent
After=network.target
StartLimitIntervalSec=0

[Service]
ExecStart={AGENT_PROGRAM} run --state-dir {AGENT_STATE}
Restart=always
RestartSec=1
KillMode=process

[Install]
WantedBy=multi-user.target
""".encode()
UNIT_PATH = "/etc/systemd/system/provisioning-agent.service"
UNIT_WANTED = "/etc/systemd/system/multi-user.target.wants/provisioning-agent.service"
BEGIN = "# BEGIN hosts of this infra (kept up to date from outside)"
END = "# END hosts of this infra"
ETC_HOSTS_HEAD = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"
ETC_HOSTS_MAX = 1 << 20


def agent_state(host_folder):
    return os.path.join(host_folder, "agent-state")


def etc_hosts(host_folder):
    return os.path.join(host_folder, "etc-hosts")


def write_agent_state(host_folder, agent):
    folder = agent_state(host_folder)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    os.chmod(folder, 0o700)
    write_atomic(os.path.join(folder, "join-token"), agent.join_token.encode(), 0o600)
    if agent.endpoint:
        write_atomic(os.path.join(folder, "endpoint"), agent.endpoint.encode(), 0o600)


def refresh_token(host_folder, agent):
    """A host that has not enrolled yet gets the newer token; one that has needs none. Returns whether it changed."""
    path = os.path.join(agent_state(host_folder), "join-token")
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    with os.fdopen(fd, "rb") as token:
        regular = stat.S_ISREG(os.fstat(token.fileno()).st_mode)
        if regular and token.read(len(agent.join_token) + 1) == agent.join_token.encode():
            return False
    write_agent_state(host_folder, agent)
    return True


def agent_tar(agent, with_unit):
    """Files for the host's root, in memory. Only leaves: the folders above them keep the host's own modes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        _add(archive, AGENT_FOLDER, 0o755, type=tarfile.DIRTYPE)
        with open(agent.program, "rb") as program:
            _add(archive, AGENT_PROGRAM, 0o755, program.read())
        if with_unit:
            _add(archive, UNIT_PATH, 0o644, UNIT)
            _add(archive, UNIT_WANTED, 0o777, type=tarfile.SYMTYPE, linkname=UNIT_PATH)
    return out.getvalue()


def _add(archive, path, mode, data=b"", **attributes):
    entry = tarfile.TarInfo(path[1:])
    entry.size, entry.mode, entry.mtime = len(data), mode, time.time()
    for name, value in attributes.items():
        setattr(entry, name, value)
    archive.addfile(entry, io.BytesIO(data))


def update_names(state):
    """Every host of the infra knows every other by name. REQUIRES: the infra's lock."""
    hosts = [h for h in state.all_hosts() if h["phase"] != "deleting"]
    block = "".join(f"{host['address']} {host['hostname']}\n" for host in hosts)
    for host in hosts:
        _replace_block(etc_hosts(state.host_folder(host["hostname"])), block)


def _replace_block(path, block):
    """In place: the file is bound into the host, a new file of that name would not be seen there. Lines the host
    has added itself stay. A kill between the two calls leaves a file that the next update mends."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    with os.fdopen(fd, "r+b") as file:
        old = file.read(ETC_HOSTS_MAX).decode("utf-8", "replace")
        new = _with_block(old or ETC_HOSTS_HEAD, block)
        if new != old:
            os.fchmod(file.fileno(), 0o644)
            os.pwrite(file.fileno(), new.encode(), 0)
            os.ftruncate(file.fileno(), len(new.encode()))


def _with_block(text, block):
    before, begin, rest = text.partition(BEGIN + "\n")
    after = rest.partition(END + "\n")[2] if begin else ""
    if before and not before.endswith("\n"):
        before += "\n"
    return f"{before}{BEGIN}\n{block}{END}\n{after}"
