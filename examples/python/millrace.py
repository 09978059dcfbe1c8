"""What both examples share: the connection, its requests, and decimals as the stream writes them.

Runs with flatbuffers 2.0 or newer and websockets 10 or newer, on Python 3.9 or newer.
"""

import json
import logging
import os

import websockets

from stream_generated import Message

URL = os.environ.get("MILLRACE_URL", "ws://127.0.0.1:9002")
# Why a connection could not be made; it is tried again.
logging.basicConfig(format="%(message)s")
logging.getLogger("websockets.client").setLevel(logging.INFO)

ATTO_PER_MILLI = 10**15
DECIMALS = 18


def connect():
    """Connects, and again after each loss: `async for socket in connect()`."""
    token = os.environ.get("MILLRACE_TOKEN")
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    version = int(websockets.version.version.split(".")[0])
    name = "extra_headers" if version < 14 else "additional_headers"
    # A whole book may be large; the engine never compresses.
    options = {name: headers, "max_size": None, "compression": None}
    return websockets.connect(f"{URL}/stream?encoding=flatbuffers", **options)


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
