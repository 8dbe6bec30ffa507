//! Which members a list shows, in which order, and how many there are.
//!
//! Names, roles, times have an index each. Events have none: they are added up of the days' folds, of as many days
//! as [`PEOPLE_DAYS_MAX`] allows. Whoever did nothing on those days stands behind, by the hour of the last activity.

use std::collections::HashMap;

use rusqlite::named_params;

use super::{MembersBy, MembersOf, RoleIs, Roles};
use crate::domain::ids::CompanyKey;
use crate::store::activity::{self, people_days_of_company};
use crate::store::list::{self, COUNT_ROWS_MAX, COUNTED_MAX, Count, Cursor, Extent, Keyset, ListQuery, Page};
use crate::store::search::{self, CANDIDATES_MAX, Candidates, Needle};
use crate::store::{Reader, StoreError};

/// So many people of single days are added up, to sort members by their events.
const PEOPLE_DAYS_MAX: i64 = 100_000;
/// So many roles of a company are told apart.
pub const ROLES_MAX: usize = 30;
/// So many members at most are looked at in one go where a page fills slowly.
const LOOKED_AT_MAX: usize = 2_000;
/// Who did nothing of late stands below zero, by the hour of the last activity.
const IDLE: i64 = -(1 << 40);

/// Members who alone can be wanted, and what they are looked at for.
struct Wanted {
    needle: Option<Needle>,
    keys: Option<Vec<i64>>,
}

impl Wanted {
    fn of(db: &Reader<'_>, of: &MembersOf, search: Option<&str>) -> Result<Wanted, StoreError> {
        let needle = Needle::of(search);
        let mut keys = match &of.role {
            Some(role) => of_roles(db, of, std::slice::from_ref(role))?,
            None => None,
        };
        if let (None, Some(needle)) = (&keys, &needle) {
            keys = with_text(db, of, needle)?;
        }
        Ok(Wanted { needle, keys })
    }

    /// Whether a row is one of them, of which these columns are name, e-mail, id and role.
    fn has(&self, row: &rusqlite::Row<'_>, first: usize) -> bool {
        let Some(needle) = &self.needle else { return true };
        let role = row.get_ref(first + 3).ok().and_then(|role| role.as_str().ok());
        needle.is_in(search::texts(row, first)) || role.is_some_and(|role| needle.is_in([Some(role)]))
    }

    /// Where they are read from: the few that can be, else an index.
    fn from(&self, index: &str) -> String {
        match self.keys {
            Some(_) => "json_each(:keys) AS found CROSS JOIN memberships AS m ON m.user_key = found.value".to_owned(),
            None => format!("memberships AS m INDEXED BY {index}"),
        }
    }

    fn bind(&self, statement: &mut rusqlite::Statement<'_>, of: &MembersOf) -> rusqlite::Result<()> {
        list::bind(statement, ":company", of.company.0)?;
        list::bind(statement, ":open", of.open)?;
        if let Some(RoleIs::Text(role)) = &of.role {
            list::bind(statement, ":role", role)?;
        }
        if let Some(keys) = &self.keys {
            list::bind(statement, ":keys", list::json_keys(keys.iter().copied()))?;
        }
        Ok(())
    }
}

/// The condition of a list's members, of whom `m` is the membership and `u` the user.
fn condition(of: &MembersOf) -> String {
    let role = match &of.role {
        None => "",
        Some(RoleIs::Text(_)) => " AND m.role = :role",
        Some(RoleIs::Unset) => " AND m.role IS NULL",
    };
    format!("m.company_key = :company AND m.open = :open AND u.merged_into IS NULL AND u.archived_ms IS NULL{role}")
}

