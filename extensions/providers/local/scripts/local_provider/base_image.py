"""The root file system all hosts start from: Debian minbase, made once with mmdebstrap and kept.

Two variants: "init" has systemd, for containers; "plain" has no init, for namespace hosts.
"""
import glob
import io
import os
import tarfile
import time

from . import apt, procs
from .errors import ProviderError
from .say import say
from .store import Lock, remove_path, short_hash, write_atomic

RECIPE = "1"  # raise it when anything below changes what is in the image
COMMON = ("ca-certificates", "curl", "iproute2", "iputils-ping", "netbase", "procps")
PACKAGES = {"init": COMMON + ("dbus", "systemd", "systemd-sysv"), "plain": COMMON}
LOCAL_CERTIFICATES = "/usr/local/share/ca-certificates"
# Timers that run apt by themselves would hold its lock against a task service.
MASKED_UNITS = ("apt-daily.timer", "apt-daily-upgrade.timer", "apt-daily.service", "apt-daily-upgrade.service",
                "e2scrub_all.timer", "fstrim.timer", "systemd-udevd.service", "console-getty.service")
NO_SERVICES = b"""#!/bin/sh
# This host has no init: packages must not start services, the service runner does.
exit 101
"""


class BaseImage:
    def __init__(self, state, variant):
        self._state = state
        self._variant = variant
        self._sources = apt.source_lines()
        self._settings = apt.settings()
        self._certificates = _certificates()
        self.name = f"{variant}-{self._key()}"
        self._cache = os.environ.get("PROVISIONING_CACHE_DIR") or state.images
        self.tar = os.path.join(self._cache, f"provisioning-local-{self.name}.tar")
        self.folder = os.path.join(state.images, self.name)

    def _key(self):
        content = [RECIPE, *PACKAGES[self._variant], *self._sources, *self._settings]
        content += [name + data.hex() for name, data in self._certificates]
        return short_hash(*content)

    def ensure_tar(self):
        """Returns whether it had to be made. REQUIRES: nothing; takes its own locks."""
        if os.path.exists(self.tar):
            return False
        with self._state.image_lock():
            return self._ensure_tar_locked()

    def _ensure_tar_locked(self):
        os.makedirs(self._cache, mode=0o700, exist_ok=True)
        with Lock(os.path.join(self._cache, ".lock"), "the base image"):
            if os.path.exists(self.tar):
                return False
            self._build()
            return True

    def ensure_folder(self):
        """The unpacked tar, for the overlay mounts of hosts without init."""
        if os.path.isdir(self.folder):
            return False
        with self._state.image_lock():
            if os.path.isdir(self.folder):
                return False
            self._ensure_tar_locked()
            os.makedirs(self._state.images, mode=0o700, exist_ok=True)
            part = os.path.join(self._state.images, f"unpack-{self.name}")
            remove_path(part)
            os.mkdir(part)
            say(f"unpacking the base image {self.name}")
            status, last = procs.run_tied(["tar", "--numeric-owner", "-xpf", self.tar, "-C", part], "base image")
            if status != 0:
                raise _failed(last, "check free disk space of the state folder")
            os.chmod(part, 0o755)
            # Not in the tar: mmdebstrap has such a file of its own while it works, and takes it away at the end.
            write_atomic(os.path.join(part, "usr/sbin/policy-rc.d"), NO_SERVICES, 0o755)
            os.rename(part, self.folder)
            return True

    def _build(self):
        """REQUIRES: both locks, so every build folder found is one that a kill has left."""
        for left in glob.glob(os.path.join(glob.escape(self._cache), "build-*")):
            remove_path(left)
        build = os.path.join(self._cache, f"build-{os.getpid()}")
        # apt fetches as its own user, who has to get into the folder of the build, but not into what is above it:
        # that is why mmdebstrap runs with this folder as its working and temporary one.
        os.mkdir(build, 0o755)
        try:
            self._write_extras(os.path.join(build, "extras.tar"))
            say(f"making the base image {self.name} with mmdebstrap, once; about half a minute")
            status, last = procs.run_tied(self._argv(), "base image", data="\n".join(self._sources) + "\n",
                                          cwd=build, extra_env={"TMPDIR": build})
            if status != 0:
                raise _failed(last, "check that apt-get update works on this machine, then try again")
            os.rename(os.path.join(build, "root.tar"), self.tar)
        finally:
            remove_path(build)

    def _argv(self):
        argv = ["mmdebstrap", "--mode=root", "--variant=minbase", "--skip=cleanup/apt/lists",
                "--include=" + ",".join(PACKAGES[self._variant])]
        argv += [f"--aptopt={setting}" for setting in self._settings]
        argv += ["--customize-hook=tar-in extras.tar /", '--customize-hook=chroot "$1" update-ca-certificates']
        return argv + [apt.SUITE, "root.tar"] + (["-"] if self._sources else [])

    def _write_extras(self, path):
        with tarfile.open(path, "w") as extras:
            _add(extras, "etc/hosts", b"127.0.0.1 localhost\n")
            _add(extras, "etc/hostname", b"host\n")
            for name, data in self._certificates:
                _add(extras, f"{LOCAL_CERTIFICATES[1:]}/{name}", data)
            if self._variant == "init":
                for unit in MASKED_UNITS:
                    _add_link(extras, f"etc/systemd/system/{unit}", "/dev/null")


def _certificates():
    """The certificates this machine was told to trust: its mirror or proxy may need them."""
    found = []
    for path in sorted(glob.glob(LOCAL_CERTIFICATES + "/**/*.crt", recursive=True)):
        with open(path, "rb") as source:
            found.append((os.path.relpath(path, LOCAL_CERTIFICATES), source.read()))
    return found


def _add(archive, name, data, mode=0o644):
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(data), mode, time.time()
    archive.addfile(entry, io.BytesIO(data))


def _add_link(archive, name, target):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    archive.addfile(entry)


def _failed(last, hint):
    reason = next((line for line in reversed(last) if line.startswith("E: ")), last[-1] if last else "no message")
    return ProviderError("image_failed", f"the base image cannot be made: {reason}", hint, retryable=True)
