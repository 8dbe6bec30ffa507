-- One deed for more users or companies than one transaction holds: first it is checked what it would do, then it is
-- done, and taken back, in chunks that let others pass. Kept for 30 days.
CREATE TABLE bulk_jobs (
  job_key    INTEGER PRIMARY KEY AUTOINCREMENT,
  operator   TEXT    NOT NULL,              -- whose deed, by e-mail address
  undone_by  TEXT,                          -- who takes it back
  listed     TEXT    NOT NULL CHECK (listed IN ('users', 'companies')),
  deed       TEXT    NOT NULL,              -- JSON
  state      TEXT    NOT NULL CHECK
    (state IN ('checking', 'planned', 'running', 'done', 'stopped', 'failed', 'undoing', 'undone')),
  total      INTEGER NOT NULL,              -- users or companies
  chunks     INTEGER NOT NULL,
  place      INTEGER NOT NULL DEFAULT 0,    -- chunks that the step at hand has dealt with
  checked    TEXT    NOT NULL DEFAULT '{}', -- what came of each step, as JSON
  done       TEXT    NOT NULL DEFAULT '{}',
  taken_back TEXT    NOT NULL DEFAULT '{}',
  problem    TEXT,
  made_ms    INTEGER NOT NULL,
  started_ms INTEGER,
  ended_ms   INTEGER
) STRICT;
CREATE INDEX bulk_jobs_at_work ON bulk_jobs (job_key) WHERE state IN ('checking', 'running', 'undoing');

CREATE TABLE bulk_chunks (
  job_key    INTEGER NOT NULL REFERENCES bulk_jobs,
  place      INTEGER NOT NULL,
  keys       TEXT    NOT NULL, -- JSON
  change_key INTEGER,          -- what was done
  PRIMARY KEY (job_key, place)
) STRICT, WITHOUT ROWID;
