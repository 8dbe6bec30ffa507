-- Webhooks, and what goes out to them.

-- An address that is told what changes. Its two places are how far the change sets and the order of arrival
-- were read for it: whoever writes a change does nothing for webhooks.
CREATE TABLE webhooks (
  webhook_key      INTEGER PRIMARY KEY AUTOINCREMENT,
  webhook_id       TEXT    NOT NULL UNIQUE,
  url              TEXT    NOT NULL,
  description      TEXT    NOT NULL,
  types            TEXT    NOT NULL,          -- a list, as JSON
  events           TEXT    NOT NULL,          -- names of events, a list as JSON; empty: all that were tracked
  secret           TEXT    NOT NULL,
  old_secret       TEXT,                      -- signs too
  old_until_ms     INTEGER,                   -- until then
  state            TEXT    NOT NULL CHECK (state IN ('active', 'paused', 'gone', 'failing')),
  failing_since_ms INTEGER,                   -- nothing was taken since
  change_key       INTEGER NOT NULL,          -- change sets were read up to this one,
  change_place     INTEGER NOT NULL,          -- and it up to this place
  arrival_seq      INTEGER NOT NULL,          -- arrivals were read up to this one
  created_ms       INTEGER NOT NULL
) STRICT;

-- Deliveries: what a webhook is to be told, and what became of it; the last 100 of each that ended, for 7 days.
CREATE TABLE outbox (
  delivery_key INTEGER PRIMARY KEY AUTOINCREMENT,
  delivery_id  TEXT    NOT NULL UNIQUE,       -- the header webhook-id
  webhook_key  INTEGER NOT NULL REFERENCES webhooks,
  type         TEXT    NOT NULL,
  subject      INTEGER,                       -- whom it tells of: a user, or a visitor below zero
  body         TEXT    NOT NULL,              -- '' once an erasure was told
  made_ms      INTEGER NOT NULL,
  due_ms       INTEGER,                       -- the next attempt; null: it ended
  attempts     INTEGER NOT NULL DEFAULT 0,
  delivered    INTEGER NOT NULL DEFAULT 0,
  tried_ms     INTEGER,                       -- the last attempt: when,
  took_ms      INTEGER,                       -- how long,
  status       INTEGER,                       -- what was answered,
  answer       TEXT    NOT NULL DEFAULT '',   -- the first of its body,
  problem      TEXT    NOT NULL DEFAULT ''    -- or why nothing was
) STRICT;
CREATE INDEX outbox_due     ON outbox (webhook_key, due_ms, delivery_key) WHERE due_ms IS NOT NULL;
CREATE INDEX outbox_ended   ON outbox (webhook_key, delivery_key) WHERE due_ms IS NULL;
CREATE INDEX outbox_webhook ON outbox (webhook_key, delivery_key);
CREATE INDEX outbox_subject ON outbox (subject) WHERE subject IS NOT NULL;
