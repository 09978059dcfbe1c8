"""What both examples share: the connection, its requests, and decimals as the stream writes them.

Runs with flatbuffers 2.0 or newer and websockets 10 or newer, on Python 3.9 or newer.
"""

import asyncio
import json
import os
import random
import sys
import time

import websockets
from websockets.exceptions import InvalidHandshake, InvalidURI

from stream_generated import Message

URL = os.environ.get("MILLRACE_URL", "ws://127.0.0.1:9002")
# Waits between attempts, doubled each time; a connection that held for longer than the longest begins anew.
FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 10

ATTO_PER_MILLI = 10**15
DECIMALS = 18


def opening():
    """One attempt to connect."""
    token = os.environ.get("MILLRACE_TOKEN")
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    version = int(websockets.version.version.split(".")[0])
    name = "extra_headers" if version < 14 else "additional_headers"
    # A whole book may be large; the engine never compresses.
    options = {name: headers, "max_size": None, "compression": None}
    return websockets.connect(f"{URL}/stream?encoding=flatbuffers", **options)


async def connect():
    """Connects, and again after each loss: `async for socket in connect()`. What cannot be mended ends the program."""
    wait = FIRST_WAIT_S
    while True:
        opened = time.monotonic()
        try:
            socket = await opening()
        except InvalidURI:
            raise SystemExit(f"MILLRACE_URL: expected ws://HOST:PORT, was {URL}") from None
        except (OSError, InvalidHandshake, asyncio.TimeoutError) as error:
            if status_of(error) in (401, 403):
                raise SystemExit("MILLRACE_TOKEN: expected a token with the role read, it was refused") from None
            why = f"no connection to {URL}: {error or 'not open in time'}"
        else:
            yield socket
            why = f"connection lost: {socket.close_code} {socket.close_reason or ''}".rstrip()
            if time.monotonic() - opened > LONGEST_WAIT_S:
                wait = FIRST_WAIT_S
        print(f"{why}; again in {wait:g} s", file=sys.stderr)
        # Not all at once: an engine that comes back has other clients too.
        await asyncio.sleep(wait * random.uniform(0.5, 1))
        wait = min(LONGEST_WAIT_S, 2 * wait)


def status_of(error):
    """The HTTP status of a refused connection; None where there was no answer."""
    return getattr(getattr(error, "response", error), "status_code", None)


def run(program):
    """Runs it until Ctrl-C, or until nobody reads what it prints any more, as with `| head`."""
    try:
        asyncio.run(program)
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def request(socket, op, args, **rest):
    """Sends a request; its reply comes among the messages, as text."""
    await socket.send(json.dumps({"op": op, "args": args, **rest}))


def reply_of(text):
    """The reply as an object. A refused item ends the program: asking again would not help."""
    reply = json.loads(text)
    if reply["op"] == "error":
        raise SystemExit(reply["message"])
    for error in reply.get("errors", []):
        raise SystemExit(f"{error['arg']}: {error['message']}")
    return reply


def message_of(data):
    """One binary message."""
    return Message.GetRootAs(data)


def body_of(message, kind):
    """The message's body as a table of `kind`; the caller has looked at BodyType()."""
    table = message.Body()
    body = kind()
    body.Init(table.Bytes, table.Pos)
    return body


def atto_of(milli, atto):
    """The exact number as an integer count of 10^-18."""
    return int(milli) * ATTO_PER_MILLI + int(atto)


def text_of(atto):
    """Canonical decimal text: no exponent, no zeros at the end."""
    sign = "-" if atto < 0 else ""
    digits = str(abs(atto)).rjust(DECIMALS + 1, "0")
    fraction = digits[-DECIMALS:].rstrip("0")
    return sign + digits[:-DECIMALS] + ("." + fraction if fraction else "")
