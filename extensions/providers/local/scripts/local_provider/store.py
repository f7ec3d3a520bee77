"""Folders, records and locks below state_dir.

  state_dir/
    locks/                                      one file per lock held or waited for
    images/<variant>-<key>.tar, <variant>-<key>/   the base root file systems, shared by all
    engine/                                     store and settings of the provider's own engine
    workspaces/<workspace>/<infra>/
      network.json                              runtime, subnet, bridge, {network: cidr} of those that settings name:
                                                written before anything is made
      hosts/<hostname>/host.json                written before anything of the host is made
      hosts/<hostname>/volumes/<storage>/       what settings call its storages; they go with the host
      trash/                                    what is being deleted

A record is written before the thing it names exists, so that whoever comes after a kill knows what to look for.
"""
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import time

from .errors import ProviderError
from .say import say

LOCK_WAIT_S = 1200


class Lock:
    """An exclusive flock on a file of its own; it ends with the process, however that ends."""

    def __init__(self, path, what):
        self._path = path
        self._what = what
        self._fd = None

    def __enter__(self):
        os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
        deadline = time.monotonic() + LOCK_WAIT_S
        told = False
        while not self._try():
            if time.monotonic() > deadline:
                raise ProviderError("busy", f"another call still works on {self._what}", "try again later", True)
            if not told and time.monotonic() > deadline - LOCK_WAIT_S + 1:
                say(f"waiting for another call that works on {self._what}")
                told = True
            time.sleep(0.03)
        return self

    def _try(self):
        fd = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The file may have been removed by its last holder between our open and our lock.
            if os.path.exists(self._path) and os.stat(self._path).st_ino == os.fstat(fd).st_ino:
                self._fd = fd
                return True
        except (BlockingIOError, FileNotFoundError):
            pass
        os.close(fd)
        return False

    def __exit__(self, *_):
        try:
            os.unlink(self._path)
        finally:
            os.close(self._fd)
            self._fd = None


def write_atomic(path, data, mode=0o600):
    """The file is either the old or the new one. A link of that name is replaced, never followed."""
    part = f"{path}.{secrets.token_hex(4)}.part"
    fd = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(fd, "wb") as out:
            out.write(data)
        os.chmod(part, mode)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise


def write_json(path, value):
    write_atomic(path, (json.dumps(value, indent=1, sort_keys=True) + "\n").encode())


def read_json(path):
    """The record, or None when there is none or it is not readable as one."""
    try:
        with open(path, encoding="utf-8") as record:
            value = json.load(record)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def remove_path(path):
    """A file, a link or a folder with all that is in it; nothing when it is not there."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def short_hash(*parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]


def boot_id():
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as source:
        return source.read().strip()


class State:
    """state_dir, and one infra in it."""

    def __init__(self, request):
        self.root = _own_folder(request.state_dir)
        self.workspace = request.workspace
        self.infra = request.infra
        self.images = os.path.join(self.root, "images")
        self.engine = os.path.join(self.root, "engine")
        self.workspaces = os.path.join(self.root, "workspaces")
        self.folder = os.path.join(self.workspaces, self.workspace, self.infra)
        self.hosts = os.path.join(self.folder, "hosts")
        self.scope = short_hash(os.path.realpath(self.root), self.workspace, self.infra)

    # -- locks; always taken in the order host, infra, engine or image
    def _lock(self, name, what):
        return Lock(os.path.join(self.root, "locks", name), what)

    def host_lock(self, hostname):
        return self._lock(f"host-{self.scope}-{hostname}", f"host {hostname}")

    def infra_lock(self):
        return self._lock(f"infra-{self.scope}", f"the network of {self.workspace}/{self.infra}")

    def engine_lock(self):
        return self._lock("engine", "the container engine")

    def image_lock(self):
        return self._lock("image", "the base image")

    # -- the network's record
    def network(self):
        return read_json(os.path.join(self.folder, "network.json"))

    def save_network(self, network):
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        write_json(os.path.join(self.folder, "network.json"), network)

    def all_networks(self):
        """The records of every infra in this state folder."""
        found = []
        for workspace in _entries(self.workspaces):
            for infra in _entries(os.path.join(self.workspaces, workspace)):
                record = read_json(os.path.join(self.workspaces, workspace, infra, "network.json"))
                if record:
                    found.append(record)
        return found

    # -- the hosts' records
    def host_folder(self, hostname):
        return os.path.join(self.hosts, hostname)

    def volume(self, hostname, storage):
        return os.path.join(self.host_folder(hostname), "volumes", storage)

    def inner_bridge(self, name):
        """Of a network that settings name."""
        return "pvx" + short_hash(self.scope, name)

    def host(self, hostname):
        return read_json(os.path.join(self.host_folder(hostname), "host.json"))

    def save_host(self, record):
        folder = self.host_folder(record["hostname"])
        os.makedirs(folder, mode=0o700, exist_ok=True)
        write_json(os.path.join(folder, "host.json"), record)

    def all_hosts(self):
        records = (self.host(name) for name in _entries(self.hosts))
        return [record for record in records if record]

    # -- deleting
    def discard(self, folder):
        """Takes the folder away in one step, then deletes it; what a kill leaves, empty_trash() finds."""
        if os.path.lexists(folder):
            trash = os.path.join(self.folder, "trash")
            os.makedirs(trash, mode=0o700, exist_ok=True)
            os.rename(folder, os.path.join(trash, secrets.token_hex(8)))
        self.empty_trash()

    def empty_trash(self):
        shutil.rmtree(os.path.join(self.folder, "trash"), ignore_errors=True)

    def remove_infra(self):
        existed = os.path.isdir(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        for folder in (os.path.dirname(self.folder), self.workspaces):
            try:
                os.rmdir(folder)
            except OSError:
                break
        return existed


def _own_folder(path):
    os.makedirs(path, mode=0o700, exist_ok=True)
    if os.stat(path).st_uid != os.geteuid():
        raise ProviderError("bad_request", f"the state folder belongs to somebody else: {path}",
                            f"chown root {path}, or name another folder")
    os.chmod(path, 0o700)
    return path


def _entries(folder):
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
