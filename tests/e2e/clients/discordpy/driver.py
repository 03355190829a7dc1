"""Drives an unmodified discord.py."""

import asyncio
import sys
import zlib

from bot import Bot, live
from lines import CONFIG, tell

WIRE = CONFIG["compression"]

if WIRE == "zlib":
    # discord.py takes zlib-stream by itself where zstandard is not installed.
    sys.modules["zstandard"] = None

import discord  # noqa: E402  (what it finds when it is imported decides on its compression)
import yarl  # noqa: E402
from discord import app_commands, gateway, http, utils  # noqa: E402


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


def tree_of(client):
    """A typed command with options, and one of users."""
    tree = app_commands.CommandTree(client)

    @tree.command(name="sing", description="Sings", nsfw=True)
    @app_commands.describe(song="Which", times="How often")
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.allowed_contexts(guilds=True, dms=False)
    async def sing(_: discord.Interaction, song: str, times: app_commands.Range[int, 1, 9] = 1):
        pass

    @tree.context_menu(name="High Five")
    async def high_five(_: discord.Interaction, member: discord.Member):
        pass

    return tree


class Driver(Bot, discord.Client):
    library = discord

    async def do_commands(self, order):
        guild, tree = discord.Object(int(order["guild"])), tree_of(self)
        first, again = await tree.sync(), await tree.sync()
        tree.copy_global_to(guild=guild)
        here = await tree.sync(guild=guild)
        fetched = await tree.fetch_commands(guild=guild)
        assert [command.to_dict() for command in fetched] == [one.to_dict() for one in here]
        sing, high_five = first
        assert (await tree.fetch_command(sing.id)).to_dict() == sing.to_dict()
        song, times = sing.options
        assert (song.required, times.min_value, times.max_value) == (True, 1, 9)
        assert sing.default_member_permissions == discord.Permissions(manage_guild=True)
        edited = await sing.edit(name="chant", description="Chants")
        await high_five.delete()
        try:
            await edited.fetch_permissions(guild)
        except discord.NotFound as error:
            assert error.code == 10066, error
        tell(
            "commands",
            first=[str(command.id) for command in first],
            again=[str(command.id) for command in again],
            here=[str(command.id) for command in here],
            edited=[str(edited.id), edited.name, edited.description],
            left=[command.name for command in await tree.fetch_commands()],
        )


asyncio.run(live(Driver))
