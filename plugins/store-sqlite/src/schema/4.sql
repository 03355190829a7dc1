-- Version 4: what the messages of each channel take; and rows of older builds are mended.
-- Older builds kept a copy of what a message answers, with text that may be deleted by now. What
-- emoji of reactions become is in rework.rs.
UPDATE messages SET body = json_remove(body, '$.referenced_message')
WHERE instr(body, '"referenced_message":{') > 0
AND CASE WHEN json_valid(body) THEN json_type(body, '$.referenced_message') END = 'object';

ALTER TABLE channels ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE channels ADD COLUMN message_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE channels SET (messages, message_bytes) =
    (SELECT count(*), ifnull(sum(octet_length(body)), 0) FROM messages WHERE channel_id = channels.id);

CREATE TRIGGER messages_added AFTER INSERT ON messages BEGIN
    UPDATE channels SET messages = messages + 1, message_bytes = message_bytes + octet_length(new.body)
    WHERE id = new.channel_id;
END;
CREATE TRIGGER messages_changed AFTER UPDATE OF body, channel_id ON messages BEGIN
    UPDATE channels SET messages = messages - 1, message_bytes = message_bytes - octet_length(old.body)
    WHERE id = old.channel_id;
    UPDATE channels SET messages = messages + 1, message_bytes = message_bytes + octet_length(new.body)
    WHERE id = new.channel_id;
END;
CREATE TRIGGER messages_removed AFTER DELETE ON messages BEGIN
    UPDATE channels SET messages = messages - 1, message_bytes = message_bytes - octet_length(old.body)
    WHERE id = old.channel_id;
END;
-- Messages of a channel that was not there are counted when it is.
CREATE TRIGGER channels_added AFTER INSERT ON channels BEGIN
    UPDATE channels SET (messages, message_bytes) =
        (SELECT count(*), ifnull(sum(octet_length(body)), 0) FROM messages WHERE channel_id = new.id)
    WHERE id = new.id;
END;
