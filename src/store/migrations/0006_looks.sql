-- How the dashboard looks for each operator, wherever they sign in.
ALTER TABLE operators ADD COLUMN theme     TEXT NOT NULL DEFAULT 'system';
ALTER TABLE operators ADD COLUMN density   TEXT NOT NULL DEFAULT 'roomy';
ALTER TABLE operators ADD COLUMN time_zone TEXT; -- of instants; null: the workspace's
