//! The last days on which people were active, in two columns of whom they are of, `last_day` and `days`
//! ([`RecentDays`]): what SQL asks of them, and how they are read anew.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, Row, params};

use crate::domain::activity::RecentDays;

/// Makes known to a connection:
/// - `days_within(last_day, days, first, last)`: how many of the days from the first to the last, both included, are
///   among them;
/// - `joined_days(last_day, days, last_day, days)`: `days` of both, before the later of the two `last_day`.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("days_within", 4, flags, |values| {
        Ok(argument(values, 0)?.within(&(values.get(2)?..=values.get(3)?)))
    })?;
    connection.create_scalar_function("joined_days", 4, flags, |values| {
        Ok(argument(values, 0)?.join(argument(values, 2)?).bits.cast_signed())
    })
}

fn argument(values: &Context<'_>, first: usize) -> rusqlite::Result<RecentDays> {
    Ok(RecentDays { last: values.get(first)?, bits: values.get::<i64>(first + 1)?.cast_unsigned() })
}

/// Reads `last_day, days` from a column on.
pub(super) fn of(row: &Row<'_>, first: usize) -> rusqlite::Result<RecentDays> {
    Ok(RecentDays { last: row.get(first)?, bits: row.get::<_, i64>(first + 1)?.cast_unsigned() })
}

/// The days up to one on which somebody was active in a company, of the fold that has each of them.
pub(super) fn in_company(connection: &Connection, company: i64, user: i64, last: i32) -> rusqlite::Result<RecentDays> {
    let mut statement = connection.prepare_cached(
        "WITH RECURSIVE asked (day) AS (SELECT ?3 UNION ALL SELECT day - 1 FROM asked WHERE day > ?3 - ?4 + 1)
         SELECT asked.day FROM asked CROSS JOIN company_people_by_day AS fold
           ON fold.day = asked.day AND fold.company_key = ?1 AND fold.user_key = ?2",
    )?;
    let mut days = statement.query_map(params![company, user, last, RecentDays::REACH], |row| row.get(0))?;
    days.try_fold(RecentDays::default(), |all, day| Ok(all.join(RecentDays::of(day?))))
}

/// Reads all of them anew from the folds of each day, which have changed.
pub(super) fn count_again(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "UPDATE users SET last_day = 0, days = 0 WHERE days <> 0;
         UPDATE users SET last_day = recent.last_day, days = recent.days
         FROM (SELECT fold.user_key, newest.last_day, sum(1 << (newest.last_day - fold.day)) AS days
               FROM people_by_day AS fold
               JOIN (SELECT user_key, max(day) AS last_day FROM people_by_day GROUP BY user_key) AS newest USING (user_key)
               WHERE fold.day > newest.last_day - 64 GROUP BY fold.user_key) AS recent
         WHERE users.user_key = recent.user_key;
         UPDATE company_people SET last_day = recent.last_day, days = recent.days
         FROM (SELECT fold.company_key, fold.user_key, newest.last_day, sum(1 << (newest.last_day - fold.day)) AS days
               FROM company_people_by_day AS fold
               JOIN (SELECT company_key, user_key, max(day) AS last_day FROM company_people_by_day GROUP BY 1, 2) AS newest
                 USING (company_key, user_key)
               WHERE fold.day > newest.last_day - 64 GROUP BY fold.company_key, fold.user_key) AS recent
         WHERE company_people.company_key = recent.company_key AND company_people.user_key = recent.user_key;",
    )
}
