"""The Debian mirror and the apt settings of this machine, for the hosts' root file system."""
import glob
import os
import re

from . import procs

SUITE = "bookworm"
SUITES = (SUITE, SUITE + "-updates", SUITE + "-security")
COMPONENTS = ("main", "contrib", "non-free", "non-free-firmware")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
KEPT_OPTIONS = ("trusted", "check-valid-until", "check-date")
# How to fetch, not what: a hook or a frontend setting of this machine has no business in a host.
FETCH_SETTING = re.compile(r'(Acquire::(?:https?::|Proxy|Check-|Retries|ForceIPv|Allow)[^\s"]*) "([^"\n]*)";\Z')


def source_lines():
    """One-line apt sources of Debian itself; an empty list when this machine has none for the suite."""
    found = []
    for path in ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*"))]:
        try:
            with open(path, encoding="utf-8", errors="replace") as source:
                content = source.read()
        except OSError:
            continue
        if path.endswith(".sources"):
            found += _deb822(content)
        elif path.endswith(".list"):
            found += _one_line(content)
    return list(dict.fromkeys(found))


def _deb822(content):
    lines = []
    for paragraph in re.split(r"\n\s*\n", content):
        fields = {}
        joined = re.sub(r"\n[ \t]+", " ", re.sub(r"(?m)^#.*\n?", "", paragraph))
        for name, value in re.findall(r"(?m)^([A-Za-z-]+):[ \t]*(.*)$", joined):
            fields[name.lower()] = value.split()
        if "deb" in fields.get("types", []) and fields.get("enabled", ["yes"]) != ["no"]:
            for uri in fields.get("uris", []):
                for suite in fields.get("suites", []):
                    lines += _line(uri, suite, fields.get("components", []), fields)
    return lines


def _one_line(content):
    lines = []
    for match in re.finditer(r"(?m)^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#\n]*)", content):
        options = {}
        for option in (match[1] or "").split():
            name, _, value = option.partition("=")
            options[name.lower()] = [value]
        lines += _line(match[2], match[3], match[4].split(), options)
    return lines


def _line(uri, suite, components, options):
    """At most one line, nothing for sources that are not Debian's."""
    key = options.get("signed-by", [KEYRING])
    components = [c for c in components if c in COMPONENTS]
    if suite not in SUITES or not components or not uri.startswith(("http://", "https://")):
        return []
    if not os.path.basename(key[0]).startswith("debian-archive"):
        return []
    kept = [f"{name}={options[name][0]}" for name in KEPT_OPTIONS if options.get(name)]
    if os.path.exists(KEYRING):
        kept.append(f"signed-by={KEYRING}")
    prefix = f"[{' '.join(kept)}] " if kept else ""
    return [f"deb {prefix}{uri} {suite} {' '.join(components)}"]


def settings():
    """Settings a host needs to reach the same mirror (proxy, dates, TLS)."""
    _, out, _ = procs.run(["apt-config", "dump"])
    found = {}
    for line in out.splitlines():
        match = FETCH_SETTING.match(line)
        if match and match[2] and not match[1].endswith("::"):
            found[match[1]] = match[2]
    for scheme in ("http", "https"):
        proxy = os.environ.get(f"{scheme}_proxy") or os.environ.get(f"{scheme.upper()}_PROXY")
        if proxy and '"' not in proxy:
            found.setdefault(f"Acquire::{scheme}::Proxy", proxy)
    found["Acquire::Languages"] = "none"
    return [f'{name} "{value}";' for name, value in sorted(found.items())]
