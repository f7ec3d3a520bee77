"""From stdin to stdout: whatever happens, the answer is one JSON object and never a traceback."""
import json
import os
import sys
import traceback

from . import request, verbs
from .errors import ProviderError


def answer_to(stream):
    try:
        return verbs.run(request.parse(stream.read(request.MAX_BYTES + 1)))
    except ProviderError as error:
        return error.answer()
    except OSError as error:
        return ProviderError("io_error", f"the operating system refused: {error}",
                             "check free disk space and permissions of the state folder, then try again",
                             retryable=True).answer()
    except Exception as error:  # a defect: say so in the protocol, with the details on request
        if os.environ.get("PROVISIONING_DEBUG"):
            traceback.print_exc()
        return ProviderError("internal", f"unexpected {type(error).__name__}: {error}",
                             "set PROVISIONING_DEBUG=1 for the details on stderr and report it").answer()


def main(stdin, stdout):
    stdout.write(json.dumps(answer_to(stdin)) + "\n")
    stdout.flush()
    # Not sys.exit: a closed stderr at the very end must not change the exit code.
    sys.stdout.close()
    os._exit(0)
