//! Every order shows everybody once, in the order of what its column shows.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::attributes::{Owner, Type};
use crate::domain::filter::{self, Column, Fields, Listed};
use crate::domain::time::{DAY_MS, HOUR_MS};
use crate::store::list::{Cursor, ListQuery};
use crate::store::sample::{NOW, Sample, days_ago};
use crate::store::{companies, recent_days, shown, users};

/// So many users, and a seventh as many companies.
fn people() -> i64 {
    if std::env::var_os("ROLLCALL_FULL").is_some_and(|full| !full.is_empty()) { 3_000 } else { 90 }
}

fn fields(listed: Listed) -> Fields {
    Fields::new(listed, [(Owner::User, "langs", Type::List), (Owner::Company, "seats", Type::Number)])
}

/// Users and companies of every state and trend, some with tags, owners, companies and roles.
fn filled() -> Sample {
    let sample = Sample::new();
    sample.run(
        "BEGIN;
         INSERT INTO operators (email, password_hash, role, created_ms)
         VALUES ('zed@us.test', '', 'admin', 1), ('amy@us.test', '', 'admin', 1);",
    );
    let today = (NOW / DAY_MS) as i32;
    let active = |table: &str, keys: &str, number: i64| {
        // None at all, more than before, fewer, as many.
        let (last, before) = [(0, 0), (6, 1), (1, 6), (4, 4)][(number % 4) as usize];
        for day in (0..last).chain(28..28 + before) {
            sample.run(&format!("INSERT INTO {table} VALUES ({}, {keys}, 1)", today - day));
        }
    };
    // Who was active on a day was active in its hours; who never was is in no hour.
    let hour = |number: i64| match number % 4 {
        0 if number % 8 == 0 => 0,
        0 => (NOW - (10 + number % 50) * DAY_MS) / HOUR_MS - 1,
        _ => NOW / HOUR_MS - number % 3,
    };
    for number in 0..people() / 7 {
        let attributes = match number % 3 {
            0 => "{}".to_owned(),
            rest => format!(r#"{{"plan":"{}","seats":{}}}"#, ["", "pro", "Free"][rest as usize], number % 4),
        };
        let company = sample.company(&format!("c{number}"), None, &attributes, days_ago(3 + number * 7 % 60));
        let archived = if number % 11 == 10 { "archived_ms = 1," } else { "" };
        sample.run(&format!(
            "UPDATE companies SET {archived} last_seen_hour = {}, active_members = {} WHERE company_key = {company}",
            hour(number),
            number % 3
        ));
        // Of each day other people: as many as days.
        let (last, before) = [(0, 0), (6, 1), (1, 6), (4, 4)][(number % 4) as usize];
        for day in (0..last).chain(28..28 + before) {
            sample.run(&format!(
                "INSERT INTO company_people_by_day VALUES ({0}, {company}, {1}, 1);
                 INSERT OR REPLACE INTO company_people VALUES ({company}, {1}, {0}, {0} * 24, 0);
                 INSERT INTO company_days VALUES ({0}, {company}, 1, 1, 0);",
                today - day,
                day + 1
            ));
        }
        let tags = [&["vip"][..], &["Beta", "vip"], &[], &["ą"]][(number % 4) as usize];
        for tag in tags {
            sample.run(&format!("INSERT INTO profile_tags VALUES (1, {company}, '{tag}')"));
        }
    }
    for number in 0..people() {
        let name = (number % 4 != 0).then(|| format!("Name {}", number % 10));
        let user = sample.user(Some(&format!("u{number}")), name.as_deref(), None, days_ago(2 + number * 11 % 50));
        sample.run(&format!(
            "UPDATE users SET last_seen_hour = {}, owner_key = {}, archived_ms = {} WHERE user_key = {user}",
            hour(number),
            ["NULL", "1", "2"][(number % 3) as usize],
            if number % 40 == 39 { "1" } else { "NULL" },
        ));
        active("people_by_day", &user.to_string(), number);
        let tags = [&[][..], &["vip"], &["beta"], &["Vip", "beta"], &["ą"]][(number % 5) as usize];
        for tag in tags {
            sample.run(&format!("INSERT INTO profile_tags VALUES (0, {user}, '{tag}')"));
        }
        if number % 3 != 0 {
            sample.member(user, number * 5 % (people() / 7) + 1, days_ago(1), None);
            sample.run(&format!(
                "UPDATE memberships SET role = {} WHERE user_key = {user}",
                ["NULL", "'member'", "'Admin'"][(number % 5 % 3) as usize]
            ));
        }
        let langs = ["[]", r#"["pl","en"]"#, r#"["de"]"#][(number % 3) as usize];
        sample.run(&format!(
            "UPDATE users SET attributes = jsonb_set(attributes, '$.langs', jsonb('{langs}')) WHERE user_key = {user}"
        ));
    }
    sample.run("COMMIT");
    recent_days::count_again(&sample.connection).unwrap();
    sample
}

/// Where a value stands in its order; `None` where there is none, which comes last.
fn rank(word: &str, value: &Value) -> Option<(u64, String)> {
    let place = |words: &[&str]| words.iter().position(|known| Some(*known) == value.as_str());
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::Number(number) => Some((number.as_u64().unwrap_or(0), String::new())),
        Value::String(text) => Some((0, text.to_lowercase())),
        other => panic!("{word}: {other}"),
    };
    let items = || value.as_array().into_iter().flatten().filter_map(Value::as_str);
    match word.rsplit('.').next().unwrap_or(word) {
        "state" => place(&["new", "active", "quiet", "gone", "never"]).map(|place| (place as u64, String::new())),
        "trend" => place(&["growing", "steady", "shrinking"]).map(|place| (place as u64, String::new())),
        "tags" => items().next().map(|first| (0, first.to_lowercase())),
        "langs" => items().min().map(|first| (0, first.to_owned())),
        _ => text(value),
    }
}

fn is_in_order(word: &str, descending: bool, values: &[Value]) {
    let ranks: Vec<Option<(u64, String)>> = values.iter().map(|value| rank(word, value)).collect();
    let known: Vec<&(u64, String)> = ranks.iter().flatten().collect();
    assert!(ranks[..known.len()].iter().all(Option::is_some), "{word}: who has none comes last: {values:?}");
    let in_order = if descending { known.is_sorted_by(|a, b| a >= b) } else { known.is_sorted() };
    assert!(in_order, "{word} {descending}: {values:?}");
    let different: BTreeSet<&(u64, String)> = known.iter().copied().collect();
    assert!(different.len() > 1, "{word}: there is nothing to sort: {values:?}");
}

const OF_USERS: [&str; 16] = [
    "state",
    "trend",
    "tags",
    "owner",
    "langs",
    "user_id",
    "company.plan",
    "company.state",
    "company.trend",
    "company.tags",
    "company.members",
    "company.seats",
    "company.company_id",
    "company.active_members_30d",
    "membership.role",
    "companies",
];

const OF_COMPANIES: [&str; 8] =
    ["state", "trend", "tags", "plan", "seats", "members", "active_members_30d", "company_id"];

/// The keys of all pages; if so asked, each is asked for a day after the one before.
fn pages<S: Clone>(
    query: &ListQuery<S>,
    day_by_day: bool,
    mut read: impl FnMut(&ListQuery<S>, i64) -> (Vec<i64>, Option<Cursor>),
) -> Vec<i64> {
    let (mut query, mut keys, mut now_ms) = (query.clone(), Vec::new(), NOW);
    loop {
        let (page, next) = read(&query, now_ms);
        assert!(page.len() <= query.size);
        keys.extend(page);
        query.after = next.map(|next| Cursor::decode(&next.encode()).expect("our own cursor"));
        if query.after.is_none() {
            return keys;
        }
        now_ms += if day_by_day { DAY_MS } else { 0 };
    }
}

fn of_users(sample: &Sample) -> impl Fn(&ListQuery<users::SortBy>, i64) -> (Vec<i64>, Option<Cursor>) {
    |query, now_ms| {
        let page = users::list(&sample.db(), query, now_ms).unwrap();
        (page.rows.into_iter().map(|row| row.key.0).collect(), page.next)
    }
}

fn by(sort: users::SortBy) -> ListQuery<users::SortBy> {
    ListQuery { search: None, filter: None, sort, descending: false, after: None, size: 7 }
}

#[test]
fn users_in_every_order_are_shown_once_and_in_the_order_of_what_the_column_shows() {
    let sample = filled();
    let (db, fields) = (sample.db(), fields(Listed::Users));
    let filter = |text: &str| Some(filter::parse([("f", text)], &fields).unwrap());
    let few = filter("user_id:in:u1,u2,u3,u4,u5,u7,u8,u10,u13,u14,u16,u21,u22,u30,u31");
    for (filter, search) in
        [(None, None), (few, None), (filter("companies:set"), None), (None, Some("name".to_owned()))]
    {
        let is_all = filter.is_none() && search.is_none();
        let by_name = ListQuery { search, filter, ..by(users::SortBy::Name) };
        let all: BTreeSet<i64> = pages(&by_name, false, of_users(&sample)).into_iter().collect();
        for (word, descending) in OF_USERS.into_iter().flat_map(|word| [(word, false), (word, true)]) {
            let sort = users::SortBy::named(word, &fields).unwrap();
            assert_eq!(users::SortBy::named(&sort.name(), &fields).unwrap(), sort, "its word reads back");
            let keys = pages(&ListQuery { sort, descending, ..by_name.clone() }, false, of_users(&sample));
            assert_eq!((keys.len(), keys.iter().copied().collect::<BTreeSet<_>>()), (all.len(), all.clone()), "{word}");
            if !is_all {
                continue;
            }
            let column = Column::named(word, &fields).unwrap();
            let shown =
                shown::of_users(&db, &keys, std::slice::from_ref(&column), &shown::Places::default(), NOW).unwrap();
            // Of an archived company a user shows what is known, and is sorted among those of none.
            let values: Vec<Value> = keys.iter().map(|key| shown[key][word].clone()).collect();
            let of_archived = |key: &i64| {
                let sql = "SELECT EXISTS (SELECT 1 FROM users AS u JOIN companies AS c ON c.company_key = u.current_company_key
                           WHERE u.user_key = ?1 AND c.archived_ms IS NOT NULL)";
                sample.connection.query_row(sql, [key], |row| row.get::<_, bool>(0)).unwrap()
            };
            let of_company = word.starts_with("company.");
            let values = keys.iter().zip(values).map(
                |(key, value)| {
                    if of_company && of_archived(key) { Value::Null } else { value }
                },
            );
            is_in_order(word, descending, &values.collect::<Vec<_>>());
        }
    }
}

