"""The Docker API over a Unix socket, as far as the provider uses it. Docker and podman both speak it."""
import http.client
import json
import os
import socket
import struct
from urllib.parse import urlencode

from .errors import ProviderError

VERSION = "v1.41"
SUN_PATH_MAX = 107


def connect(path, timeout_s):
    """A connected socket. A path longer than the kernel takes goes through a descriptor of its folder."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(timeout_s)
    folder = None
    try:
        if len(os.fsencode(path)) > SUN_PATH_MAX:
            folder = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY)
            path = f"/proc/self/fd/{folder}/{os.path.basename(path)}"
        sock.connect(path)
        return sock
    except BaseException:
        sock.close()
        raise
    finally:
        if folder is not None:
            os.close(folder)


def server_pid(path):
    """The process that listens on the socket, or 0."""
    try:
        with connect(path, 5) as sock:
            credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    except OSError:
        return 0
    return struct.unpack("3i", credentials)[0]


class EngineRefused(ProviderError):
    """What the engine said no to, with the HTTP status."""

    def __init__(self, method, path, status, data):
        said = _decoded(data).get("message") if data.strip().startswith(b"{") else data.decode("utf-8", "replace")
        super().__init__("engine_error", f"the container engine refused {method} {path}: {said or status}",
                         "look at the engine's log, mend the cause, and send the same request again",
                         retryable=status >= 409)
        self.status = status


class _Connection(http.client.HTTPConnection):
    def __init__(self, path, timeout_s):
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self):
        self.sock = connect(self._path, self.timeout)


class DockerApi:
    """One request, one connection. Raises EngineRefused, and OSError when the engine is away."""

    def __init__(self, path):
        self.path = path

    def call(self, method, path, query=None, body=None, raw=None, missing_ok=(), timeout_s=120, version=VERSION):
        """The decoded answer. Statuses in missing_ok give None. raw is bytes or an open file (a tar)."""
        status, data = self._exchange(method, self._url(path, query, version), body, raw, timeout_s)
        if status in missing_ok:
            return None
        if status >= 400:
            raise EngineRefused(method, path, status, data)
        return _decoded(data)

    def ping(self):
        """The answer's headers, or None when nobody answers."""
        connection = _Connection(self.path, 5)
        try:
            connection.request("GET", "/_ping")
            response = connection.getresponse()
            response.read()
            return response.headers if response.status == 200 else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    @staticmethod
    def _url(path, query, version):
        return f"/{version}{path}" + (f"?{urlencode(query)}" if query else "")

    def _exchange(self, method, url, body, raw, timeout_s):
        connection = _Connection(self.path, timeout_s)
        headers = {}
        payload = raw
        if body is not None:
            payload, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        elif raw is not None:
            headers["Content-Type"] = "application/x-tar"
            if not isinstance(raw, bytes):
                headers["Content-Length"] = str(os.fstat(raw.fileno()).st_size)
        try:
            connection.request(method, url, body=payload, headers=headers)
            response = connection.getresponse()
            return response.status, response.read()
        except http.client.HTTPException as error:
            raise OSError(f"the container engine broke off: {type(error).__name__}") from None
        finally:
            connection.close()


def _decoded(data):
    try:
        return json.loads(data) if data.strip() else {}
    except ValueError:
        lines = [line for line in data.splitlines() if line.strip()]
        return json.loads(lines[-1]) if lines and lines[-1].startswith(b"{") else {}
