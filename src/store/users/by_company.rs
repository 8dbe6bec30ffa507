//! Users in an order of their current companies: company by company in the order of those, and in each by name.
//! Users of no company come last, the last active first.
//!
//! No index knows users by what their company is, but the companies have an order of their own, and each its
//! members: so a page reads as many companies as it takes to fill it.

use serde_json::{Value, json};

use super::SortBy;
use super::listed::USERS;
use crate::store::companies::{self, Shelf};
use crate::store::filter_sql::Moment;
use crate::store::list::{self, Cursor, Keyset, ListQuery};
use crate::store::search;
use crate::store::stretches::{self, Found, Narrowed};
use crate::store::{Reader, StoreError};

/// Companies that are read at a time.
const COMPANIES: usize = 200;

/// Who has no company in use: who is met in none of them.
const OF_NONE: &str = "AND NOT EXISTS (SELECT 1 FROM memberships AS m
    CROSS JOIN companies AS c ON c.company_key = m.company_key
    WHERE m.user_key = u.user_key AND m.company_key = u.current_company_key AND m.open = 1
      AND c.merged_into IS NULL AND c.archived_ms IS NULL)";

/// As [`super::listed::find`], in an order of companies.
pub(super) fn find(
    db: &Reader<'_>,
    query: &ListQuery<SortBy>,
    of: &companies::SortBy,
    narrowed: Narrowed<'_>,
    moment: &Moment,
) -> Result<Option<Found>, StoreError> {
    let moment = stretches::as_of(query.after.as_ref(), moment);
    let mut page = Walk { narrowed, at_ms: moment.now_ms, size: query.size, found: Vec::new(), looked_at: 0 };
    let begun = query.after.as_ref().and_then(|after| after.value.get("company").map(|company| (company, after)));
    let is_of_none = query.after.is_some() && begun.is_none();
    if !is_of_none {
        let mut behind = None;
        if let Some((company, after)) = begun {
            behind = serde_json::from_value::<Cursor>(company.clone()).ok();
            if let Some(company) = &behind {
                let name = after.value.get("value").cloned().unwrap_or_default();
                page.read(db, company, Some(&Cursor { value: name, key: after.key }))?;
            }
        }
        let of_candidates = narrowed.candidates.map(|users| current_companies(db, users)).transpose()?;
        let mut wanted = ListQuery {
            search: None,
            filter: None,
            sort: of.clone(),
            descending: query.descending,
            after: behind,
            size: COMPANIES,
        };
        while !page.is_full() {
            let companies = companies::in_order(db, Shelf::InUse, &wanted, of_candidates.as_deref(), &moment)?;
            let is_last = companies.rows.len() <= COMPANIES;
            for (company, _) in companies.rows.into_iter().take(COMPANIES) {
                page.read(db, &company, None)?;
                wanted.after = Some(company);
                if page.is_full() || page.is_too_long() {
                    break;
                }
            }
            // As far as the companies of one page are looked at: behind all members of the last one.
            if let Some(company) = companies.ended
                && !page.is_full()
            {
                let place = json!({ "company": company, "at": moment.now_ms, "value": char::MAX.to_string() });
                return Ok(Some(Found { rows: page.found, ended: Some(Cursor { value: place, key: i64::MAX }) }));
            }
            if is_last || page.is_too_long() {
                break;
            }
        }
    }
    if page.is_full() {
        return Ok(Some(Found { rows: page.found, ended: None }));
    }
    if page.is_too_long() {
        return Ok(None);
    }
    let rest = ListQuery {
        size: query.size - page.found.len(),
        after: query.after.clone().filter(|_| is_of_none),
        ..query.clone()
    };
    let narrowed = Narrowed { rows_max: narrowed.rows_max - page.looked_at, ..narrowed };
    let without = [stretches::without(&USERS, OF_NONE.to_owned())];
    let behind = stretches::find(db, &USERS, &without, &rest, narrowed, &moment)?;
    let rows = |behind: Found| page.found.into_iter().chain(behind.rows).collect();
    Ok(behind.map(|behind| Found { rows: rows(behind), ended: None }))
}

/// The companies in which these users are now.
fn current_companies(db: &Reader<'_>, users: &[i64]) -> Result<Vec<i64>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT DISTINCT u.current_company_key FROM json_each(?1) AS found
         CROSS JOIN users AS u ON u.user_key = found.value WHERE u.current_company_key IS NOT NULL",
    )?;
    let keys = list::json_keys(users.iter().copied());
    Ok(statement.query_map([keys], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// A page as it fills.
struct Walk<'a> {
    narrowed: Narrowed<'a>,
    at_ms: i64,
    size: usize,
    found: Vec<(Cursor, i64)>,
    looked_at: u64,
}

impl Walk<'_> {
    fn is_full(&self) -> bool {
        self.found.len() > self.size
    }

    fn is_too_long(&self) -> bool {
        self.looked_at >= self.narrowed.rows_max
    }

    /// Those of a company by name, behind one of them.
    fn read(&mut self, db: &Reader<'_>, company: &Cursor, after: Option<&Cursor>) -> Result<(), StoreError> {
        let keyset = Keyset { column: Some("m.sort_name"), key: "m.user_key", descending: false };
        let from = match self.narrowed.candidates {
            Some(_) => {
                "json_each(:keys) AS found CROSS JOIN users AS u ON u.user_key = found.value
                 CROSS JOIN memberships AS m ON m.user_key = u.user_key"
            }
            None => {
                "memberships AS m INDEXED BY memberships_sort_name CROSS JOIN users AS u ON u.user_key = m.user_key"
            }
        };
        let mut statement = db.0.prepare_cached(&format!(
            "SELECT u.user_key, m.sort_name{texts} FROM {from}
             WHERE m.company_key = :company AND m.open = 1 AND u.current_company_key = m.company_key
               AND {in_use} {filter} {behind} {order}",
            texts = USERS.texts,
            in_use = USERS.in_use,
            filter = self.narrowed.filter.condition,
            behind = keyset.behind(after),
            order = keyset.order(),
        ))?;
        list::bind(&mut statement, ":company", company.key)?;
        list::bind_cursor(&mut statement, &keyset, after)?;
        self.narrowed.filter.bind(&mut statement)?;
        if let Some(keys) = self.narrowed.candidates {
            list::bind(&mut statement, ":keys", list::json_keys(keys.iter().copied()))?;
        }
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            if self.is_full() || self.is_too_long() {
                break;
            }
            if self.narrowed.needle.is_none_or(|needle| needle.is_in(search::texts(row, 2))) {
                let (key, name): (i64, Value) = (row.get(0)?, list::cursor_value(row.get_ref(1)?));
                let place = json!({ "company": company, "at": self.at_ms, "value": name });
                self.found.push((Cursor { value: place, key }, key));
            }
            self.looked_at += 1;
        }
        Ok(())
    }
}
