-- Who joined a company and who left one lately: filters of users by the times of their memberships.
CREATE INDEX memberships_since ON memberships (joined_ms, user_key) WHERE open = 1;
CREATE INDEX memberships_left  ON memberships (left_ms, user_key) WHERE open = 0;

-- Erasures whose events named browsers of others: these are looked for before this event; null where there are none.
ALTER TABLE erasures ADD COLUMN look_before INTEGER;

-- As 0004_statistics.sql says it of the others, of the same file.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('memberships', 'memberships_since', '1199960 2 1 1'),
  ('memberships', 'memberships_left', '120000 2 1 1');
ANALYZE sqlite_schema;
