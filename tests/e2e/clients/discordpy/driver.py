"""Drives an unmodified discord.py."""

import asyncio
import sys
import zlib

from bot import Bot, live
from lines import CONFIG

WIRE = CONFIG["compression"]

if WIRE == "zlib":
    # discord.py takes zlib-stream by itself where zstandard is not installed.
    sys.modules["zstandard"] = None

import discord  # noqa: E402  (what it finds when it is imported decides on its compression)
import yarl  # noqa: E402
from discord import gateway, http, utils  # noqa: E402


class Blob:
    """Undoes payload compression, which discord.py asks for but only reads in this place."""

    COMPRESSION_TYPE = ""

    def decompress(self, data, /):
        return zlib.decompress(data).decode("utf-8")


http.Route.BASE = CONFIG["api"] + "/v10"
gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(CONFIG["gateway"])
if WIRE == "none":
    gateway.DiscordWebSocket.from_client.__func__.__kwdefaults__["compress"] = False
    utils._ActiveDecompressionContext = Blob
else:
    assert utils._ActiveDecompressionContext.COMPRESSION_TYPE == WIRE + "-stream"


class Driver(Bot, discord.Client):
    library = discord


asyncio.run(live(Driver))
