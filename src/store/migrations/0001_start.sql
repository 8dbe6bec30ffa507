-- The first schema. A column never changes its meaning; the key of anything
-- that has a page is never used again (AUTOINCREMENT).
-- Times are Unix milliseconds in UTC (`_ms`), days are days since 1970-01-01
-- in the workspace's time zone, JSON is text unless said otherwise.

CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What never leaves the file: the key of message hashes and of erased ids.
CREATE TABLE secrets (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- When `rollcall backup` last copied the file: one row.
CREATE TABLE last_backup (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  made_ms  INTEGER NOT NULL
) STRICT;

-- Sources ------------------------------------------------------------------

CREATE TABLE sources (
  source_key     INTEGER PRIMARY KEY AUTOINCREMENT,
  source_id      TEXT    NOT NULL UNIQUE,
  name           TEXT    NOT NULL,
  kind           TEXT    NOT NULL DEFAULT 'live' CHECK (kind IN ('live', 'test', 'import')),
  paused         INTEGER NOT NULL DEFAULT 0,
  new_attributes TEXT    NOT NULL DEFAULT 'open' CHECK (new_attributes IN ('open', 'closed')),
  signatures     TEXT    NOT NULL DEFAULT 'optional' CHECK (signatures IN ('optional', 'required')),
  created_ms     INTEGER NOT NULL
) STRICT;

CREATE TABLE write_keys (
  write_key  TEXT PRIMARY KEY,
  source_key INTEGER NOT NULL REFERENCES sources,
  adopted    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE source_origins (
  source_key INTEGER NOT NULL REFERENCES sources,
  origin     TEXT    NOT NULL,
  PRIMARY KEY (source_key, origin)
) STRICT, WITHOUT ROWID;

CREATE TABLE source_secrets (
  secret_key   INTEGER PRIMARY KEY AUTOINCREMENT,
  source_key   INTEGER NOT NULL REFERENCES sources,
  secret       TEXT    NOT NULL,
  created_ms   INTEGER NOT NULL,
  last_used_ms INTEGER                    -- to the minute
) STRICT;
CREATE INDEX source_secrets_source ON source_secrets (source_key, secret_key);

-- Messages of public keys that named a user, by the hour they came in (hours since 1970), eight days of them.
CREATE TABLE source_proofs (
  source_key INTEGER NOT NULL REFERENCES sources,
  hour       INTEGER NOT NULL,
  signed     INTEGER NOT NULL,
  unsigned   INTEGER NOT NULL, -- taken without proof
  refused    INTEGER NOT NULL, -- proof missing or wrong
  PRIMARY KEY (source_key, hour)
) STRICT, WITHOUT ROWID;

-- What a source was seen doing, at most every few seconds: the installation page's evidence.
CREATE TABLE source_sightings (
  source_key INTEGER NOT NULL REFERENCES sources,
  what       TEXT    NOT NULL,
  host       TEXT    NOT NULL DEFAULT '',
  at_ms      INTEGER NOT NULL,
  PRIMARY KEY (source_key, what, host)
) STRICT, WITHOUT ROWID;

-- Operators and tokens -----------------------------------------------------

CREATE TABLE operators (
  operator_key    INTEGER PRIMARY KEY AUTOINCREMENT,
  email           TEXT    NOT NULL UNIQUE,
  role            TEXT    NOT NULL CHECK (role IN ('viewer', 'admin', 'owner')),
  password_hash   TEXT,
  created_ms      INTEGER NOT NULL,
  last_sign_in_ms INTEGER
) STRICT;

-- The columns of lists that an operator chose.
CREATE TABLE operator_columns (
  operator_key INTEGER NOT NULL REFERENCES operators,
  list         TEXT    NOT NULL,
  columns      TEXT    NOT NULL,
  PRIMARY KEY (operator_key, list)
) STRICT, WITHOUT ROWID;

CREATE TABLE sign_ins (
  token_hash   BLOB    PRIMARY KEY,
  operator_key INTEGER NOT NULL REFERENCES operators,
  created_ms   INTEGER NOT NULL,
  last_used_ms INTEGER NOT NULL,
  expires_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A set-up link has no operator yet; a reset link has.
CREATE TABLE one_time_links (
  token_hash   BLOB    PRIMARY KEY,
  operator_key INTEGER REFERENCES operators,
  expires_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
  token_key    INTEGER PRIMARY KEY AUTOINCREMENT,
  token_id     TEXT    NOT NULL UNIQUE,
  name         TEXT    NOT NULL,
  scope        TEXT    NOT NULL CHECK (scope IN ('read', 'write', 'admin')),
  token_hash   BLOB    NOT NULL UNIQUE,
  created_ms   INTEGER NOT NULL,
  last_used_ms INTEGER,
  revoked_ms   INTEGER
) STRICT;

-- Requests of programs with an `Idempotency-Key`, and what was answered (none while it is on its way), for a day.
CREATE TABLE repeats (
  token_id        TEXT    NOT NULL,
  idempotency_key TEXT    NOT NULL,
  request_hash    BLOB    NOT NULL,
  at_ms           INTEGER NOT NULL,
  status          INTEGER,
  content_type    TEXT,
  body            BLOB,
  PRIMARY KEY (token_id, idempotency_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX repeats_at ON repeats (at_ms);

-- People and companies -----------------------------------------------------

CREATE TABLE users (
  user_key       INTEGER PRIMARY KEY AUTOINCREMENT,
  id             TEXT    NOT NULL UNIQUE,
  user_id        TEXT    UNIQUE,           -- null: a lead
  email          TEXT,                     -- as compared (R7)
  email_domain   TEXT,                     -- whose domain the address is at: mail.acme.co.uk is acme.co.uk's (R16)
  name           TEXT,
  sort_name      TEXT    NOT NULL DEFAULT '', -- lower case: name, else e-mail, else id
  attributes     BLOB    NOT NULL,         -- JSONB
  stamps         TEXT    NOT NULL DEFAULT '{}',
  first_message_ms INTEGER NOT NULL,       -- fold: the earliest message
  first_seen_ms  INTEGER NOT NULL,         -- the earlier of it and created_at (T5)
  last_seen_hour INTEGER NOT NULL DEFAULT 0, -- fold: last activity, hours since 1970; 0 is never
  companies      INTEGER NOT NULL DEFAULT 0, -- open memberships
  current_company_key INTEGER,
  signed         INTEGER NOT NULL DEFAULT 0, -- an id of it has been signed (C8)
  staff          INTEGER NOT NULL DEFAULT 0, -- of our own people, whom the folds leave out (R16)
  owner_key      INTEGER REFERENCES operators, -- who looks after them (A9)
  first_page_ms  INTEGER,                  -- the first page viewed (A9)
  first_page     TEXT,                     -- its address, referrer and campaign
  merged_into    INTEGER REFERENCES users, -- flattened (R11)
  archived_ms    INTEGER
) STRICT;
CREATE INDEX users_owner ON users (owner_key, user_key) WHERE owner_key IS NOT NULL;
CREATE INDEX users_email ON users (email, user_key) WHERE email IS NOT NULL;
CREATE INDEX users_email_domain ON users (email_domain, staff, user_key) WHERE email_domain IS NOT NULL;
CREATE INDEX users_staff ON users (last_seen_hour, user_key) WHERE staff = 1;
CREATE INDEX users_merged_into ON users (merged_into) WHERE merged_into IS NOT NULL;
-- Lists and counts never meet who is merged or archived.
CREATE INDEX users_sort_name  ON users (sort_name, user_key)      WHERE merged_into IS NULL AND archived_ms IS NULL;
CREATE INDEX users_first_seen ON users (first_seen_ms, user_key)  WHERE merged_into IS NULL AND archived_ms IS NULL;
CREATE INDEX users_last_seen  ON users (last_seen_hour, user_key) WHERE merged_into IS NULL AND archived_ms IS NULL;
CREATE INDEX users_companies  ON users (companies, user_key)      WHERE merged_into IS NULL AND archived_ms IS NULL;
CREATE INDEX users_without_email ON users (user_key)
  WHERE email IS NULL AND merged_into IS NULL AND archived_ms IS NULL;

-- Every id a user has or had: the current one and aliases (R10).
CREATE TABLE user_ids (
  user_id  TEXT    PRIMARY KEY,
  user_key INTEGER NOT NULL REFERENCES users,
  since_ms INTEGER NOT NULL,
  form     TEXT,   -- what differs from it in case or form only has the same; null: the id itself
  alias_ms INTEGER -- the time of the alias that gave it, the latest of which is current; null: the first id
) STRICT, WITHOUT ROWID;
CREATE INDEX user_ids_user ON user_ids (user_key);
CREATE INDEX user_ids_form ON user_ids (form, user_key) WHERE form IS NOT NULL;

CREATE TABLE visitors (
  visitor_key    INTEGER PRIMARY KEY AUTOINCREMENT,
  anonymous_id   TEXT    NOT NULL,
  user_key       INTEGER REFERENCES users, -- linked once (R2)
  linked_ms      INTEGER,                  -- time of the linking message
  linked_from_ms INTEGER,                  -- events from here on are the user's (R5)
  linked_seq     INTEGER,                  -- its place in the order of arrival
  first_page_ms  INTEGER,                  -- the first page viewed (A9)
  first_page     TEXT,
  attributes     BLOB    NOT NULL,
  stamps         TEXT    NOT NULL DEFAULT '{}',
  first_seen_ms  INTEGER NOT NULL,
  last_seen_hour INTEGER NOT NULL DEFAULT 0 -- fold
) STRICT;
CREATE UNIQUE INDEX visitors_anonymous_id ON visitors (anonymous_id);
CREATE INDEX visitors_user      ON visitors (user_key) WHERE user_key IS NOT NULL;
CREATE INDEX visitors_last_seen ON visitors (last_seen_hour, visitor_key);

CREATE TABLE companies (
  company_key    INTEGER PRIMARY KEY AUTOINCREMENT,
  company_id     TEXT    NOT NULL UNIQUE,
  name           TEXT,
  sort_name      TEXT    NOT NULL DEFAULT '',
  attributes     BLOB    NOT NULL,
  stamps         TEXT    NOT NULL DEFAULT '{}',
  first_message_ms INTEGER NOT NULL,       -- fold
  first_seen_ms  INTEGER NOT NULL,
  last_seen_hour INTEGER NOT NULL DEFAULT 0, -- fold
  members        INTEGER NOT NULL DEFAULT 0, -- open memberships
  active_members INTEGER NOT NULL DEFAULT 0, -- fold: people active in the last 30 days
  signed_members INTEGER NOT NULL DEFAULT 0, -- takes signed members only (C8)
  owner_key      INTEGER REFERENCES operators,
  merged_into    INTEGER REFERENCES companies,
  archived_ms    INTEGER
) STRICT;
CREATE INDEX companies_owner ON companies (owner_key, company_key) WHERE owner_key IS NOT NULL;
CREATE INDEX companies_of_signed ON companies (company_key) WHERE signed_members = 1;
CREATE INDEX companies_merged_into ON companies (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX companies_sort_name  ON companies (sort_name, company_key)      WHERE merged_into IS NULL AND archived_ms IS NULL;
CREATE INDEX companies_first_seen ON companies (first_seen_ms, company_key)  WHERE merged_into IS NULL AND archived_ms IS NULL;
CREATE INDEX companies_last_seen  ON companies (last_seen_hour, company_key) WHERE merged_into IS NULL AND archived_ms IS NULL;
CREATE INDEX companies_members    ON companies (members, company_key)        WHERE merged_into IS NULL AND archived_ms IS NULL;
CREATE INDEX companies_active     ON companies (active_members, company_key) WHERE merged_into IS NULL AND archived_ms IS NULL;
-- The same of archived ones, for the list of them.
CREATE INDEX archived_companies_sort_name  ON companies (sort_name, company_key)      WHERE merged_into IS NULL AND archived_ms IS NOT NULL;
CREATE INDEX archived_companies_first_seen ON companies (first_seen_ms, company_key)  WHERE merged_into IS NULL AND archived_ms IS NOT NULL;
CREATE INDEX archived_companies_last_seen  ON companies (last_seen_hour, company_key) WHERE merged_into IS NULL AND archived_ms IS NOT NULL;
CREATE INDEX archived_companies_members    ON companies (members, company_key)        WHERE merged_into IS NULL AND archived_ms IS NOT NULL;
CREATE INDEX archived_companies_active     ON companies (active_members, company_key) WHERE merged_into IS NULL AND archived_ms IS NOT NULL;

CREATE TABLE company_ids (
  company_id  TEXT    PRIMARY KEY,
  company_key INTEGER NOT NULL REFERENCES companies,
  since_ms    INTEGER NOT NULL,
  form        TEXT    -- as of users
) STRICT, WITHOUT ROWID;
CREATE INDEX company_ids_company ON company_ids (company_key);
CREATE INDEX company_ids_form    ON company_ids (form, company_key) WHERE form IS NOT NULL;

-- What several records share, who may be one (R7, R8, C5). records: 0 users, 1 companies;
-- why: 0 an e-mail address, 1 the form of their ids.
CREATE TABLE possible_duplicates (
  records  INTEGER NOT NULL,
  why      INTEGER NOT NULL,
  shared   TEXT    NOT NULL,
  since_ms INTEGER NOT NULL,
  PRIMARY KEY (records, why, shared)
) STRICT, WITHOUT ROWID;
CREATE INDEX possible_duplicates_since ON possible_duplicates (records, since_ms, why, shared);

-- Two records that are not the same, as a person said; the lesser key first.
CREATE TABLE told_apart (
  records   INTEGER NOT NULL,
  one_key   INTEGER NOT NULL,
  other_key INTEGER NOT NULL,
  PRIMARY KEY (records, one_key, other_key)
) STRICT, WITHOUT ROWID;

-- Tags and notes of users (subject 0) and companies (1), set by hand (A9).
CREATE TABLE profile_tags (
  subject     INTEGER NOT NULL,
  subject_key INTEGER NOT NULL,
  tag         TEXT    NOT NULL,
  PRIMARY KEY (subject, subject_key, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX profile_tags_tag ON profile_tags (tag, subject, subject_key);

CREATE TABLE notes (
  note_key    INTEGER PRIMARY KEY AUTOINCREMENT,
  subject     INTEGER NOT NULL,
  subject_key INTEGER NOT NULL,
  author      TEXT    NOT NULL, -- the operator's e-mail
  text        TEXT    NOT NULL, -- Markdown
  next_date   TEXT,             -- 2026-03-01
  made_ms     INTEGER NOT NULL,
  edited_ms   INTEGER
) STRICT;
CREATE INDEX notes_subject   ON notes (subject, subject_key, note_key);
CREATE INDEX notes_next_date ON notes (next_date, note_key) WHERE next_date IS NOT NULL;

CREATE VIRTUAL TABLE notes_search USING fts5 (
  text, content = '', contentless_delete = 1, tokenize = 'trigram', detail = none
);

-- Saved filters over users or companies, each as the query of an address says it; those supplied stay as they are.
CREATE TABLE segments (
  segment_key INTEGER PRIMARY KEY AUTOINCREMENT,
  segment_id  TEXT    NOT NULL UNIQUE,
  list        TEXT    NOT NULL CHECK (list IN ('users', 'companies')),
  name        TEXT    NOT NULL,
  filter      TEXT    NOT NULL,
  supplied    INTEGER NOT NULL DEFAULT 0,
  made_by     TEXT    NOT NULL DEFAULT '',
  made_ms     INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO segments (segment_id, list, name, filter, supplied) VALUES
  ('new', 'users', 'New', 'f=state%3Ais%3Anew', 1),
  ('active', 'users', 'Active', 'f=state%3Ais%3Aactive', 1),
  ('slipping_away', 'users', 'Slipping away', 'f=state%3Ais%3Aquiet&f=trend%3Ais%3Ashrinking&match=any', 1),
  ('without_company', 'users', 'Without a company', 'f=companies%3Aunset', 1),
  ('email_only', 'users', 'E-mail only', 'f=user_id%3Aunset', 1),
  ('new_companies', 'companies', 'New', 'f=state%3Ais%3Anew', 1),
  ('active_companies', 'companies', 'Active', 'f=state%3Ais%3Aactive', 1),
  ('slipping_companies', 'companies', 'Slipping away', 'f=state%3Ais%3Aquiet&f=trend%3Ais%3Ashrinking&match=any', 1);

-- How many met a segment's filter on a day; the edition stands for the filter.
CREATE TABLE segment_days (
  segment_key INTEGER NOT NULL,
  edition     INTEGER NOT NULL,
  day         INTEGER NOT NULL,
  size        INTEGER NOT NULL,
  counted_ms  INTEGER NOT NULL,
  PRIMARY KEY (segment_key, edition, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX segment_days_day ON segment_days (day);

-- E-mail domains of companies, registrable ones: stated by an attribute (`domain`, `website`), or
-- given by a person or the rule (C9).
CREATE TABLE company_domains (
  company_key INTEGER NOT NULL REFERENCES companies,
  domain      TEXT    NOT NULL,
  accepted    INTEGER NOT NULL, -- given: who has an address of it joins
  since_ms    INTEGER NOT NULL,
  PRIMARY KEY (company_key, domain)
) STRICT, WITHOUT ROWID;
CREATE INDEX company_domains_domain ON company_domains (domain, company_key);

-- Domains that wait for a person's decision, and who waits for it.
CREATE TABLE suggested_domains (
  domain   TEXT    PRIMARY KEY,
  people   INTEGER NOT NULL,
  since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX suggested_domains_people ON suggested_domains (people, domain);

CREATE TABLE suggested_people (
  user_key INTEGER PRIMARY KEY REFERENCES users,
  domain   TEXT    NOT NULL
) STRICT;
CREATE INDEX suggested_people_domain ON suggested_people (domain, user_key);

-- What was said of a user's companies, timed; memberships follow from it (C1, T3).
-- subject: a user's key, or a visitor's below zero while the user is not known (C11).
CREATE TABLE membership_statements (
  subject      INTEGER NOT NULL,
  at_ms        INTEGER NOT NULL,
  message_hash INTEGER NOT NULL,
  place        INTEGER NOT NULL,
  said         INTEGER NOT NULL, -- 0 joins, 1 leaves, 2 replaces
  company_key  INTEGER NOT NULL, -- 0 where it replaces
  grade        INTEGER NOT NULL,
  source_key   INTEGER NOT NULL,
  membership   TEXT,             -- its attributes as sent, while it waits on a visitor
  PRIMARY KEY (subject, at_ms, message_hash, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_statements_waiting ON membership_statements (company_key) WHERE subject < 0;

CREATE TABLE memberships (
  user_key       INTEGER NOT NULL REFERENCES users,
  company_key    INTEGER NOT NULL REFERENCES companies,
  joined_ms      INTEGER NOT NULL,          -- of the last time in it
  left_ms        INTEGER,
  open           INTEGER NOT NULL,          -- left_ms is null
  stated_ms      INTEGER NOT NULL,
  grade          INTEGER NOT NULL,
  source_key     INTEGER NOT NULL,
  role           TEXT,
  title          TEXT,
  attributes     BLOB    NOT NULL,
  stamps         TEXT    NOT NULL DEFAULT '{}',
  sort_name      TEXT    NOT NULL DEFAULT '', -- the user's
  last_seen_hour INTEGER NOT NULL DEFAULT 0, -- fold: activity in this company
  PRIMARY KEY (user_key, company_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_joined    ON memberships (company_key, open, joined_ms, user_key);
CREATE INDEX memberships_sort_name ON memberships (company_key, open, sort_name, user_key);
CREATE INDEX memberships_role      ON memberships (company_key, open, role, user_key);
CREATE INDEX memberships_last_seen ON memberships (company_key, open, last_seen_hour, user_key);

-- Earlier times in a company; the last one stands in the membership (C7).
CREATE TABLE membership_spans (
  user_key    INTEGER NOT NULL,
  company_key INTEGER NOT NULL,
  joined_ms   INTEGER NOT NULL,
  left_ms     INTEGER,
  PRIMARY KEY (user_key, company_key, joined_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_spans_joined ON membership_spans (company_key, joined_ms);

CREATE TABLE attribute_definitions (
  definition_key INTEGER PRIMARY KEY AUTOINCREMENT,
  owner          INTEGER NOT NULL, -- 0 user, 1 company, 2 membership
  name           TEXT    NOT NULL,
  type           TEXT    NOT NULL,
  label          TEXT,                      -- what people read; the name where there is none
  locked         INTEGER NOT NULL DEFAULT 0,
  hidden         INTEGER NOT NULL DEFAULT 0, -- not shown on pages
  history        INTEGER NOT NULL DEFAULT 1,
  deleting       INTEGER NOT NULL DEFAULT 0, -- its values are being taken away
  fast_filter    INTEGER NOT NULL DEFAULT 0, -- its values have an index, which is named after this row
  fast_bytes     INTEGER NOT NULL DEFAULT 0, -- of the file, when it was made
  fast_made_in_ms INTEGER NOT NULL DEFAULT 0,
  created_ms     INTEGER NOT NULL,
  grade          INTEGER NOT NULL,
  source_key     INTEGER NOT NULL,
  UNIQUE (owner, name)
) STRICT;

-- Names that were decided by hand in the tray (A8): another attribute is meant, or nothing.
CREATE TABLE attribute_names (
  owner    INTEGER NOT NULL,
  name     TEXT    NOT NULL,
  means    TEXT,              -- null: ignored
  at_ms    INTEGER NOT NULL,
  PRIMARY KEY (owner, name)
) STRICT, WITHOUT ROWID;

-- Work on all values of an attribute, done in chunks, the newest of each attribute; it goes on after a restart.
CREATE TABLE attribute_work (
  work_key    INTEGER PRIMARY KEY AUTOINCREMENT,
  owner       INTEGER NOT NULL,
  name        TEXT    NOT NULL,
  deed        TEXT    NOT NULL CHECK (deed IN ('convert', 'apply', 'discard', 'delete')),
  was         TEXT    NOT NULL,           -- convert: the type before; apply: the name it waits under
  change_key  INTEGER,                    -- its change set
  place       INTEGER NOT NULL,           -- the next place in it
  stage       INTEGER NOT NULL DEFAULT 0, -- how many tables are done
  reached     TEXT    NOT NULL,           -- the last row done, as JSON
  seen        INTEGER NOT NULL DEFAULT 0, -- rows looked at
  done        INTEGER NOT NULL DEFAULT 0, -- values converted, applied or taken away
  left_over   INTEGER NOT NULL DEFAULT 0, -- values that wait in the tray
  started_ms  INTEGER NOT NULL,
  ended_ms    INTEGER
) STRICT;

-- A keyed hash of each id of an erased person stays, so that a late retry stores nothing (R13).
CREATE TABLE erased_ids (
  id_hash BLOB    PRIMARY KEY,
  person  INTEGER NOT NULL, -- whose ids are allowed again together: the key that the user had
  at_ms   INTEGER NOT NULL,
  cleared INTEGER NOT NULL DEFAULT 0 -- the search index was written anew since
) STRICT, WITHOUT ROWID;
CREATE INDEX erased_ids_person ON erased_ids (person);

-- Erased people whose events go in chunks; a row goes with the last of them.
CREATE TABLE erasures (
  user_key    INTEGER PRIMARY KEY,
  events      TEXT    NOT NULL CHECK (events IN ('delete', 'anonymize')),
  next_bucket INTEGER NOT NULL,
  started_ms  INTEGER NOT NULL
) STRICT;

-- Substrings of names, e-mails and ids; candidates are checked against the row.
CREATE VIRTUAL TABLE users_search USING fts5 (
  text, content = '', contentless_delete = 1, tokenize = 'trigram', detail = none
);

-- The journal --------------------------------------------------------------

CREATE TABLE event_names (
  name_key INTEGER PRIMARY KEY AUTOINCREMENT,
  name     TEXT    NOT NULL UNIQUE
) STRICT;

-- event_id: milliseconds since 2020, shifted by 22 bits, and 22 bits of the message's hash,
-- probed upward where taken. Subjects stand as named; links and merges resolve on reading.
CREATE TABLE events (
  event_id     INTEGER PRIMARY KEY,
  message_hash INTEGER NOT NULL,
  received_after_ms INTEGER NOT NULL,      -- received so long after it happened
  kind         INTEGER NOT NULL,
  name_key     INTEGER NOT NULL,
  source_key   INTEGER NOT NULL,
  visitor_key  INTEGER,
  user_key     INTEGER,
  company_key  INTEGER,
  session_before_ms INTEGER,               -- its session began so long before it
  flags        INTEGER NOT NULL DEFAULT 0, -- 1 acting_as, 2 not active, 4 signed, 8 imported
  name         TEXT,                       -- a page's or screen's own name
  page_key     INTEGER,                    -- a context: the page and the campaign
  agent_key    INTEGER,                    -- a context: library, locale, browser, system
  properties   TEXT
) STRICT;

-- What repeats in the contexts of events, as JSON.
CREATE TABLE contexts (
  context_key INTEGER PRIMARY KEY,
  context     TEXT    NOT NULL,
  events      INTEGER NOT NULL DEFAULT 0   -- fold: how many name it
) STRICT;

-- Message ids without a usable timestamp, for 7 days (R15).
CREATE TABLE seen_messages (
  message_hash INTEGER PRIMARY KEY,
  received_ms  INTEGER NOT NULL
) STRICT;
CREATE INDEX seen_messages_received ON seen_messages (received_ms);

-- The order of arrival, which folds and programs follow with a cursor each: a row for each transaction, kept for
-- 7 days. `seq` is the place of its last item; an item is eight bytes, big-endian: an event's id, or a visitor's
-- number below zero where it was linked, and from here on its events are the user's.
CREATE TABLE arrivals (
  seq   INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  items BLOB    NOT NULL
) STRICT;

CREATE TABLE cursors (
  reader TEXT    PRIMARY KEY,
  seq    INTEGER NOT NULL,
  day    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Folds: each equals a recount of the journal ------------------------------
-- bucket: event_id >> 52, about 12 days. subject: a user's key or a visitor's below zero, as named.

CREATE TABLE events_by_subject (
  bucket   INTEGER NOT NULL,
  subject  INTEGER NOT NULL,
  event_id INTEGER NOT NULL,
  PRIMARY KEY (bucket, subject, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE events_by_company (
  bucket      INTEGER NOT NULL,
  company_key INTEGER NOT NULL,
  event_id    INTEGER NOT NULL,
  PRIMARY KEY (bucket, company_key, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE people_by_day (
  day      INTEGER NOT NULL,
  user_key INTEGER NOT NULL,
  events   INTEGER NOT NULL,
  PRIMARY KEY (day, user_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE company_people_by_day (
  day         INTEGER NOT NULL,
  company_key INTEGER NOT NULL,
  user_key    INTEGER NOT NULL,
  events      INTEGER NOT NULL,
  PRIMARY KEY (day, company_key, user_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE company_days (
  day         INTEGER NOT NULL,
  company_key INTEGER NOT NULL,
  people      INTEGER NOT NULL,
  events      INTEGER NOT NULL,
  sessions    INTEGER NOT NULL DEFAULT 0, -- begun on the day
  PRIMARY KEY (day, company_key)
) STRICT, WITHOUT ROWID;

-- The sessions in which people of a company did something there, each on the day on which it began (T6).
CREATE TABLE company_sessions (
  day         INTEGER NOT NULL,
  company_key INTEGER NOT NULL,
  began_ms    INTEGER NOT NULL,
  visitor_key INTEGER NOT NULL,
  events      INTEGER NOT NULL,
  PRIMARY KEY (day, company_key, began_ms, visitor_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE company_names_by_day (
  day         INTEGER NOT NULL,
  company_key INTEGER NOT NULL,
  name_key    INTEGER NOT NULL,
  events      INTEGER NOT NULL,
  PRIMARY KEY (day, company_key, name_key)
) STRICT, WITHOUT ROWID;

-- When a person was last active in a company: who is active in 30 days.
CREATE TABLE company_people (
  company_key INTEGER NOT NULL,
  user_key    INTEGER NOT NULL,
  last_day    INTEGER NOT NULL,
  last_hour   INTEGER NOT NULL, -- hours since 1970
  PRIMARY KEY (company_key, user_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX company_people_last_day ON company_people (last_day, company_key);

-- Days that wait to be counted anew after a change of the time zone.
CREATE TABLE day_recounts (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  next_day INTEGER NOT NULL,
  last_day INTEGER NOT NULL
) STRICT;

-- E-mail domains whose people wait to be counted, or not counted any more, since our own domains changed.
CREATE TABLE staff_recounts (
  domain TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE days (
  day    INTEGER PRIMARY KEY,
  people INTEGER NOT NULL,
  events INTEGER NOT NULL
) STRICT;

-- What changed, what was refused -------------------------------------------

CREATE TABLE change_sets (
  change_key INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms      INTEGER NOT NULL, -- when it was done
  by_kind    TEXT    NOT NULL, -- message, operator, token, shell, rule
  by_name    TEXT    NOT NULL DEFAULT '',
  cause      TEXT    NOT NULL, -- the deed in a word: identify, group, alias, set_up …
  grade      INTEGER NOT NULL,
  source_key INTEGER,
  undone_by  INTEGER
) STRICT;
CREATE INDEX change_sets_import ON change_sets (source_key, change_key) WHERE cause = 'import';
CREATE INDEX change_sets_by ON change_sets (by_kind) WHERE by_kind <> 'message';

-- subject: 0 user, 1 company, 2 membership, 3 visitor, 4 workspace, 5 source, 6 attribute, 7 segment.
CREATE TABLE changes (
  subject     INTEGER NOT NULL,
  subject_key INTEGER NOT NULL,
  change_key  INTEGER NOT NULL REFERENCES change_sets,
  place       INTEGER NOT NULL,
  company_key INTEGER NOT NULL DEFAULT 0, -- of a membership
  field       TEXT    NOT NULL,
  before      TEXT,
  after       TEXT,
  PRIMARY KEY (subject, subject_key, change_key, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX changes_set     ON changes (change_key, place);
CREATE INDEX changes_company ON changes (company_key, change_key, place) WHERE company_key <> 0;

CREATE TABLE refusals (
  source_key    INTEGER NOT NULL, -- 0: the source is not known
  code          TEXT    NOT NULL,
  attribute     TEXT    NOT NULL, -- '' where the whole message was refused
  count         INTEGER NOT NULL,
  first_seen_ms INTEGER NOT NULL,
  last_seen_ms  INTEGER NOT NULL,
  example       TEXT,
  detail        TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (source_key, code, attribute)
) STRICT, WITHOUT ROWID;
CREATE INDEX refusals_last_seen ON refusals (last_seen_ms);

-- Scripts that pages pin by their version, each as it was first served: 16 KB a release, for ever.
CREATE TABLE scripts (
  address  TEXT    NOT NULL PRIMARY KEY, -- path and query
  hash     TEXT    NOT NULL,             -- the start of its SHA-256 in hex
  gzip     BLOB    NOT NULL,
  since_ms INTEGER NOT NULL
) STRICT;

-- What was found without being asked, that nobody was refused for; for 30 days since it was last so.
CREATE TABLE findings (
  code         TEXT    NOT NULL,
  source_key   INTEGER NOT NULL,
  user_key     INTEGER NOT NULL, -- whom it is about, as named; 0: nobody
  count        INTEGER NOT NULL,
  since_ms     INTEGER NOT NULL,
  last_seen_ms INTEGER NOT NULL,
  example      TEXT    NOT NULL, -- of nobody
  PRIMARY KEY (code, source_key, user_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX findings_last_seen ON findings (last_seen_ms);
CREATE INDEX findings_user      ON findings (user_key) WHERE user_key <> 0;

-- Imports -------------------------------------------------------------------

-- A file that is or was imported; the file itself lies beside the workspace's until it is done.
CREATE TABLE imports (
  import_key  INTEGER PRIMARY KEY AUTOINCREMENT,
  kind        TEXT    NOT NULL CHECK
    (kind IN ('setup', 'attributes', 'users', 'visitors', 'memberships', 'companies', 'notes', 'events')),
  file_name   TEXT    NOT NULL,
  file_hash   TEXT    NOT NULL, -- SHA-256 in hex
  bytes       INTEGER NOT NULL,
  by_kind     TEXT    NOT NULL, -- operator, token, shell
  by_name     TEXT    NOT NULL,
  state       TEXT    NOT NULL CHECK (state IN
    ('draft', 'checking', 'queued', 'running', 'done', 'cancelled', 'failed', 'undoing', 'undone')),
  headings    TEXT    NOT NULL, -- their hash, by which a mapping is found again
  reading     TEXT    NOT NULL, -- how the file is read, as JSON
  mapping     TEXT    NOT NULL, -- what its columns are, as JSON
  policy      TEXT    NOT NULL, -- how rows meet what is known, as JSON
  source_key  INTEGER REFERENCES sources,
  rows_done   INTEGER NOT NULL DEFAULT 0,
  report      TEXT    NOT NULL DEFAULT '{}', -- what came of the rows done, as JSON
  checked     TEXT,             -- what the check said would come of all, as JSON
  problem     TEXT,             -- why it failed
  undo_stage  INTEGER NOT NULL DEFAULT 0,
  undo_before INTEGER,          -- change sets from this one on are taken back
  taken_back  TEXT    NOT NULL DEFAULT '{}', -- what came of taking it back, as JSON
  created_ms  INTEGER NOT NULL,
  started_ms  INTEGER,
  ended_ms    INTEGER,
  package     INTEGER -- the first of those that came in the same zip
) STRICT;
CREATE INDEX imports_package  ON imports (package, import_key) WHERE package IS NOT NULL;
CREATE INDEX imports_waiting  ON imports (import_key) WHERE state IN ('draft', 'checking');
CREATE INDEX imports_work     ON imports (import_key) WHERE state IN ('checking', 'queued', 'running', 'undoing');
CREATE INDEX imports_headings ON imports (kind, headings, import_key);

-- Rows that were not taken, or not all of them, with their cells.
CREATE TABLE import_refusals (
  import_key INTEGER NOT NULL REFERENCES imports,
  row        INTEGER NOT NULL, -- from 1, headings not counted
  place      INTEGER NOT NULL,
  taken      INTEGER NOT NULL, -- the rest of the row was
  code       TEXT    NOT NULL,
  field      TEXT    NOT NULL, -- '' where it is the whole row
  detail     TEXT    NOT NULL,
  cells      TEXT    NOT NULL, -- as JSON
  PRIMARY KEY (import_key, row, place)
) STRICT, WITHOUT ROWID;

-- Refused values, kept to be applied once their attribute can take them (A2, A8).
CREATE TABLE tray_values (
  owner        INTEGER NOT NULL,
  owner_key    INTEGER NOT NULL,
  company_key  INTEGER NOT NULL DEFAULT 0, -- of a membership
  name         TEXT    NOT NULL,
  code         TEXT    NOT NULL,
  value        TEXT    NOT NULL,
  at_ms        INTEGER NOT NULL,
  message_hash INTEGER NOT NULL,
  grade        INTEGER NOT NULL,
  source_key   INTEGER NOT NULL,
  pinned       INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (owner, owner_key, company_key, name, message_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX tray_values_name ON tray_values (owner, name);
