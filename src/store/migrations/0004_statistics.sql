-- What the planner is told of the sizes of tables: those of a big file, whatever the size of this one, so that every
-- file is read by the plans that the tests look at. Statistics that SQLite gathers by itself are of the day they were
-- gathered: of a file that was small then, a table "of one row" is read from end to end when it holds a million. A small
-- file is quick by any plan.
--
-- Of each table and index: how many rows, and how many of them have the same value in the first column, the first two, …
-- (https://sqlite.org/fileformat2.html#stat1tab), as ANALYZE finds them in the file of `cargo bench --bench pages`.
-- Tables that hold nothing there, or few rows by their nature, are taken for large ones: they are searched, not read through.
ANALYZE sqlite_schema; -- makes the tables where there are none
DELETE FROM sqlite_stat1;
DELETE FROM sqlite_stat4;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('arrivals', NULL, '106100'),
  ('change_sets', NULL, '1050020'),
  ('change_sets', 'change_sets_by', '20 2'),
  ('changes', 'changes', '16749970 3350000 6 6 1'),
  ('changes', 'changes_company', '2399950 48 3 1'),
  ('changes', 'changes_set', '16749970 16 1'),
  ('companies', 'companies_active', '50000 44 1'),
  ('companies', 'companies_first_seen', '50000 50000 1'),
  ('companies', 'companies_last_seen', '50000 550 1'),
  ('companies', 'companies_members', '50000 37 1'),
  ('companies', 'companies_sort_name', '50000 1 1'),
  ('companies', 'sqlite_autoindex_companies_1', '50000 1'),
  ('company_days', 'company_days', '4147600 45580 1'),
  ('company_domains', 'company_domains', '50000 1 1'),
  ('company_domains', 'company_domains_domain', '50000 1 1'),
  ('company_ids', 'company_ids', '50000 1'),
  ('company_ids', 'company_ids_company', '50000 1'),
  ('company_names_by_day', 'company_names_by_day', '15682570 172340 4 1'),
  ('company_people', 'company_people', '975070 20 1'),
  ('company_people', 'company_people_last_day', '975070 11090 2'),
  ('company_people_by_day', 'company_people_by_day', '16223950 178290 4 1'),
  ('company_sessions', 'company_sessions', '18927950 208000 5 2 1'),
  ('events', NULL, '21050000'),
  ('events_by_company', 'events_by_company', '20047990 2227560 45 1'),
  ('events_by_subject', 'events_by_subject', '21000000 2333340 3 1'),
  ('membership_statements', 'membership_statements', '1200000 2 2 2 1'),
  ('memberships', 'memberships', '1199960 2 1'),
  ('memberships', 'memberships_joined', '1199960 24 24 6 1'),
  ('memberships', 'memberships_last_seen', '1199960 24 24 2 1'),
  ('memberships', 'memberships_role', '1199960 24 24 9 1'),
  ('memberships', 'memberships_sort_name', '1199960 24 24 1 1'),
  ('people_by_day', 'people_by_day', '16223950 178290 1'),
  ('source_sightings', 'source_sightings', '10 1 1 1'),
  ('user_ids', 'user_ids', '1000000 1'),
  ('user_ids', 'user_ids_user', '1000000 1'),
  ('users', 'sqlite_autoindex_users_1', '1000000 1'),
  ('users', 'sqlite_autoindex_users_2', '1000000 1'),
  ('users', 'users_companies', '1000000 500000 1'),
  ('users', 'users_email', '1000000 1 1'),
  ('users', 'users_email_domain', '1000000 20 20 1'),
  ('users', 'users_first_seen', '1000000 5 1'),
  ('users', 'users_last_seen', '1000000 660 1'),
  ('users', 'users_sort_name', '1000000 1 1'),
  ('visitors', 'visitors_anonymous_id', '1368950 1'),
  ('visitors', 'visitors_last_seen', '1368950 640 1'),
  ('visitors', 'visitors_user', '1000000 1');
ANALYZE sqlite_schema; -- reads them