#[test]
fn companies_in_every_order_are_shown_once_and_in_the_order_of_what_the_column_shows() {
    let sample = filled();
    let (db, fields) = (sample.db(), fields(Listed::Companies));
    for (word, descending) in OF_COMPANIES.into_iter().flat_map(|word| [(word, false), (word, true)]) {
        let sort = companies::SortBy::named(word, &fields).unwrap();
        let query = ListQuery { search: None, filter: None, sort, descending, after: None, size: 3 };
        let keys = pages(&query, false, |query, now_ms| {
            let page = companies::list(&db, companies::Shelf::InUse, query, now_ms).unwrap();
            (page.rows.into_iter().map(|row| row.key.0).collect(), page.next)
        });
        let once: BTreeSet<i64> = keys.iter().copied().collect();
        let in_use = (0..people() / 7).filter(|number| number % 11 != 10).count();
        assert_eq!((keys.len(), once.len()), (in_use, in_use), "{word}");
        let column = Column::named(word, &fields).unwrap();
        let shown = shown::of_companies(&db, &keys, std::slice::from_ref(&column), NOW).unwrap();
        is_in_order(word, descending, &keys.iter().map(|key| shown[key][word].clone()).collect::<Vec<_>>());
    }
}

#[test]
fn who_goes_from_one_state_to_another_between_two_pages_is_neither_left_out_nor_shown_twice() {
    let sample = filled();
    let fields = fields(Listed::Users);
    for word in ["state", "trend", "company.state"] {
        let query = by(users::SortBy::named(word, &fields).unwrap());
        let at_once = pages(&query, false, of_users(&sample));
        assert_eq!(pages(&query, true, of_users(&sample)), at_once, "{word}");
    }
}

