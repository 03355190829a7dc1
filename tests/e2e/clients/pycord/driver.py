"""Drives unmodified forks of discord.py: py-cord and nextcord."""

import asyncio
import os

from bot import Bot, live
from lines import CONFIG

if os.environ["LIBRARY"] == "nextcord":
    import nextcord as discord
    from nextcord import http

    http.Route.BASE = CONFIG["api"] + "/v10"
else:
    import discord
    from discord import http

    http.Route.API_BASE_URL = CONFIG["api"] + "/v{API_VERSION}"


class Driver(Bot, discord.Client):
    library = discord


asyncio.run(live(Driver))
