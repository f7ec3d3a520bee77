"""What a valid request is. Everything after parse() may rely on the types and the names here."""
import json
import os
import re
import stat
from dataclasses import dataclass, field

from . import attachments
from .errors import ProviderError

API = 1
MAX_BYTES = 1 << 20
VERBS = ("describe", "prepare", "create_server", "delete_server", "list_servers", "get_server_status", "teardown")
HOST_VERBS = ("create_server", "delete_server", "get_server_status")
RUNTIMES = ("container", "namespace", "auto")
PARAMS = ("docker_socket", "rehearsals", "storages", "networks")

# cpus and memory are upper bounds; 0 means none. Only the container runtime can hold a host to them.
PLANS = {
    "unlimited": {"cpus": 0, "memory_mb": 0},
    "small": {"cpus": 1, "memory_mb": 512},
    "medium": {"cpus": 2, "memory_mb": 2048},
    "large": {"cpus": 4, "memory_mb": 4096},
}
DEFAULT_PLAN = "unlimited"

NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?\Z")
HOST_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
LABEL_KEY = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?\Z")
HOSTNAME_MAX = 63  # the kernel keeps 64 with the end mark
LABELS_MAX = 64
TOKEN_MAX = 8192


@dataclass
class Agent:
    program: str
    endpoint: str
    join_token: str = field(repr=False)


@dataclass
class Request:
    verb: str
    state_dir: str = ""
    workspace: str = ""
    infra: str = ""
    runtime: str = "auto"
    hostname: str = ""
    plan: str = DEFAULT_PLAN
    labels: dict = field(default_factory=dict)
    docker_socket: str = ""
    rehearsals: bool = False
    storages: list = field(default_factory=list)  # as attachments.py has them
    networks: list = field(default_factory=list)
    agent: Agent = None


def bad(message, hint="see docs/guides/extension-contract.md, section Providers"):
    return ProviderError("bad_request", message, hint)


def parse(data):
    raw = _decode(data)
    if raw.get("api") != API or isinstance(raw["api"], bool):
        raise bad(f"api is {raw.get('api')!r}, this provider speaks {API}", f'send "api": {API}')
    verb = raw.get("verb")
    if verb not in VERBS:
        raise ProviderError("unknown_verb", f"there is no verb {verb!r}", "verbs: " + ", ".join(VERBS))
    request = Request(verb=verb)
    if verb == "describe":
        return request
    request.state_dir = _state_dir(raw.get("state_dir"))
    request.workspace = _name(raw, "workspace")
    request.infra = _name(raw, "infra")
    request.runtime = _runtime(raw.get("runtime", "auto"))
    request.docker_socket = _params(raw.get("params"), "params")
    if verb in HOST_VERBS:
        _server(request, _object(raw, "server"))
    if verb == "create_server":
        request.agent = _agent(_object(raw, "agent"))
    return request


def _decode(data):
    if len(data) > MAX_BYTES:
        raise bad(f"the request is larger than {MAX_BYTES} bytes")
    try:
        raw = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise bad(f"the request is not JSON: {error}", "send one JSON object on stdin") from None
    if not isinstance(raw, dict):
        raise bad("the request is not a JSON object", "send one JSON object on stdin")
    return raw


def _object(raw, key):
    value = raw.get(key)
    if not isinstance(value, dict):
        raise bad(f"{key} is missing or not an object")
    return value


def text(value, what, longest, shortest=1):
    """A string without control characters, so that it can stand in a file or a message."""
    if not isinstance(value, str):
        raise bad(f"{what} is not a string")
    if not shortest <= len(value) <= longest:
        raise bad(f"{what} has {len(value)} characters, allowed are {shortest} to {longest}")
    if any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in value):
        raise bad(f"{what} contains control characters")
    return value


def _absolute(value, what):
    text(value, what, 4096)
    if not value.startswith("/") or ".." in value.split("/"):
        raise bad(f"{what} must be an absolute path without '..': {value!r}")
    return value


def _state_dir(value):
    path = os.path.normpath(_absolute(value, "state_dir"))
    if path.strip("/") == "":
        raise bad("state_dir must not be the root folder")
    return path


def _name(raw, key):
    value = text(raw.get(key), key, 63)
    if not NAME.match(value) or ".." in value:
        raise bad(f"{key} {value!r} is not a name",
                  "up to 63 letters, digits, '.', '_' and '-', first and last a letter or digit")
    return value


def _runtime(value):
    if value not in RUNTIMES:
        raise bad(f"there is no runtime {value!r}", "runtimes: " + ", ".join(RUNTIMES))
    return value


def _params(value, what):
    if value is None:
        return ""
    if not isinstance(value, dict):
        raise bad(f"{what} is not an object")
    for key in value:
        if key not in PARAMS:
            raise bad(f"{what} has the unknown parameter {key!r}", "parameters: " + ", ".join(PARAMS))
    socket = value.get("docker_socket", "")
    if socket == "":
        return ""
    socket = text(socket, f"{what}.docker_socket", 4096)
    return _absolute(socket.removeprefix("unix://"), f"{what}.docker_socket")


def _flag(params, key):
    value = params.get(key, False)
    if value not in (True, False, "true", "false"):
        raise bad(f"server.params.{key} is neither true nor false")
    return value in (True, "true")


def _server(request, server):
    request.hostname = _hostname(server.get("hostname"))
    if request.verb != "create_server":
        return
    plan = server.get("plan") or DEFAULT_PLAN
    if not isinstance(plan, str) or plan not in PLANS:
        raise bad(f"there is no plan {plan!r}", "plans: " + ", ".join(PLANS))
    request.plan = plan
    request.labels = _labels(server.get("labels"))
    request.docker_socket = _params(server.get("params"), "server.params") or request.docker_socket
    params = server.get("params") or {}
    request.rehearsals = _flag(params, "rehearsals")
    request.storages = attachments.parse_storages(params.get("storages"))
    request.networks = attachments.parse_networks(params.get("networks"))


def _hostname(value):
    text(value, "server.hostname", HOSTNAME_MAX)
    labels = value.split(".")
    if not all(HOST_LABEL.match(label) for label in labels) or labels[-1].isdigit() or value == "localhost":
        raise bad(f"{value!r} is not a host name",
                  "lower-case letters, digits and '-' (RFC 1123), at most 63 characters, for example web-1")
    return value


def _labels(value):
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > LABELS_MAX:
        raise bad(f"server.labels is not an object of at most {LABELS_MAX} entries")
    for key, content in value.items():
        if not LABEL_KEY.match(key):
            raise bad(f"{key!r} is not the name of a label")
        text(content, f"label {key}", 256, shortest=0)
    return value


def _agent(agent):
    program = _absolute(agent.get("program"), "agent.program")
    try:
        mode = os.stat(program).st_mode
    except OSError as error:
        raise bad(f"agent.program cannot be read: {error.strerror}: {program}",
                  "build or install the agent, then name its program") from None
    if not stat.S_ISREG(mode) or not mode & 0o111:
        raise bad(f"agent.program is not an executable file: {program}", f"chmod +x {program}")
    endpoint = text(agent.get("endpoint", ""), "agent.endpoint", 1024, shortest=0)
    return Agent(program, endpoint, text(agent.get("join_token"), "agent.join_token", TOKEN_MAX))
