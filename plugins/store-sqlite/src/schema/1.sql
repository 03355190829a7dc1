-- Ids are unsigned on the wire and kept as the signed integer of the same bits; they stay positive until 2084.
CREATE TABLE users (
    id       INTEGER PRIMARY KEY,
    username TEXT NOT NULL,
    body     TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX users_username ON users (username);

CREATE TABLE tokens (
    digest  BLOB PRIMARY KEY,
    user_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE guilds (
    id   INTEGER PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE roles (
    guild_id INTEGER NOT NULL,
    id       INTEGER NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (guild_id, id)
) STRICT, WITHOUT ROWID;

-- The last message has its own column because every message moves it.
CREATE TABLE channels (
    id              INTEGER PRIMARY KEY,
    guild_id        INTEGER NOT NULL,
    last_message_id INTEGER,
    body            TEXT NOT NULL
) STRICT;
CREATE INDEX channels_guild ON channels (guild_id);

CREATE TABLE members (
    guild_id INTEGER NOT NULL,
    user_id  INTEGER NOT NULL,
    profile  TEXT NOT NULL,
    PRIMARY KEY (guild_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_user ON members (user_id, guild_id);

CREATE TABLE messages (
    id         INTEGER PRIMARY KEY,
    channel_id INTEGER NOT NULL,
    author_id  INTEGER NOT NULL,
    nonce      TEXT,
    body       TEXT NOT NULL
) STRICT;
-- The row id, which is the message's, ends every index entry: this orders a channel by message.
CREATE INDEX messages_channel ON messages (channel_id);

-- All reactions of one emoji share the ordinal of its first, which keeps the emoji in their order.
CREATE TABLE reactions (
    message_id INTEGER NOT NULL,
    emoji      TEXT NOT NULL,
    user_id    INTEGER NOT NULL,
    ordinal    INTEGER NOT NULL,
    PRIMARY KEY (message_id, emoji, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    id       INTEGER PRIMARY KEY,
    guild_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    head     TEXT NOT NULL,
    payload  TEXT NOT NULL,
    stripped TEXT
) STRICT;
CREATE UNIQUE INDEX events_sequence ON events (guild_id, sequence);
CREATE INDEX events_at ON events (at);