/// Who may have a text in the names, the e-mail, the id or the role, where they are few.
fn with_text(db: &Reader<'_>, of: &MembersOf, needle: &Needle) -> Result<Option<Vec<i64>>, StoreError> {
    let Candidates::Keys(mut keys) = search::candidates(db, needle, CANDIDATES_MAX)? else { return Ok(None) };
    let Roles { mut roles, are_all: true } = roles(db, of.company, of.open)? else { return Ok(None) };
    roles.retain(|(role, _)| role.text().is_some_and(|text| needle.is_in([Some(text)])));
    let roles: Vec<RoleIs> = roles.into_iter().map(|(role, _)| role).collect();
    let Some(in_roles) = of_roles(db, of, &roles)? else { return Ok(None) };
    keys.extend(in_roles);
    keys.sort_unstable();
    keys.dedup();
    Ok(Some(keys))
}

/// The members who have one of these roles, where they are few.
fn of_roles(db: &Reader<'_>, of: &MembersOf, roles: &[RoleIs]) -> Result<Option<Vec<i64>>, StoreError> {
    if roles.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let mut statement = db.0.prepare_cached(
        "SELECT m.user_key FROM json_each(:roles) AS asked
         CROSS JOIN memberships AS m ON m.company_key = :company AND m.open = :open AND m.role IS asked.value
         LIMIT :limit",
    )?;
    let roles = serde_json::Value::from_iter(roles.iter().map(RoleIs::text)).to_string();
    let limit = CANDIDATES_MAX as i64 + 1;
    let parameters = named_params! { ":roles": roles, ":company": of.company.0, ":open": of.open, ":limit": limit };
    let keys = statement.query_map(parameters, |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    Ok((keys.len() <= CANDIDATES_MAX).then_some(keys))
}

/// The roles of a company's members with how many have each, in their order, at most [`ROLES_MAX`]; last those who
/// have none.
///
/// # Errors
/// [`StoreError`] only.
pub fn roles(db: &Reader<'_>, company: CompanyKey, open: bool) -> Result<Roles, StoreError> {
    let mut statement = db.0.prepare_cached(
        "WITH RECURSIVE known (role) AS (
           SELECT min(role) FROM memberships INDEXED BY memberships_role
           WHERE company_key = :company AND open = :open AND role IS NOT NULL
           UNION ALL
           SELECT (SELECT min(m.role) FROM memberships AS m INDEXED BY memberships_role
                   WHERE m.company_key = :company AND m.open = :open AND m.role > known.role)
           FROM known WHERE known.role IS NOT NULL LIMIT :roles)
         SELECT known.role, (SELECT count(*) FROM (
           SELECT 1 FROM memberships AS m INDEXED BY memberships_role
           WHERE m.company_key = :company AND m.open = :open AND m.role IS known.role LIMIT :counted))
         FROM known",
    )?;
    let parameters = named_params! {
        ":company": company.0, ":open": open, ":roles": ROLES_MAX as i64 + 1, ":counted": COUNTED_MAX,
    };
    let rows = statement.query_map(parameters, |row| {
        Ok((row.get::<_, Option<String>>(0)?.map_or(RoleIs::Unset, RoleIs::Text), Count::of(row.get(1)?)))
    })?;
    let mut roles = rows.collect::<Result<Vec<_>, _>>()?;
    let are_all = roles.last().is_some_and(|(role, _)| *role == RoleIs::Unset);
    roles.truncate(ROLES_MAX + usize::from(are_all));
    roles.retain(|(_, members)| *members != Count::Exactly(0));
    Ok(Roles { roles, are_all })
}

/// The members of a page in its order, and where the next one begins.
pub(super) fn page_of_members(
    db: &Reader<'_>,
    of: &MembersOf,
    query: &ListQuery<MembersBy>,
    today: i32,
) -> Result<(Vec<i64>, Option<Cursor>), StoreError> {
    let wanted = Wanted::of(db, of, query.search.as_deref())?;
    let found = match query.sort {
        MembersBy::Name => in_order(db, of, query, &wanted, "memberships_sort_name", "m.sort_name")?,
        MembersBy::Role => by_role(db, of, query, &wanted)?,
        MembersBy::Joined => in_order(db, of, query, &wanted, "memberships_joined", "m.joined_ms")?,
        MembersBy::LastSeen => in_order(db, of, query, &wanted, "memberships_last_seen", "m.last_seen_hour")?,
        MembersBy::Events => by_events(db, of, query, &wanted, today)?,
    };
    let page = Page::cut(found, query.size);
    Ok((page.rows, page.next))
}

