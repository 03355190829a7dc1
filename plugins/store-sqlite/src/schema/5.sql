-- Version 5: commands of applications; those without a guild are everywhere.
CREATE TABLE commands (
    id             INTEGER PRIMARY KEY,
    application_id INTEGER NOT NULL,
    guild_id       INTEGER,
    version        INTEGER NOT NULL,
    body           TEXT NOT NULL
) STRICT;
CREATE INDEX commands_application ON commands (application_id, guild_id);
CREATE INDEX commands_guild ON commands (guild_id) WHERE guild_id IS NOT NULL;
