//! Companies that grow: more people than in the 28 days before (T7).

use rusqlite::named_params;

use super::{CompanyRow, rows};
use crate::domain::activity::{State, TREND_DAYS, Trend};
use crate::store::activity::{PEOPLE_TOLD_APART_MAX, last_days};
use crate::store::{Reader, StoreError, list, workspace};

/// So many companies are looked at: those with the most active members.
const LOOKED_AT: i64 = 100;
/// People are told apart of so many for each that is shown.
const CANDIDATES_FOR_EACH: usize = 3;

/// A company that grows, and its distinct active people of the last 28 days and of the 28 before.
pub type Growing = (CompanyRow, (i64, i64));

/// Companies that grow, of those with the most active members and not new, who gained most people first.
///
/// # Errors
/// [`StoreError`] only.
pub fn growing(db: &Reader<'_>, now_ms: i64, size: usize) -> Result<Vec<Growing>, StoreError> {
    let today = workspace::today(db, now_ms)?;
    let keys = candidates(db, today, size * CANDIDATES_FOR_EACH)?;
    let mut grown = people(db, &keys, today)?;
    grown.retain(|(_, (last, before))| Trend::between(*before, *last) == Trend::Growing);
    grown.sort_by_key(|(key, (last, before))| (std::cmp::Reverse(last - before), *key));
    let keys: Vec<i64> = grown.iter().map(|(key, _)| *key).collect();
    let found = rows(db, &keys, now_ms)?.into_iter().filter_map(|row| {
        let people = grown.iter().find(|(key, _)| *key == row.key.0)?.1;
        (State::at(now_ms, row.first_seen_ms, row.last_seen_ms) != State::New).then_some((row, people))
    });
    Ok(found.take(size).collect())
}

/// Companies whose people of single days became more, those that gained most first, as far as all their
/// people can be told apart.
fn candidates(db: &Reader<'_>, today: i32, most: usize) -> Result<Vec<i64>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT company.company_key,
           coalesce(sum(fold.people) FILTER (WHERE fold.day > :middle), 0),
           coalesce(sum(fold.people) FILTER (WHERE fold.day <= :middle), 0)
         FROM (SELECT company_key FROM companies INDEXED BY companies_active
               WHERE merged_into IS NULL AND archived_ms IS NULL AND active_members > 0
               ORDER BY active_members DESC LIMIT :looked_at) AS company
         CROSS JOIN json_each(:days) AS day
         CROSS JOIN company_days AS fold ON fold.day = day.value AND fold.company_key = company.company_key
         GROUP BY company.company_key",
    )?;
    let parameters = named_params! {
        ":middle": today - TREND_DAYS,
        ":looked_at": LOOKED_AT,
        ":days": list::json_keys(last_days(today, 2 * TREND_DAYS).map(i64::from)),
    };
    let rows = statement.query_map(parameters, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let mut found: Vec<(i64, i64, i64)> = rows.collect::<Result<_, _>>()?;
    found.retain(|(_, last, before)| last > before);
    found.sort_by_key(|(key, last, before)| (std::cmp::Reverse(last - before), *key));
    let mut left = PEOPLE_TOLD_APART_MAX;
    found.retain(|(_, last, before)| {
        left -= last + before;
        left >= 0
    });
    Ok(found.into_iter().take(most).map(|(key, ..)| key).collect())
}

/// Distinct active people of a company, of the last 28 days and of the 28 before.
type People = (i64, (i64, i64));

/// The people of each of these companies.
fn people(db: &Reader<'_>, companies: &[i64], today: i32) -> Result<Vec<People>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT key.value,
           count(DISTINCT iif(fold.day > :middle, fold.user_key, NULL)),
           count(DISTINCT iif(fold.day <= :middle, fold.user_key, NULL))
         FROM json_each(:keys) AS key CROSS JOIN json_each(:days) AS day
         CROSS JOIN company_people_by_day AS fold ON fold.day = day.value AND fold.company_key = key.value
         GROUP BY key.value",
    )?;
    let parameters = named_params! {
        ":middle": today - TREND_DAYS,
        ":keys": list::json_keys(companies.iter().copied()),
        ":days": list::json_keys(last_days(today, 2 * TREND_DAYS).map(i64::from)),
    };
    let rows = statement.query_map(parameters, |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::Kind;
    use crate::store::sample::{NOW, Named, Sample, days_ago};

    #[test]
    fn a_company_grows_by_distinct_people_and_one_that_is_new_does_not_count() {
        let sample = Sample::new();
        for (id, first_seen, active) in [
            ("grows", 100, &[(1, 40), (1, 3), (2, 4), (3, 5)][..]),
            // The same person more often is no growth.
            ("busier", 100, &[(4, 40), (4, 1), (4, 2), (4, 3), (4, 4)]),
            ("new", 5, &[(5, 1), (6, 1), (7, 1)]),
            ("shrinks", 100, &[(8, 40), (9, 40), (10, 40), (8, 1)]),
        ] {
            let company = sample.company(id, None, "{}", days_ago(first_seen));
            sample.run(&format!("UPDATE companies SET active_members = 3 WHERE company_key = {company}"));
            for (person, day) in active {
                let known = format!("u{person}");
                let found =
                    sample
                        .connection
                        .query_row("SELECT user_key FROM users WHERE user_id = ?1", [&known], |row| row.get(0));
                let user = found.unwrap_or_else(|_| sample.user(Some(&known), None, None, days_ago(100)));
                let named = Named { user: Some(user), company: Some(company), ..Named::default() };
                sample.event(days_ago(*day), Kind::Page, "", named);
            }
        }
        let growing = growing(&sample.db(), NOW, 5).unwrap();
        let told: Vec<_> = growing.iter().map(|(row, people)| (row.company_id.as_str(), *people)).collect();
        assert_eq!(told, [("grows", (3, 1))]);
    }
}