type Found = Vec<(Cursor, i64)>;

/// Those of an order that an index has, one beyond the page.
fn in_order(
    db: &Reader<'_>,
    of: &MembersOf,
    query: &ListQuery<MembersBy>,
    wanted: &Wanted,
    index: &str,
    column: &str,
) -> Result<Found, StoreError> {
    stretch(db, of, query, wanted, query.after.as_ref(), (index, Some(column), ""), query.size + 1)
}

/// By roles: those who have one, and then the others.
fn by_role(
    db: &Reader<'_>,
    of: &MembersOf,
    query: &ListQuery<MembersBy>,
    wanted: &Wanted,
) -> Result<Found, StoreError> {
    const INDEX: &str = "memberships_role";
    let mut after = query.after.as_ref();
    let mut found = Vec::new();
    if after.is_none_or(|cursor| !cursor.value.is_null()) {
        let with = (INDEX, Some("m.role"), "AND m.role IS NOT NULL");
        found = stretch(db, of, query, wanted, after, with, query.size + 1)?;
        after = None;
    }
    if found.len() <= query.size {
        let without = (INDEX, None, "AND m.role IS NULL");
        found.extend(stretch(db, of, query, wanted, after, without, query.size + 1 - found.len())?);
    }
    Ok(found)
}

/// So many of a stretch of a list: an index, the column that it has sorted, and which rows are in it.
fn stretch(
    db: &Reader<'_>,
    of: &MembersOf,
    query: &ListQuery<MembersBy>,
    wanted: &Wanted,
    after: Option<&Cursor>,
    (index, column, only): (&str, Option<&str>, &str),
    size: usize,
) -> Result<Found, StoreError> {
    let keyset = Keyset { column, key: "m.user_key", descending: query.descending };
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT m.user_key, {value}, u.name, u.email, u.user_id, m.role
         FROM {from} CROSS JOIN users AS u ON u.user_key = m.user_key
         WHERE {condition} {only} {behind} {order}",
        value = keyset.value(),
        from = wanted.from(index),
        condition = condition(of),
        behind = keyset.behind(after),
        order = keyset.order(),
    ))?;
    list::bind_cursor(&mut statement, &keyset, after)?;
    wanted.bind(&mut statement, of)?;
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while found.len() < size
        && let Some(row) = rows.next()?
    {
        if wanted.has(row, 2) {
            let key = row.get(0)?;
            found.push((Cursor { value: list::cursor_value(row.get_ref(1)?), key }, key));
        }
    }
    Ok(found)
}

/// Of how many days, today the last of them, members are sorted by their events: 28, or fewer where more than 100,000
/// person-days would have to be added up.
///
/// # Errors
/// [`StoreError`] only.
pub fn days_of_events(db: &Reader<'_>, company: CompanyKey, today: i32) -> Result<i32, StoreError> {
    let mut days = activity::roll_days(today);
    while days.start() < days.end() && people_days_of_company(db, company.0, &days)? > PEOPLE_DAYS_MAX {
        let count = (days.end() - days.start() + 1) / 2;
        days = activity::last_days(today, count);
    }
    Ok(days.end() - days.start() + 1)
}

/// A page that is filled in the order in which members are offered, of whom some are not wanted.
struct Filling<'a> {
    db: &'a Reader<'a>,
    of: &'a MembersOf,
    wanted: &'a Wanted,
    size: usize,
    found: Found,
    /// Sort values and keys that were not looked at yet.
    offered: Vec<(i64, i64)>,
}

