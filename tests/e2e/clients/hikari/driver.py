"""Drives an unmodified hikari."""

import asyncio

import hikari
import lines
from lines import CONFIG, tell

TASKS = []
INTENTS = (
    hikari.Intents.GUILDS
    | hikari.Intents.GUILD_MEMBERS
    | hikari.Intents.GUILD_PRESENCES
    | hikari.Intents.GUILD_MESSAGES
    | hikari.Intents.GUILD_MESSAGE_REACTIONS
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
async def on_edit(event: hikari.GuildMessageUpdateEvent) -> None:
    tell("edit", id=str(event.message_id), content=event.message.content or "")


@bot.listen()
async def on_reaction(event: hikari.GuildReactionAddEvent) -> None:
    tell(
        "reaction",
        message=str(event.message_id),
        user=str(event.user_id),
        emoji=str(event.emoji_name),
    )


@bot.listen()
async def on_presence(event: hikari.PresenceUpdateEvent) -> None:
    activities = event.presence.activities
    tell(
        "presence",
        user=str(event.user_id),
        status=str(event.presence.visible_status.value),
        playing=activities[0].name if activities else None,
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


async def edit(order):
    edited = await bot.rest.edit_message(
        int(order["channel"]), int(order["message"]), order["content"]
    )
    tell("edited", id=str(edited.id), content=edited.content)


async def react(order):
    await bot.rest.add_reaction(int(order["channel"]), int(order["message"]), order["emoji"])
    tell("reacted")


async def presence(order):
    activity = hikari.Activity(name=order["playing"], type=hikari.ActivityType.PLAYING)
    await bot.update_presence(status=hikari.Status(order["status"]), activity=activity)


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
    lines.drop(bot.shards[0]._ws._ws)


@bot.listen()
async def on_started(event: hikari.StartingEvent) -> None:
    orders = {
        "post": post,
        "edit": edit,
        "react": react,
        "presence": presence,
        "history": history,
        "members": members,
        "drop": drop,
    }
    TASKS.append(asyncio.create_task(lines.obey(orders.__getitem__, bot.close)))


bot.run(check_for_updates=False, shard_count=1)
