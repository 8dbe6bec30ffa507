-- What an import left in the journal and moved to an earlier time, so that it can be taken back.

-- The events that its rows became, those of a chunk in a row of their own; an item is eight bytes, big-endian.
CREATE TABLE import_events (
  import_key INTEGER NOT NULL REFERENCES imports,
  first_row  INTEGER NOT NULL, -- the first of the chunk, from 1
  events     BLOB    NOT NULL,
  PRIMARY KEY (import_key, first_row)
) STRICT, WITHOUT ROWID;

-- When somebody was first seen, and the first page, as they stood before an import said earlier ones.
CREATE TABLE import_firsts (
  import_key    INTEGER NOT NULL REFERENCES imports,
  subject       INTEGER NOT NULL, -- 0 a user, 1 a company, 3 a visitor
  subject_key   INTEGER NOT NULL,
  first_ms      INTEGER,          -- none where the import made it
  first_page_ms INTEGER,
  first_page    TEXT,
  waited        TEXT,             -- what waited on a visitor before its link, as JSON (C11)
  PRIMARY KEY (import_key, subject, subject_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_firsts_subject ON import_firsts (subject, subject_key);
