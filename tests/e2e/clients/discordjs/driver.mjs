// Drives an unmodified discord.js by lines of JSON; see src/driver.rs for the words.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import readline from 'node:readline';

const require = createRequire(`${process.env.MODULES}/`);
const { Client, Events, GatewayIntentBits } = require('discord.js');
const { CompressionMethod, SimpleShardingStrategy } = require('@discordjs/ws');

const config = JSON.parse(process.argv[2]);
const compressions = { none: null, zlib: CompressionMethod.ZlibStream };
const compression = compressions[config.compression];
if (compression === undefined) throw new Error(`discord.js has no ${config.compression}`);
require('zlib-sync'); // discord.js would go on without it, and without compression

// At once and whole, because the process may stop right after.
const tell = (event, rest = {}) => fs.writeSync(1, `${JSON.stringify({ event, ...rest })}\n`);

let strategy;
const client = new Client({
  intents: [
    GatewayIntentBits.Guilds,
    GatewayIntentBits.GuildMembers,
    GatewayIntentBits.GuildMessages,
    GatewayIntentBits.GuildMessageReactions,
    GatewayIntentBits.GuildPresences,
    GatewayIntentBits.MessageContent,
    GatewayIntentBits.GuildInvites,
  ],
  rest: { api: config.api },
  ws: {
    buildStrategy: (manager) => {
      manager.options.compression = compression;
      strategy = new SimpleShardingStrategy(manager);
      return strategy;
    },
  },
});

client.on(Events.ClientReady, () => {
  for (const guild of client.guilds.cache.values()) {
    const channels = guild.channels.cache.map((channel) => [channel.name, channel.id]);
    tell('guild', { id: guild.id, name: guild.name, channels: Object.fromEntries(channels) });
  }
  tell('ready', { user: client.user.id });
});
client.on(Events.MessageCreate, (message) => {
  tell('message', {
    id: message.id,
    channel: message.channelId,
    author: message.author.id,
    content: message.content,
  });
});
client.on(Events.MessageUpdate, (_, message) => {
  tell('edit', { id: message.id, content: message.content });
});
client.on(Events.MessageReactionAdd, (reaction, user) => {
  tell('reaction', { message: reaction.message.id, user: user.id, emoji: reaction.emoji.name });
});
client.on(Events.PresenceUpdate, (_, { userId, status, activities }) => {
  tell('presence', { user: userId, status, playing: activities[0]?.name ?? null });
});
client.on(Events.InviteCreate, (invite) => {
  tell('invite', { code: invite.code, guild: invite.guild.name, channel: invite.channelId });
});
client.on(Events.InviteDelete, (invite) => {
  tell('uninvite', { code: invite.code, guild: invite.guild.name });
});
client.on(Events.ShardReconnecting, () => tell('disconnected'));
client.on(Events.ShardResume, () => tell('resumed'));
client.on(Events.ShardDisconnect, (event) => tell('fatal', { reason: `closed: ${event.code}` }));
client.on(Events.Error, (error) => console.error(error));
client.on(Events.Warn, (line) => console.error(line));
client.on(Events.Debug, (line) => console.error(line));

const messages = (channel) => client.channels.cache.get(channel).messages;
const orders = {
  post: async ({ channel, content }) => {
    const message = await client.channels.cache.get(channel).send(content);
    tell('posted', { id: message.id, content: message.content });
  },
  edit: async ({ channel, message, content }) => {
    const edited = await messages(channel).edit(message, { content });
    tell('edited', { id: edited.id, content: edited.content });
  },
  react: async ({ channel, message, emoji }) => {
    await messages(channel).react(message, emoji);
    tell('reacted');
  },
  presence: async ({ status, playing }) => {
    client.user.setPresence({ status, activities: [{ name: playing }] });
  },
  history: async ({ channel }) => {
    const ids = [];
    for (let page, before; page === undefined || page.size === 100; before = page.lastKey()) {
      page = await messages(channel).fetch({ limit: 100, before, cache: false });
      ids.push(...page.keys());
    }
    tell('history', { ids });
  },
  members: async ({ guild, query }) => {
    const options = query === undefined ? {} : { query, limit: 100 };
    const members = await client.guilds.cache.get(guild).members.fetch(options);
    tell('members', { names: members.map((member) => member.user.username).sort() });
  },
  invite: async ({ channel: id }) => {
    const channel = client.channels.cache.get(id);
    const made = await channel.createInvite({ maxAge: 60, maxUses: 5, unique: true });
    const listed = await channel.guild.invites.fetch();
    const found = await client.fetchInvite(made.code);
    tell('invited', {
      code: made.code,
      listed: [...listed.keys()],
      uses: [made.uses, made.maxUses],
      guild: found.guild.name,
      members: found.memberCount,
    });
  },
  uninvite: async ({ code }) => {
    const { guild } = await client.fetchInvite(code);
    const { invites } = client.guilds.cache.get(guild.id);
    await invites.delete(code);
    tell('uninvited', { listed: [...(await invites.fetch()).keys()] });
  },
  commands: async ({ guild }) => {
    const { commands } = client.application;
    const song = { type: 3, name: 'song', description: 'Which', required: true };
    const times = { type: 4, name: 'times', description: 'How often', minValue: 1, maxValue: 9 };
    const sing = { name: 'sing', description: 'Sings', nsfw: true, options: [song, times] };
    // What is not said is as if it was said, which it compares otherwise.
    Object.assign(sing, { defaultMemberPermissions: '32', integrationTypes: [0] });
    const all = [sing, { name: 'High Five', type: 2 }];
    const first = await commands.set(all);
    const again = await commands.set(all);
    const here = await commands.set(all, guild);
    const fetched = await commands.fetch({ guildId: guild });
    const [one, other] = first.values();
    if (!one.equals(sing)) throw new Error('another command than was set');
    const same = here.every((command) => command.equals(fetched.get(command.id)));
    if (!same || here.size !== fetched.size) throw new Error('the guild has other commands');
    const edited = await one.edit({ name: 'chant', description: 'Chants' });
    await commands.delete(other);
    const code = await commands.permissions
      .fetch({ guild, command: one.id })
      .catch((error) => error.code);
    if (code !== 10066) throw new Error(`permissions: ${code}`);
    const left = await commands.fetch({ cache: false, force: true });
    tell('commands', {
      first: [...first.keys()],
      again: [...again.keys()],
      here: [...here.keys()],
      edited: [edited.id, edited.name, edited.description],
      left: left.map((command) => command.name),
    });
  },
  drop: async () => {
    const [shard] = strategy.shards.values();
    shard.connection.terminate();
    tell('dropped');
    // Stops here, so that nothing is resumed before the test says so.
    process.kill(process.pid, 'SIGSTOP');
  },
  close: async () => {
    await client.destroy();
    process.exit(0);
  },
};

const fatal = (error) => {
  tell('fatal', { reason: String(error?.stack ?? error) });
  process.exit(1);
};
process.on('uncaughtException', fatal);
process.on('unhandledRejection', fatal);

const told = async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);
    await orders[order.do](order);
  }
};
await client.login(config.token);
await told();
