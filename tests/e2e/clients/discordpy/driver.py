"""Drives an unmodified discord.py by lines of JSON; see src/driver.rs for the words."""

import asyncio
import json
import logging
import os
import signal
import sys
import zlib

CONFIG = json.loads(sys.argv[1])
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


def tell(event, **rest):
    line = json.dumps({"event": event, **rest}) + "\n"
    os.write(1, line.encode())


class Driver(discord.Client):
    """Tells what happens and does what it is told."""

    def __init__(self):
        intents = discord.Intents(
            guilds=True, members=True, guild_messages=True, message_content=True, invites=True
        )
        super().__init__(intents=intents, chunk_guilds_at_startup=False, max_messages=None)

    async def setup_hook(self):
        self.orders = asyncio.create_task(self.obey())

    async def on_guild_available(self, guild):
        self.seen(guild)

    async def on_guild_join(self, guild):
        self.seen(guild)

    def seen(self, guild):
        channels = {channel.name: str(channel.id) for channel in guild.channels}
        tell("guild", id=str(guild.id), name=guild.name, channels=channels)

    async def on_ready(self):
        for guild in self.guilds:
            self.seen(guild)
        tell("ready", user=str(self.user.id))

    async def on_message(self, message):
        tell(
            "message",
            id=str(message.id),
            channel=str(message.channel.id),
            author=str(message.author.id),
            content=message.content,
        )

    async def on_invite_create(self, invite):
        tell("invite", code=invite.code, guild=invite.guild.name, channel=str(invite.channel.id))

    async def on_invite_delete(self, invite):
        tell("uninvite", code=invite.code, guild=invite.guild.name)

    async def on_disconnect(self):
        tell("disconnected")

    async def on_resumed(self):
        tell("resumed")

    async def obey(self):
        """Reads orders one by one; a failed order is told and ends the driver."""
        loop = asyncio.get_running_loop()
        try:
            while line := await loop.run_in_executor(None, sys.stdin.readline):
                order = json.loads(line)
                await getattr(self, "do_" + order["do"])(order)
                if order["do"] == "close":
                    return
        except Exception as error:
            tell("fatal", reason=repr(error))
            await self.close()

    async def do_post(self, order):
        channel = self.get_channel(int(order["channel"]))
        message = await channel.send(order["content"])
        tell("posted", id=str(message.id), content=message.content)

    async def do_history(self, order):
        channel = self.get_channel(int(order["channel"]))
        ids = [str(message.id) async for message in channel.history(limit=None)]
        tell("history", ids=ids)

    async def do_members(self, order):
        guild = self.get_guild(int(order["guild"]))
        if "query" in order:
            members = await guild.query_members(order["query"], limit=100)
        else:
            members = await guild.chunk()
        tell("members", names=sorted(member.name for member in members))

    async def do_invite(self, order):
        channel = self.get_channel(int(order["channel"]))
        made = await channel.create_invite(max_age=60, max_uses=5, unique=True)
        listed = [invite.code for invite in await channel.guild.invites()]
        assert listed == [invite.code for invite in await channel.invites()]
        found = await self.fetch_invite(made.code, with_counts=True)
        assert found.expires_at == made.expires_at is not None
        tell(
            "invited",
            code=made.code,
            listed=listed,
            uses=[made.uses, made.max_uses],
            guild=found.guild.name,
            members=found.approximate_member_count,
        )

    async def do_uninvite(self, order):
        invite = await self.fetch_invite(order["code"])
        await invite.delete()
        listed = await self.get_guild(invite.guild.id).invites()
        tell("uninvited", listed=[invite.code for invite in listed])

    async def do_drop(self, order):
        self.ws.socket.get_extra_info("socket")  # fails here if there is no connection
        self.ws.socket._conn.transport.abort()
        tell("dropped")
        # Stops here, so that nothing is resumed before the test says so.
        os.kill(os.getpid(), signal.SIGSTOP)

    async def do_close(self, order):
        await self.close()


logging.basicConfig(level=logging.INFO, stream=sys.stderr)
Driver().run(CONFIG["token"], log_handler=None)