impl Filling<'_> {
    /// Takes the next one; false where the page is full.
    fn offer(&mut self, value: i64, key: i64) -> Result<bool, StoreError> {
        self.offered.push((value, key));
        if self.offered.len() >= (4 * self.size).min(LOOKED_AT_MAX) {
            self.look()?;
        }
        Ok(self.found.len() < self.size)
    }

    /// Looks at those that were offered.
    fn look(&mut self) -> Result<(), StoreError> {
        let offered: HashMap<i64, i64> = self.offered.iter().map(|(value, key)| (*key, *value)).collect();
        let keys = Wanted { needle: None, keys: Some(self.offered.drain(..).map(|(_, key)| key).collect()) };
        let mut statement = self.db.0.prepare_cached(&format!(
            "SELECT m.user_key, u.name, u.email, u.user_id, m.role
             FROM {from} CROSS JOIN users AS u ON u.user_key = m.user_key
             WHERE {condition} ORDER BY found.key",
            from = keys.from(""),
            condition = condition(self.of),
        ))?;
        keys.bind(&mut statement, self.of)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let key: i64 = row.get(0)?;
            if self.wanted.has(row, 1) && self.found.len() < self.size {
                let value = offered.get(&key).copied().unwrap_or(IDLE);
                self.found.push((Cursor { value: value.into(), key }, key));
            }
        }
        Ok(())
    }
}

/// By events: those who did something of late, and those who did not by the hour of their last activity.
fn by_events(
    db: &Reader<'_>,
    of: &MembersOf,
    query: &ListQuery<MembersBy>,
    wanted: &Wanted,
    today: i32,
) -> Result<Found, StoreError> {
    let events = events_of_late(db, of, today)?;
    let after = query.after.as_ref().and_then(|cursor| Some((cursor.value.as_i64()?, cursor.key)));
    let is_behind =
        |row: (i64, i64)| after.is_none_or(|after| if query.descending { row < after } else { row > after });
    let size = query.size + 1;
    let mut page = Filling { db, of, wanted, size, found: Vec::new(), offered: Vec::new() };
    if let Some(keys) = &wanted.keys {
        let mut all = standing_of(db, of, keys, &events)?;
        all.retain(|row| is_behind(*row));
        in_direction(&mut all, query.descending);
        offer_all(&mut page, all)?;
    } else {
        let mut busy: Vec<(i64, i64)> = events.iter().map(|(key, events)| (*events, *key)).collect();
        busy.retain(|row| is_behind(*row));
        in_direction(&mut busy, query.descending);
        if query.descending {
            if offer_all(&mut page, busy)? {
                offer_idle(&mut page, &events, after, true)?;
            }
        } else if after.is_some_and(|(value, _)| value >= 0) || offer_idle(&mut page, &events, after, false)? {
            offer_all(&mut page, busy)?;
        }
    }
    Ok(page.found)
}

fn in_direction(rows: &mut [(i64, i64)], descending: bool) {
    rows.sort_unstable();
    if descending {
        rows.reverse();
    }
}

/// Whether the page has room left.
fn offer_all(page: &mut Filling<'_>, rows: Vec<(i64, i64)>) -> Result<bool, StoreError> {
    for (value, key) in rows {
        if !page.offer(value, key)? {
            return Ok(false);
        }
    }
    page.look()?;
    Ok(page.found.len() < page.size)
}

/// The events of people in a company on the days by which members are sorted.
fn events_of_late(db: &Reader<'_>, of: &MembersOf, today: i32) -> Result<HashMap<i64, i64>, StoreError> {
    let days = activity::last_days(today, days_of_events(db, of.company, today)?);
    let mut statement = db.0.prepare_cached(
        "SELECT fold.user_key, fold.events FROM json_each(:days) AS day
         CROSS JOIN company_people_by_day AS fold ON fold.day = day.value AND fold.company_key = :company",
    )?;
    let days = list::json_keys(days.map(i64::from));
    let mut rows = statement.query(named_params! { ":days": days, ":company": of.company.0 })?;
    let mut events = HashMap::new();
    while let Some(row) = rows.next()? {
        *events.entry(row.get(0)?).or_insert(0) += row.get::<_, i64>(1)?;
    }
    Ok(events)
}

