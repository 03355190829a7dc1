"""What discord.py and its forks have in common."""

import asyncio
import sys

import lines
from lines import CONFIG, tell


class Bot:
    """Tells what happens and does what it is told; stands before the library's own client."""

    #: The module of the library.
    library = None
    #: The task that reads orders.
    orders = None

    @classmethod
    def made(cls):
        intents = cls.library.Intents(
            guilds=True,
            members=True,
            invites=True,
            presences=True,
            guild_messages=True,
            guild_reactions=True,
            message_content=True,
        )
        # These libraries send this activity as `game`.
        activity = cls.library.Game("chess")
        return cls(
            intents=intents, chunk_guilds_at_startup=False, max_messages=None, activity=activity
        )

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
        self.orders = self.orders or asyncio.create_task(lines.obey(self.order, self.close))

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

    async def on_raw_message_edit(self, edit):
        tell("edit", id=str(edit.message_id), content=edit.data["content"])

    async def on_raw_reaction_add(self, reaction):
        tell(
            "reaction",
            message=str(reaction.message_id),
            user=str(reaction.user_id),
            emoji=reaction.emoji.name,
        )

    async def on_presence_update(self, before, after):
        playing = after.activity.name if after.activity else None
        tell("presence", user=str(after.id), status=str(after.status), playing=playing)

    async def on_invite_create(self, invite):
        tell("invite", code=invite.code, guild=invite.guild.name, channel=str(invite.channel.id))

    async def on_invite_delete(self, invite):
        tell("uninvite", code=invite.code, guild=invite.guild.name)

    async def on_disconnect(self):
        tell("disconnected")

    async def on_resumed(self):
        tell("resumed")

    def order(self, name):
        return getattr(self, "do_" + name)

    def message_of(self, order):
        channel = self.get_channel(int(order["channel"]))
        return channel.get_partial_message(int(order["message"]))

    async def do_post(self, order):
        channel = self.get_channel(int(order["channel"]))
        message = await channel.send(order["content"])
        tell("posted", id=str(message.id), content=message.content)

    async def do_edit(self, order):
        edited = await self.message_of(order).edit(content=order["content"])
        tell("edited", id=str(edited.id), content=edited.content)

    async def do_react(self, order):
        await self.message_of(order).add_reaction(order["emoji"])
        tell("reacted")

    async def do_presence(self, order):
        status = self.library.Status(order["status"])
        await self.change_presence(status=status, activity=self.library.Game(order["playing"]))

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
        lines.drop(self.ws.socket)


async def live(kind):
    """Lives until the driver is told to close."""
    driver = kind.made()
    try:
        await driver.start(CONFIG["token"])
    except RuntimeError:
        # py-cord tries to connect once more after it was closed by itself.
        if not driver.is_closed():
            raise
