"""How drivers in Python are spoken to: by lines of JSON; see src/driver.rs for the words."""

import asyncio
import json
import logging
import os
import signal
import sys

CONFIG = json.loads(sys.argv[1])

logging.basicConfig(level=logging.INFO, stream=sys.stderr)


def tell(event, **rest):
    """Writes one line for the test, at once and whole, because the process may stop right after."""
    line = json.dumps({"event": event, **rest}) + "\n"
    os.write(1, line.encode())


async def obey(orders, close):
    """Does one order after the other; a failed order is told and ends the driver."""
    loop = asyncio.get_running_loop()
    try:
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            order = json.loads(line)
            if order["do"] == "close":
                break
            await orders(order["do"])(order)
    except Exception as error:
        tell("fatal", reason=repr(error))
    await close()


def drop(socket):
    """Cuts a socket of aiohttp, and stops, so that nothing is resumed before the test says so."""
    socket.get_extra_info("socket")  # fails here if there is no connection
    socket._conn.transport.abort()
    tell("dropped")
    os.kill(os.getpid(), signal.SIGSTOP)
