-- What those who are one by a merge would be without it: each has kept for itself what was said of it under its own ids, from
-- the first such statement after the merge on, and is that again when they are apart (R11, C10).

CREATE TABLE own_users (
  user_key   INTEGER PRIMARY KEY REFERENCES users,
  attributes BLOB NOT NULL, -- JSONB
  stamps     TEXT NOT NULL
) STRICT;

CREATE TABLE own_companies (
  company_key INTEGER PRIMARY KEY REFERENCES companies,
  attributes  BLOB NOT NULL,
  stamps      TEXT NOT NULL
) STRICT;

CREATE TABLE own_memberships (
  user_key    INTEGER NOT NULL REFERENCES users,
  company_key INTEGER NOT NULL REFERENCES companies,
  attributes  BLOB NOT NULL,
  stamps      TEXT NOT NULL,
  PRIMARY KEY (user_key, company_key)
) STRICT, WITHOUT ROWID;