/// Where these members stand in the order by events, in no order.
fn standing_of(
    db: &Reader<'_>,
    of: &MembersOf,
    keys: &[i64],
    events: &HashMap<i64, i64>,
) -> Result<Vec<(i64, i64)>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT m.user_key, m.last_seen_hour FROM json_each(:keys) AS found
         CROSS JOIN memberships AS m ON m.user_key = found.value AND m.company_key = :company",
    )?;
    let keys = list::json_keys(keys.iter().copied());
    let rows = statement.query_map(named_params! { ":keys": keys, ":company": of.company.0 }, |row| {
        let (key, hour): (i64, i64) = (row.get(0)?, row.get(1)?);
        Ok((events.get(&key).copied().unwrap_or(IDLE + hour), key))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Offers those who did nothing of late, by the hour of their last activity; whether the page has room left.
fn offer_idle(
    page: &mut Filling<'_>,
    busy: &HashMap<i64, i64>,
    after: Option<(i64, i64)>,
    descending: bool,
) -> Result<bool, StoreError> {
    let after = after.filter(|(value, _)| *value < 0);
    let after = after.map(|(value, key)| Cursor { value: (value - IDLE).into(), key });
    let keyset = Keyset { column: Some("m.last_seen_hour"), key: "m.user_key", descending };
    let mut statement = page.db.0.prepare_cached(&format!(
        "SELECT m.user_key, m.last_seen_hour FROM memberships AS m INDEXED BY memberships_last_seen
         WHERE m.company_key = :company AND m.open = :open {} {}",
        keyset.behind(after.as_ref()),
        keyset.order(),
    ))?;
    list::bind_cursor(&mut statement, &keyset, after.as_ref())?;
    list::bind(&mut statement, ":company", page.of.company.0)?;
    list::bind(&mut statement, ":open", page.of.open)?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let key: i64 = row.get(0)?;
        if !busy.contains_key(&key) && !page.offer(IDLE + row.get::<_, i64>(1)?, key)? {
            return Ok(false);
        }
    }
    page.look()?;
    Ok(page.found.len() < page.size)
}

/// How many members there are of a list, or how many of them a search finds.
///
/// # Errors
/// [`StoreError`] only.
pub fn count_members(
    db: &Reader<'_>,
    of: &MembersOf,
    search: Option<&str>,
    extent: Extent,
) -> Result<Count, StoreError> {
    let wanted = Wanted::of(db, of, search)?;
    let index = if of.role.is_some() { "memberships_role" } else { "memberships_joined" };
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT true, u.name, u.email, u.user_id, m.role
         FROM {from} CROSS JOIN users AS u ON u.user_key = m.user_key WHERE {condition} LIMIT :rows",
        from = wanted.from(index),
        condition = condition(of),
    ))?;
    wanted.bind(&mut statement, of)?;
    let is_walked = wanted.keys.is_none() && wanted.needle.is_some();
    let rows_max = if is_walked && extent == Extent::Quickly { COUNT_ROWS_MAX } else { i64::MAX };
    list::bind(&mut statement, ":rows", rows_max)?;
    list::counted(statement.raw_query(), rows_max, extent, |row| wanted.has(row, 1))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::message::Kind;
    use crate::store::companies::{MemberRow, members};
    use crate::store::sample::{NOW, Named, Sample, days_ago};

    const ALL: [MembersBy; 5] =
        [MembersBy::Name, MembersBy::Role, MembersBy::Joined, MembersBy::LastSeen, MembersBy::Events];

    /// Thirty people of a company, three of whom left, and a namesake in another.
    fn crew() -> (Sample, CompanyKey) {
        let sample = Sample::new();
        let acme = sample.company("acme", None, "{}", days_ago(90));
        let umbrella = sample.company("umbrella", None, "{}", days_ago(90));
        for number in 0..30 {
            let name = format!("Name {}", number % 4);
            let user = sample.user(Some(&format!("u{number}")), Some(&name), None, days_ago(90));
            sample.member(user, acme, days_ago(number % 6), (number % 10 == 0).then_some(NOW));
            // A third has a role, whom the sample makes all the same.
            let role = ["'admin'", "'Editor'", "NULL"][number as usize % 3];
            sample.run(&format!("UPDATE memberships SET role = {role} WHERE user_key = {user}"));
            let named = Named { user: Some(user), company: Some(acme), ..Named::default() };
            // Some were there of late, some long ago, and one never.
            let ago = if number % 5 == 0 { 40 + number % 3 } else { number % 3 };
            for event in 0..(number % 4) * i64::from(number != 7) {
                sample.event(days_ago(ago) - number - event, Kind::Page, "", named);
            }
        }
        let stranger = sample.user(Some("stranger"), Some("Name 1"), None, days_ago(90));
        sample.member(stranger, umbrella, days_ago(1), None);
        (sample, CompanyKey(acme))
    }

    /// All of a list, page by page.
    fn all(sample: &Sample, of: &MembersOf, sort: MembersBy, descending: bool, search: Option<&str>) -> Vec<MemberRow> {
        let search = search.map(str::to_owned);
        let mut query = ListQuery { search, filter: None, sort, descending, after: None, size: 4 };
        let mut rows = Vec::new();
        loop {
            let page = members(&sample.db(), of, &query, NOW).unwrap();
            assert!(page.rows.len() == 4 || page.next.is_none());
            rows.extend(page.rows);
            query.after = page.next.map(|cursor| Cursor::decode(&cursor.encode()).unwrap());
            if query.after.is_none() {
                return rows;
            }
        }
    }

    fn in_words(row: &MemberRow, sort: MembersBy) -> String {
        match sort {
            MembersBy::Name => row.user.name.clone().unwrap_or_default(),
            MembersBy::Role => row.role.clone().unwrap_or_default(),
            MembersBy::Joined => format!("{:020}", row.joined_ms),
            MembersBy::LastSeen => format!("{:020}", row.last_seen_ms.unwrap_or(0) / 3_600_000),
            MembersBy::Events => {
                let seen = if row.events_28d > 0 { 0 } else { row.last_seen_ms.unwrap_or(0) / 3_600_000 };
                format!("{:020} {seen:020}", row.events_28d)
            }
        }
    }

    #[test]
    fn members_are_paged_in_any_order_and_each_stands_there_once() {
        let (sample, acme) = crew();
        let here = MembersOf::now(acme);
        for sort in ALL {
            for descending in [false, true] {
                let rows = all(&sample, &here, sort, descending, None);
                let once = BTreeSet::from_iter(rows.iter().map(|row| row.user.key));
                assert_eq!((rows.len(), once.len()), (27, 27), "{sort:?}");
                assert!(rows.iter().all(|row| row.current && row.left_ms.is_none()));
                let words: Vec<String> = rows.iter().map(|row| in_words(row, sort)).collect();
                // Who has no role is last in both directions.
                let known: Vec<&String> = words.iter().filter(|word| !word.is_empty()).collect();
                assert!(words.iter().skip(known.len()).all(String::is_empty), "{sort:?} {words:?}");
                let in_order = if descending { known.is_sorted_by(|a, b| a >= b) } else { known.is_sorted() };
                assert!(in_order, "{sort:?} {descending} {words:?}");
            }
        }
        let left = MembersOf { open: false, ..here.clone() };
        let of_left = all(&sample, &left, MembersBy::Joined, true, None);
        assert_eq!(of_left.iter().map(|row| row.left_ms).collect::<Vec<_>>(), [Some(NOW); 3]);
        let seen = all(&sample, &here, MembersBy::LastSeen, true, None);
        assert_eq!(seen[0].last_seen_ms.unwrap() / 3_600_000, (NOW - 1) / 3_600_000);
        let of_seen: Vec<i64> = seen.iter().filter_map(|row| row.last_seen_ms).collect();
        assert!(of_seen.len() > 15 && of_seen.iter().all(|seen| seen % 3_600_000 != 0), "to the millisecond");
        let busiest = all(&sample, &here, MembersBy::Events, true, None);
        assert_eq!((busiest[0].events_28d, busiest[26].events_28d), (3, 0));
    }

    #[test]
    fn a_search_finds_names_and_roles_and_a_role_is_chosen_by_itself() {
        let (sample, acme) = crew();
        let here = MembersOf::now(acme);
        let db = sample.db();
        let found = |of: &MembersOf, search: Option<&str>| {
            let counts: BTreeSet<usize> = ALL
                .into_iter()
                .flat_map(|sort| [false, true].map(|descending| all(&sample, of, sort, descending, search).len()))
                .collect();
            assert_eq!(counts.len(), 1, "the same in every order: {counts:?}");
            let found = counts.into_iter().next().unwrap();
            for extent in [Extent::Quickly, Extent::ToMax] {
                assert_eq!(count_members(&db, of, search, extent).unwrap(), Count::Exactly(found as u64));
            }
            found
        };
        assert_eq!(found(&here, Some("name 1")), 8, "the namesake is in another company");
        assert_eq!((found(&here, Some("ADMIN")), found(&here, Some("edit")), found(&here, Some("ed"))), (9, 9, 9));
        assert_eq!(found(&here, Some("editor of")), 0);
        let of_role = |role| MembersOf { role: Some(role), ..here.clone() };
        let admins = of_role(RoleIs::Text("admin".to_owned()));
        assert_eq!((found(&admins, None), found(&admins, Some("name 1")), found(&admins, Some("edit"))), (9, 2, 0));
        assert_eq!((found(&of_role(RoleIs::Unset), None), found(&of_role(RoleIs::Text("x".to_owned())), None)), (9, 0));
        let text = |text: &str| RoleIs::Text(text.to_owned());
        let nine = Count::Exactly(9);
        let counted = vec![(text("Editor"), nine), (text("admin"), nine), (RoleIs::Unset, nine)];
        assert_eq!(roles(&db, acme, true).unwrap(), Roles { roles: counted, are_all: true });
        assert_eq!(roles(&db, CompanyKey(99), true).unwrap(), Roles { roles: vec![], are_all: true });
    }

    #[test]
    fn of_very_many_roles_the_first_are_told_and_all_are_found_by_their_text() {
        let (sample, acme) = crew();
        for number in 0..40 {
            let user = sample.user(Some(&format!("of role {number}")), None, None, days_ago(9));
            sample.member(user, acme.0, days_ago(9), None);
            sample.run(&format!("UPDATE memberships SET role = 'role {number:02}' WHERE user_key = {user}"));
        }
        let found = roles(&sample.db(), acme, true).unwrap();
        assert_eq!((found.roles.len(), found.are_all), (ROLES_MAX, false));
        let of_one = all(&sample, &MembersOf::now(acme), MembersBy::Name, false, Some("Role 39"));
        // Two have it in their ids or roles: the one of the role and nobody else.
        assert_eq!(of_one.len(), 1);
    }

    #[test]
    fn where_too_many_are_active_their_events_of_fewer_days_decide() {
        let (sample, acme) = crew();
        let today = crate::domain::time::day(NOW, chrono_tz::UTC);
        assert_eq!(days_of_events(&sample.db(), acme, today).unwrap(), 28);
        let people = PEOPLE_DAYS_MAX / 10;
        sample.run(&format!("UPDATE company_days SET people = {people} WHERE company_key = {}", acme.0));
        let days_active = "SELECT count(DISTINCT day) FROM company_days WHERE day > ?1 AND company_key = ?2";
        let active: i64 =
            sample.connection.query_row(days_active, [i64::from(today) - 28, acme.0], |row| row.get(0)).unwrap();
        assert!(active <= 10 && days_of_events(&sample.db(), acme, today).unwrap() == 28, "{active}");
        sample.run(&format!("UPDATE company_days SET people = {} WHERE company_key = {}", PEOPLE_DAYS_MAX, acme.0));
        assert_eq!(days_of_events(&sample.db(), acme, today).unwrap(), 1);
        let rows = all(&sample, &MembersOf::now(acme), MembersBy::Events, true, None);
        assert_eq!(BTreeSet::from_iter(rows.iter().map(|row| row.user.key)).len(), 27);
    }
}
