"""Drives an unmodified hikari by lines of JSON; see src/driver.rs for the words."""

import asyncio
import json
import logging
import os
import signal
import sys

import hikari

CONFIG = json.loads(sys.argv[1])
TASKS = []


def tell(event, **rest):
    line = json.dumps({"event": event, **rest}) + "\n"
    os.write(1, line.encode())


INTENTS = (
    hikari.Intents.GUILDS
    | hikari.Intents.GUILD_MEMBERS
    | hikari.Intents.GUILD_PRESENCES
    | hikari.Intents.GUILD_MESSAGES
    | hikari.Intents.MESSAGE_CONTENT
)
bot = hikari.GatewayBot(
    CONFIG["token"],
    banner=None,
    intents=INTENTS,
    auto_chunk_members=False,
    rest_url=CONFIG["api"] + "/v10",
    logs=None,
    suppress_optimization_warning=True,
)


@bot.listen()
async def on_exception(event: hikari.ExceptionEvent) -> None:
    tell("fatal", reason=repr(event.exception))


@bot.listen()
async def on_guild(event: hikari.GuildAvailableEvent) -> None:
    tell("guild", id=str(event.guild_id), name=event.guild.name)
    tell("ready", user=str(bot.get_me().id))


@bot.listen()
async def on_message(event: hikari.GuildMessageCreateEvent) -> None:
    tell(
        "message",
        id=str(event.message_id),
        channel=str(event.channel_id),
        author=str(event.author_id),
        content=event.message.content or "",
    )


@bot.listen()
async def on_disconnected(event: hikari.ShardDisconnectedEvent) -> None:
    tell("disconnected")


@bot.listen()
async def on_resumed(event: hikari.ShardResumedEvent) -> None:
    tell("resumed")


async def post(order):
    message = await bot.rest.create_message(int(order["channel"]), order["content"])
    tell("posted", id=str(message.id), content=message.content)


async def history(order):
    messages = await bot.rest.fetch_messages(int(order["channel"]))
    tell("history", ids=[str(message.id) for message in messages])


async def members(order):
    names = []
    done = asyncio.get_running_loop().create_future()

    async def collect(event: hikari.MemberChunkEvent) -> None:
        names.extend(member.username for member in event.members.values())
        if event.chunk_index + 1 == event.chunk_count and not done.done():
            done.set_result(None)

    bot.subscribe(hikari.MemberChunkEvent, collect)
    shard = bot.shards[0]
    query = order.get("query", "")
    await shard.request_guild_members(
        int(order["guild"]), query=query, limit=100 if query else 0, nonce="n"
    )
    await done
    bot.unsubscribe(hikari.MemberChunkEvent, collect)
    tell("members", names=sorted(names))


async def drop(order):
    bot.shards[0]._ws._ws.get_extra_info("socket")  # fails here if there is no connection
    bot.shards[0]._ws._ws._conn.transport.abort()
    tell("dropped")
    # Stops here, so that nothing is resumed before the test says so.
    os.kill(os.getpid(), signal.SIGSTOP)


async def obey():
    """Reads orders one by one; a failed order is told and ends the driver."""
    loop = asyncio.get_running_loop()
    try:
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            order = json.loads(line)
            if order["do"] == "close":
                break
            orders = {"post": post, "history": history, "members": members, "drop": drop}
            await orders[order["do"]](order)
    except Exception as error:
        tell("fatal", reason=repr(error))
    await bot.close()


@bot.listen()
async def on_started(event: hikari.StartingEvent) -> None:
    TASKS.append(asyncio.create_task(obey()))


logging.basicConfig(level=logging.INFO, stream=sys.stderr)
bot.run(check_for_updates=False, shard_count=1)