#[test]
fn where_nobody_grows_a_page_ends_early_and_the_next_one_goes_on() {
    let sample = Sample::new();
    sample.run("BEGIN");
    for number in 0..3_000 {
        let user = sample.user(Some(&format!("u{number}")), None, None, days_ago(40));
        let company = sample.company(&format!("c{number}"), None, "{}", days_ago(40));
        sample.member(user, company, days_ago(39), None);
        let hour = NOW / HOUR_MS - number % 90;
        sample.run(&format!(
            "UPDATE users SET last_seen_hour = {hour} WHERE user_key = {user};
             UPDATE companies SET last_seen_hour = {hour} WHERE company_key = {company};"
        ));
    }
    sample.run("COMMIT");
    for word in ["trend", "company.trend"] {
        let query = ListQuery { size: 50, ..by(users::SortBy::named(word, &fields(Listed::Users)).unwrap()) };
        let first = users::list(&sample.db(), &query, NOW).unwrap();
        assert!(first.rows.is_empty() && first.next.is_some(), "{word}: 2,000 are looked at, none grows");
        let keys = pages(&query, false, of_users(&sample));
        assert_eq!((keys.len(), keys.into_iter().collect::<BTreeSet<_>>().len()), (3_000, 3_000), "{word}");
    }
}

#[test]
fn a_tag_that_nobody_has_any_more_is_no_end_of_the_list() {
    let sample = filled();
    let mut query = ListQuery { size: 3, ..by(users::SortBy::named("tags", &fields(Listed::Users)).unwrap()) };
    let first = users::list(&sample.db(), &query, NOW).unwrap();
    assert!(first.rows.iter().all(|row| row.tags[0] == "beta"), "{:?}", first.rows[0].tags);
    sample.run("DELETE FROM profile_tags WHERE tag = 'beta'");
    query.after = first.next;
    let second = users::list(&sample.db(), &query, NOW).unwrap();
    assert!(second.rows[0].tags[0].eq_ignore_ascii_case("vip"), "the next tag: {:?}", second.rows[0].tags);
}

#[test]
fn what_has_no_order_is_refused_with_the_reason() {
    let fields = fields(Listed::Users);
    for (word, reason) in [
        ("event.Report exported", "Filter by it"),
        ("import", "Filter by one"),
        ("colour", "is not a field of users"),
        ("company.colour", "is not a field of users"),
    ] {
        let sentence = users::SortBy::named(word, &fields).unwrap_err();
        assert!(sentence.contains(reason), "{sentence}");
    }
}
