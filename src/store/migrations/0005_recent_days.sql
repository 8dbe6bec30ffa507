-- The last 64 days of people, for the trend of everybody in one look (T7): bit n of `days` stands for the day n days
-- before the `last_day` beside it. Folds.

ALTER TABLE users ADD COLUMN last_day INTEGER NOT NULL DEFAULT 0; -- days since 1970
ALTER TABLE users ADD COLUMN days     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE company_people ADD COLUMN days INTEGER NOT NULL DEFAULT 0;

UPDATE users SET last_day = recent.last_day, days = recent.days
FROM (SELECT fold.user_key, newest.last_day, sum(1 << (newest.last_day - fold.day)) AS days
      FROM people_by_day AS fold
      JOIN (SELECT user_key, max(day) AS last_day FROM people_by_day GROUP BY user_key) AS newest USING (user_key)
      WHERE fold.day > newest.last_day - 64 GROUP BY fold.user_key) AS recent
WHERE users.user_key = recent.user_key;

UPDATE company_people SET days = recent.days
FROM (SELECT fold.company_key, fold.user_key, sum(1 << (newest.last_day - fold.day)) AS days
      FROM company_people_by_day AS fold JOIN company_people AS newest USING (company_key, user_key)
      WHERE fold.day > newest.last_day - 64 GROUP BY fold.company_key, fold.user_key) AS recent
WHERE company_people.company_key = recent.company_key AND company_people.user_key = recent.user_key;
