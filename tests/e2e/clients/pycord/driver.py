"""Drives unmodified forks of discord.py, py-cord and nextcord, by lines of JSON; see
src/driver.rs for the words."""

import asyncio
import json
import logging
import os
import signal
import sys

CONFIG = json.loads(sys.argv[1])

if os.environ["LIBRARY"] == "nextcord":
    import nextcord as discord
    from nextcord import http

    http.Route.BASE = CONFIG["api"] + "/v10"
else:
    import discord
    from discord import http

    http.Route.API_BASE_URL = CONFIG["api"] + "/v{API_VERSION}"


def tell(event, **rest):
    line = json.dumps({"event": event, **rest}) + "\n"
    os.write(1, line.encode())


class Driver(discord.Client):
    """Tells what happens and does what it is told."""

    def __init__(self, loop):
        intents = discord.Intents(
            guilds=True,
            members=True,
            presences=True,
            guild_messages=True,
            message_content=True,
        )
        super().__init__(
            intents=intents,
            chunk_guilds_at_startup=False,
            max_messages=None,
            loop=loop,
            # These send it as `game`.
            activity=discord.Game("chess"),
        )
        self.orders = None

    async def on_guild_available(self, guild):
        tell("guild", id=str(guild.id), name=guild.name)

    async def on_guild_join(self, guild):
        tell("guild", id=str(guild.id), name=guild.name)

    async def on_ready(self):
        for guild in self.guilds:
            tell("guild", id=str(guild.id), name=guild.name)
        tell("ready", user=str(self.user.id))
        self.orders = self.orders or asyncio.create_task(self.obey())

    async def on_error(self, event, *args, **kwargs):
        tell("fatal", reason=f"{event}: {sys.exc_info()[1]!r}")

    async def on_message(self, message):
        tell(
            "message",
            id=str(message.id),
            channel=str(message.channel.id),
            author=str(message.author.id),
            content=message.content,
        )

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
            await guild.chunk()
            members = guild.members
        tell("members", names=sorted(member.name for member in members))

    async def do_drop(self, order):
        self.ws.socket.get_extra_info("socket")  # fails here if there is no connection
        self.ws.socket._conn.transport.abort()
        tell("dropped")
        # Stops here, so that nothing is resumed before the test says so.
        os.kill(os.getpid(), signal.SIGSTOP)

    async def do_close(self, order):
        await self.close()


async def main():
    driver = Driver(asyncio.get_running_loop())
    try:
        await driver.start(CONFIG["token"])
    except RuntimeError:
        # py-cord tries to connect once more after it was closed by itself.
        if not driver.is_closed():
            raise


logging.basicConfig(level=logging.INFO, stream=sys.stderr)
asyncio.run(main())
