"""Progress for people, on stderr. Nobody may be listening any more: that is no error."""
import sys


def say(text):
    try:
        print(text, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass
