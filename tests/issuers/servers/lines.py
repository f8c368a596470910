"""The protocol between a test and its issuer: the issuer prints its settings in one line of JSON,
then reads commands, one per line, and answers each in a line of JSON. It ends when the test ends.

Import this module first: it redirects the output of the libraries to standard error."""

import json
import os
import sys

_replies = sys.stdout
sys.stdout = sys.stderr


def _say(value):
    print(json.dumps(value), file=_replies, flush=True)


def serve(facts, commands):
    _say(facts)
    for line in sys.stdin:
        _say(commands[line.strip()]())


def end():
    """Ends at once, because threads of the server may still wait for requests."""
    os._exit(0)
