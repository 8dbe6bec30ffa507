-- What an import said again of what was known already, so that it is taken back with the rest; and users of whom a file
-- says all companies they belong to.

CREATE INDEX membership_statements_import ON membership_statements (source_key, subject) WHERE grade = 2;
CREATE INDEX imports_taken_back ON imports (source_key) WHERE state IN ('undoing', 'undone');

-- Users of a running import whose other memberships end when its last row is done.
CREATE TABLE import_replaces (
  import_key INTEGER NOT NULL REFERENCES imports,
  user_key   INTEGER NOT NULL,
  PRIMARY KEY (import_key, user_key)
) STRICT, WITHOUT ROWID;
