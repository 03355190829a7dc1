-- Version 3: what operators decide about accounts.
-- 0 active, 1 disabled, 2 deleted; a deleted user keeps its row, so that nobody gets its id.
ALTER TABLE users ADD COLUMN standing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN owner_id INTEGER;
-- Signed tokens that were issued before, in milliseconds since 1970, are void.
ALTER TABLE users ADD COLUMN tokens_since INTEGER;

ALTER TABLE tokens ADD COLUMN made_at INTEGER;
CREATE INDEX tokens_user ON tokens (user_id);
