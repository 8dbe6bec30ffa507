//! The SQL of a filter answers what a plain model of it answers, over records of all sorts.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use super::*;
use crate::domain::activity::Trend;
use crate::domain::attributes::Owner;
use crate::domain::filter::tests::{fields, filters};
use crate::domain::filter::{Fields, parse};
use crate::domain::message::Kind as EventKind;
use crate::store::list::{Count, Cursor, Extent, ListQuery};
use crate::store::sample::{NOW, Named, Sample, days_ago};
use crate::store::{companies, users, visitors};

mod model;
mod one_membership;

use model::meets;

const ZONE: Tz = chrono_tz::Europe::Warsaw;

/// Chance that is the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn one_of<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.roll(items.len() as u64) as usize].clone()
    }
}

fn attributes(dice: &mut Dice, owner: Owner) -> Map<String, Json> {
    let mut attributes = Map::new();
    let texts = ["pro", "free", "Żabka", "ŻABKA shop", "a,b", "c\\d", "x:y", ""];
    let of_all: &[(Owner, &str)] = &[
        (Owner::User, "plan"),
        (Owner::User, "visits"),
        (Owner::User, "paying"),
        (Owner::User, "born"),
        (Owner::User, "renewed_at"),
        (Owner::User, "langs"),
        (Owner::User, "raw"),
        (Owner::User, "state"),
        (Owner::User, "company.size:\\big\"'"),
        (Owner::User, "attribute.x"),
        (Owner::Company, "plan"),
        (Owner::Company, "mrr"),
        (Owner::Company, "tags"),
        (Owner::Company, "renews"),
        (Owner::Membership, "seat"),
    ];
    for (_, name) in of_all.iter().filter(|(of, _)| *of == owner) {
        if dice.roll(3) == 0 {
            continue;
        }
        let day = time::date((NOW / time::DAY_MS) as i32 - dice.roll(80) as i32);
        let value = match *name {
            "visits" | "attribute.x" | "mrr" | "seat" => {
                dice.one_of(&[json!(0), json!(5), json!(12), json!(0.5), json!(-2.25), json!(1e20)])
            }
            "paying" => json!(dice.roll(2) == 1),
            "born" | "renews" => json!(day.to_string()),
            "renewed_at" if dice.roll(3) == 0 => json!(day.to_string()),
            "renewed_at" => json!(time::rfc3339(NOW - dice.roll(80 * 24) as i64 * HOUR_MS - 7)),
            "langs" | "tags" => {
                let items: Vec<&str> = (0..dice.roll(3)).map(|_| dice.one_of(&texts[..7])).collect();
                json!(items)
            }
            "raw" => json!({ "a": 1 }),
            _ => json!(dice.one_of(&texts)),
        };
        attributes.insert((*name).to_owned(), value);
    }
    attributes
}

/// Users, companies and visitors with all that filters look at; some merged, archived, never seen.
fn filled() -> Sample {
    let (sample, mut dice, mut imports, mut times) = (Sample::new(), Dice(11), Dice(5), Dice(3));
    sample.run("BEGIN; INSERT INTO settings VALUES ('time_zone', 'Europe/Warsaw');");
    sample.run(
        "INSERT INTO operators (email, role, created_ms) VALUES ('ann@acme.test', 'owner', 1), ('pro', 'admin', 1);",
    );
    let put = |table: &str, key: i64, attributes: &Map<String, Json>| {
        sample
            .connection
            .execute(
                &format!("UPDATE {table}s SET attributes = jsonb(?2) WHERE {table}_key = ?1"),
                rusqlite::params![key, json!(attributes).to_string()],
            )
            .unwrap();
    };
    sample.run(
        "INSERT INTO sources (source_key, source_id, name, kind, created_ms)
         VALUES (91, 'import-1', 'x', 'import', 1), (92, 'import-2', 'x', 'import', 1), (93, 'imported-events', 'x', 'import', 1);
         INSERT INTO imports (kind, file_name, file_hash, bytes, by_kind, by_name, state, headings, reading, mapping,
           policy, source_key, created_ms)
         VALUES ('users', 'a.csv', '', 1, 'shell', '', 'done', '', '{}', '[]', '{}', 91, 1),
                ('companies', 'b.csv', '', 1, 'shell', '', 'done', '', '{}', '[]', '{}', 92, 1),
                ('events', 'c.csv', '', 1, 'shell', '', 'done', '', '{}', '[]', '{}', 93, 1);",
    );
    let import = |dice: &mut Dice, subject: i64, key: i64, company: i64| {
        let cause = dice.one_of(&["import", "import", "message"]);
        let set = sample.change(days_ago(3), cause, &[(subject, key, company, "plan")]);
        let source = 91 + dice.roll(3);
        sample.run(&format!("UPDATE change_sets SET source_key = {source} WHERE change_key = {set}"));
    };
    let mut all_companies = Vec::new();
    for number in 0..14 {
        let name = dice.one_of(&[Some("Żabka"), Some("Pro"), None]);
        let id = dice.one_of(&["acme", "PRO", "free"]);
        let company = sample.company(&format!("{id}{number}"), name, "{}", days_ago(dice.roll(70) as i64));
        all_companies.push(company);
        let values = attributes(&mut dice, Owner::Company);
        sample
            .connection
            .execute(
                "UPDATE companies SET attributes = jsonb(?2), active_members = ?3, owner_key = ?4 WHERE company_key = ?1",
                rusqlite::params![company, json!(values).to_string(), dice.roll(4) as i64, dice.one_of(&[None, Some(1_i64), Some(2)])],
            )
            .unwrap();
        if dice.roll(3) == 0 {
            sample.run(&format!("INSERT INTO profile_tags VALUES (1, {company}, 'pro')"));
        }
        if imports.roll(2) == 0 {
            import(&mut imports, 1, company, 0);
        }
    }
    for number in 0..70 {
        let id = (number % 9 != 0).then(|| format!("{}{number}", dice.one_of(&["pro", "U-", "ann"])));
        let email = dice.one_of(&[Some("ann@acme.test"), Some("żabka@pro.test"), None]);
        let email = email.filter(|_| number % 4 != 1 || id.is_none()).or(id.is_none().then_some("pro"));
        let name = dice.one_of(&[Some("Ann Żabka"), Some("pro"), None]);
        let user = sample.user(id.as_deref(), name, email, days_ago(dice.roll(70) as i64) - dice.roll(99_999) as i64);
        put("user", user, &attributes(&mut dice, Owner::User));
        if dice.roll(3) == 0 {
            sample.run(&format!("UPDATE users SET owner_key = {} WHERE user_key = {user}", 1 + dice.roll(2)));
        }
        for tag in ["pro", "free", "Żabka"] {
            if dice.roll(4) == 0 {
                sample.run(&format!("INSERT INTO profile_tags VALUES (0, {user}, '{tag}')"));
            }
        }
        if imports.roll(2) == 0 {
            let (subject, company) = imports.one_of(&[(0, 0), (2, 1)]);
            import(&mut imports, subject, user, company);
        }
        let mut joined = BTreeSet::new();
        for _ in 0..dice.roll(4) {
            let company = dice.one_of(&all_companies);
            if joined.insert(company) {
                let left = (dice.roll(4) == 0).then(|| NOW - times.roll(40) as i64 * 24 * HOUR_MS);
                sample.member(user, company, days_ago(41 + times.roll(30) as i64), left);
                let (role, values) =
                    (dice.one_of(&[Some("pro"), Some("Żabka"), None]), attributes(&mut dice, Owner::Membership));
                sample
                    .connection
                    .execute(
                        "UPDATE memberships SET role = ?3, title = ?4, attributes = jsonb(?5) WHERE user_key = ?1 AND company_key = ?2",
                        rusqlite::params![user, company, role, dice.one_of(&[Some("x:y"), None]), json!(values).to_string()],
                    )
                    .unwrap();
            }
        }
        let browser = (dice.roll(2) == 0).then(|| {
            sample.visitor(&format!("pro{number}"), days_ago(50), Some((user, days_ago(dice.roll(60) as i64))))
        });
        for _ in 0..dice.roll(16) {
            let at_ms = NOW - dice.roll(65 * 24 * 60) as i64 * 60_000 - 1;
            let kind = dice.one_of(&[EventKind::Track, EventKind::Track, EventKind::Page, EventKind::Identify]);
            let named = Named {
                user: Some(user).filter(|_| browser.is_none() || dice.roll(2) == 0),
                visitor: browser,
                company: joined.first().copied().filter(|_| dice.roll(2) == 0),
            };
            sample.event(at_ms, kind, if kind == EventKind::Track { "Opened" } else { "" }, named);
        }
    }
    for number in 0..12 {
        let visitor = sample.visitor(&format!("Żabka{number}"), days_ago(number * 5), None);
        put("visitor", visitor, &attributes(&mut dice, Owner::User));
    }
    sample.run(
        "UPDATE users SET merged_into = 2 WHERE user_key = 1;
         UPDATE users SET last_seen_hour = max(last_seen_hour, (SELECT last_seen_hour FROM users WHERE user_key = 1)) WHERE user_key = 2;
         UPDATE users SET archived_ms = 1 WHERE user_key = 3;
         UPDATE companies SET merged_into = 2 WHERE company_key = 1; UPDATE companies SET archived_ms = 1 WHERE company_key = 3;
         COMMIT;",
    );
    sample
}

/// What is known of a record, in plain words.
#[derive(Debug, Default, Clone)]
struct Record {
    built_in: BTreeMap<&'static str, Json>,
    attributes: Map<String, Json>,
    companies: Vec<(Record, Record)>,
    done: BTreeMap<String, Vec<i64>>,
}

impl Record {
    /// The companies with the user's places in them: those that were left, or those that were not.
    fn places(&self, left: bool) -> impl Iterator<Item = &(Record, Record)> {
        self.companies.iter().filter(move |(_, place)| place.built_in["left_at"].is_null() != left)
    }
}

fn rows<T>(sample: &Sample, sql: &str, read: impl Fn(&rusqlite::Row<'_>) -> T) -> Vec<T> {
    let mut statement = sample.connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok(read(row))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn text(row: &rusqlite::Row<'_>, column: usize) -> Json {
    json!(row.get::<_, Option<String>>(column).unwrap())
}

fn object(row: &rusqlite::Row<'_>, column: usize) -> Map<String, Json> {
    serde_json::from_str(&row.get::<_, String>(column).unwrap()).unwrap()
}

fn number(row: &rusqlite::Row<'_>, column: usize) -> Json {
    json!(row.get::<_, i64>(column).unwrap())
}

/// When somebody was last seen: the hour as the row says it, the millisecond as lists show it.
type LastSeen = (i64, Option<i64>);

/// The last activity, and the words that follow from times, hours and days.
fn computed(
    record: &mut Record,
    first_ms: i64,
    (hour, seen_ms): LastSeen,
    people: &BTreeMap<i32, BTreeSet<i64>>,
    distinct: bool,
) {
    let last_ms = (hour > 0).then_some(hour * HOUR_MS);
    record.built_in.insert("first_seen", json!(first_ms));
    record.built_in.insert("last_seen", json!(seen_ms));
    record.built_in.insert("state", json!(crate::domain::activity::State::at(NOW, first_ms, last_ms).as_str()));
    let today = time::day(NOW, ZONE);
    let span = |last: i32| {
        let of: Vec<i64> = people.range(last - 27..=last).flat_map(|(_, people)| people.iter().copied()).collect();
        if distinct { of.iter().collect::<BTreeSet<_>>().len() as i64 } else { of.len() as i64 }
    };
    record.built_in.insert("trend", json!(Trend::between(span(today - 28), span(today)).as_str()));
}

fn tags_of(sample: &Sample, subject: i64, key: i64) -> Json {
    json!(rows(
        sample,
        &format!("SELECT tag FROM profile_tags WHERE subject = {subject} AND subject_key = {key}"),
        |row| { row.get::<_, String>(0).unwrap() }
    ))
}

/// The imports that changed one of a kind, or one that is merged into it.
fn imports_of(sample: &Sample, table: &str, subjects: &str, key: i64) -> Json {
    let one = if table == "users" { "user_key" } else { "company_key" };
    json!(rows(
        sample,
        &format!(
            "SELECT DISTINCT i.import_key FROM imports i JOIN change_sets USING (source_key) JOIN changes USING (change_key)
             JOIN {table} t ON t.{one} = subject_key
             WHERE i.kind <> 'events' AND cause = 'import' AND subject IN ({subjects})
               AND coalesce(t.merged_into, t.{one}) = {key}"
        ),
        |row| row.get::<_, i64>(0).unwrap()
    ))
}

fn all_companies(sample: &Sample) -> BTreeMap<i64, Record> {
    let sql = "SELECT company_key, company_id, c.name, json(attributes), first_seen_ms, last_seen_hour, members, active_members,
               o.email FROM companies c LEFT JOIN operators o ON o.operator_key = c.owner_key";
    let read = |row: &rusqlite::Row<'_>| {
        let key: i64 = row.get(0).unwrap();
        let mut record = Record { attributes: object(row, 3), ..Record::default() };
        record.built_in.insert("company_id", text(row, 1));
        record.built_in.insert("name", text(row, 2));
        record.built_in.insert("members", number(row, 6));
        record.built_in.insert("active_members_30d", number(row, 7));
        record.built_in.insert("owner", text(row, 8));
        record.built_in.insert("tags", tags_of(sample, 1, key));
        record.built_in.insert("import", imports_of(sample, "companies", "1", key));
        let mut people: BTreeMap<i32, BTreeSet<i64>> = BTreeMap::new();
        let folds = rows(
            sample,
            &format!("SELECT day, user_key FROM company_people_by_day WHERE company_key = {key}"),
            |row| (row.get::<_, i32>(0).unwrap(), row.get::<_, i64>(1).unwrap()),
        );
        for (day, user) in folds {
            people.entry(day).or_default().insert(user);
        }
        let hour = row.get(5).unwrap();
        let seen_ms = activity::last_of_companies(&sample.db(), &[(key, hour)]).unwrap().remove(&key);
        computed(&mut record, row.get(4).unwrap(), (hour, seen_ms), &people, true);
        let done = rows(
            sample,
            &format!(
                "SELECT n.name, f.day, f.events FROM company_names_by_day f JOIN event_names n USING (name_key) WHERE company_key = {key}"
            ),
            |row| {
                (
                    row.get::<_, String>(0).unwrap(),
                    row.get::<_, i32>(1).unwrap(),
                    row.get::<_, u32>(2).unwrap() as usize,
                )
            },
        );
        for (name, day, events) in done {
            let at_ms = time::end_of_day(time::date(day), ZONE);
            record.done.entry(name).or_default().extend(std::iter::repeat_n(at_ms, events));
        }
        (key, record)
    };
    rows(sample, sql, read).into_iter().collect()
}

fn all_users(sample: &Sample) -> BTreeMap<i64, Record> {
    let companies = all_companies(sample);
    let sql = "SELECT user_key, user_id, u.email, u.name, json(attributes), first_seen_ms, last_seen_hour, companies,
               o.email FROM users u LEFT JOIN operators o ON o.operator_key = u.owner_key
               WHERE merged_into IS NULL AND archived_ms IS NULL";
    let read = |row: &rusqlite::Row<'_>| {
        let key: i64 = row.get(0).unwrap();
        let mut record = Record { attributes: object(row, 4), ..Record::default() };
        record.built_in.insert("user_id", text(row, 1));
        record.built_in.insert("email", text(row, 2));
        record.built_in.insert("name", text(row, 3));
        record.built_in.insert("companies", number(row, 7));
        record.built_in.insert("owner", text(row, 8));
        record.built_in.insert("tags", tags_of(sample, 0, key));
        record.built_in.insert("import", imports_of(sample, "users", "0, 2", key));
        let mut people: BTreeMap<i32, BTreeSet<i64>> = BTreeMap::new();
        for day in
            rows(sample, &format!("SELECT day FROM people_by_day WHERE user_key = {key}"), |row| row.get(0).unwrap())
        {
            people.entry(day).or_default().insert(key);
        }
        let hour = row.get(6).unwrap();
        let seen_ms = activity::last_of_users(&sample.db(), &[(key, hour)], None).unwrap().remove(&key);
        computed(&mut record, row.get(5).unwrap(), (hour, seen_ms), &people, false);
        let all = format!(
            "SELECT m.company_key, role, title, json(m.attributes), joined_ms, left_ms
             FROM memberships m JOIN companies c USING (company_key) WHERE user_key = {key} AND c.merged_into IS NULL"
        );
        record.companies = rows(sample, &all, |row| {
            let mut place = Record { attributes: object(row, 3), ..Record::default() };
            place.built_in.insert("joined_at", number(row, 4));
            place.built_in.insert("left_at", json!(row.get::<_, Option<i64>>(5).unwrap()));
            place.attributes.insert("role".to_owned(), text(row, 1));
            place.attributes.insert("title".to_owned(), text(row, 2));
            (companies[&row.get::<_, i64>(0).unwrap()].clone(), place)
        });
        let events = format!(
            "SELECT n.name, e.event_id FROM events e JOIN event_names n USING (name_key) LEFT JOIN visitors v USING (visitor_key)
             WHERE e.kind IN (0, 1, 2) AND (
               coalesce((SELECT coalesce(u.merged_into, u.user_key) FROM users u WHERE u.user_key = e.user_key), -1) = {key}
               OR (e.user_key IS NULL
                   AND (SELECT coalesce(u.merged_into, u.user_key) FROM users u WHERE u.user_key = v.user_key) = {key}
                   AND (e.event_id >> 22) + {EPOCH_MS} >= v.linked_from_ms))"
        );
        for (name, id) in rows(sample, &events, |row| (row.get::<_, String>(0).unwrap(), row.get(1).unwrap())) {
            record.done.entry(name).or_default().push(EventId(id).at_ms());
        }
        (key, record)
    };
    rows(sample, sql, read).into_iter().collect()
}

fn all_visitors(sample: &Sample) -> BTreeMap<i64, Record> {
    let sql = "SELECT visitor_key, anonymous_id, u.user_id, json(v.attributes), v.first_seen_ms, v.last_seen_hour
               FROM visitors v LEFT JOIN users l ON l.user_key = v.user_key
               LEFT JOIN users u ON u.user_key = coalesce(l.merged_into, l.user_key)";
    let read = |row: &rusqlite::Row<'_>| {
        let mut record = Record { attributes: object(row, 3), ..Record::default() };
        record.built_in.insert("anonymous_id", text(row, 1));
        record.built_in.insert("user_id", text(row, 2));
        let (key, hour): (i64, i64) = (row.get(0).unwrap(), row.get(5).unwrap());
        let seen_ms = activity::last_of_visitors(&sample.db(), &[(key, hour)]).unwrap().remove(&key);
        computed(&mut record, row.get(4).unwrap(), (hour, seen_ms), &BTreeMap::new(), false);
        (key, record)
    };
    rows(sample, sql, read).into_iter().collect()
}

/// The keys of a list under a filter, page by page.
fn paged<S: Clone, R>(
    filter: &Filter,
    sort: S,
    mut read: impl FnMut(&ListQuery<S>) -> (Vec<R>, Option<Cursor>),
    key: impl Fn(&R) -> i64,
) -> Vec<i64> {
    let mut query =
        ListQuery { search: None, filter: Some(filter.clone()), sort, descending: true, after: None, size: 9 };
    let mut keys = Vec::new();
    loop {
        let (rows, next) = read(&query);
        keys.extend(rows.iter().map(&key));
        query.after = next.map(|next| Cursor::decode(&next.encode()).expect("our own cursor"));
        if query.after.is_none() {
            return keys;
        }
    }
}

fn same(mut keys: Vec<i64>, records: &BTreeMap<i64, Record>, filter: &Filter) -> Result<u64, TestCaseError> {
    keys.sort_unstable();
    let wanted: Vec<i64> = records.iter().filter(|(_, record)| meets(record, filter)).map(|(key, _)| *key).collect();
    prop_assert_eq!(&keys, &wanted, "{}\n{:?}", filter.in_words(), filter.parameters());
    Ok(keys.len() as u64)
}

fn parsed(text: &str, fields: &Fields) -> Filter {
    parse(text.split('&').map(|pair| pair.split_once('=').unwrap()), fields).unwrap()
}

#[test]
fn sql_and_model_answer_the_same_of_users() {
    let sample = filled();
    let records = all_users(&sample);
    let db = sample.db();
    let sorts = [users::SortBy::LastSeen, users::SortBy::Email, users::SortBy::Name];
    let read = |query: &ListQuery<users::SortBy>| {
        let page = users::list(&db, query, NOW).unwrap();
        (page.rows, page.next)
    };
    proptest!(ProptestConfig::with_cases(400), |(filter in filters(Listed::Users), sort in 0_usize..3)| {
        let keys = paged(&filter, sorts[sort].clone(), read, |row| row.key.0);
        let found = same(keys, &records, &filter)?;
        let count = |extent| users::count_matching(&db, None, Some(&filter), extent, NOW).unwrap();
        prop_assert_eq!(count(Extent::ToMax), Count::Exactly(found));
        match count(Extent::Quickly) {
            Count::AtLeast(least) => prop_assert!(least <= found),
            counted => prop_assert_eq!(counted, Count::Exactly(found)),
        }
    });
}

#[test]
fn sql_and_model_answer_the_same_of_companies() {
    let sample = filled();
    let mut records = all_companies(&sample);
    records.remove(&1);
    records.remove(&3);
    let db = sample.db();
    let read = |query: &ListQuery<companies::SortBy>| {
        let page = companies::list(&db, companies::Shelf::InUse, query, NOW).unwrap();
        (page.rows, page.next)
    };
    proptest!(ProptestConfig::with_cases(300), |(filter in filters(Listed::Companies))| {
        let found = same(paged(&filter, companies::SortBy::Members, read, |row| row.key.0), &records, &filter)?;
        let count = companies::count_matching(&db, companies::Shelf::InUse, None, Some(&filter), Extent::ToMax, NOW);
        prop_assert_eq!(count.unwrap(), Count::Exactly(found));
    });
}

#[test]
fn sql_and_model_answer_the_same_of_visitors() {
    let sample = filled();
    let records = all_visitors(&sample);
    let db = sample.db();
    let read = |query: &ListQuery<visitors::SortBy>| {
        let page = visitors::list(&db, query, NOW).unwrap();
        (page.rows, page.next)
    };
    proptest!(ProptestConfig::with_cases(200), |(filter in filters(Listed::Visitors))| {
        let found = same(paged(&filter, visitors::SortBy::LastSeen, read, |row| row.key.0), &records, &filter)?;
        prop_assert_eq!(visitors::count_matching(&db, None, Some(&filter), Extent::ToMax, NOW).unwrap(), Count::Exactly(found));
    });
}

#[test]
fn the_model_tells_records_apart() {
    // Filters that nobody or everybody meets would prove nothing.
    let sample = filled();
    let (people, firms) = (all_users(&sample), all_companies(&sample));
    for text in [
        "f=plan:is:pro",
        "f=visits:gt:1",
        "f=paying:is:true",
        "f=born:within:30d",
        "f=renewed_at:ago:30d",
        "f=langs:has:pro",
        "f=attribute.state:is:pro",
        "f=state:is:active",
        "f=trend:is:growing",
        "f=trend:is:shrinking",
        "f=owner:set",
        "f=tags:is:pro",
        "f=company.plan:is:pro",
        "f=company.tags:is:pro",
        "f=membership.role:is:pro",
        "f=membership.seat:gte:5",
        "f=membership.joined_at:within:50d",
        "f=membership.left_at:within:20d",
        "f=membership.left_at:set&f=membership.role:is:pro",
        "f=event.Opened:done:2,30d",
        "f=event.page:not_done:1,20d",
        "f=company.state:is:new",
        "f=companies:unset",
        "f=user_id:unset",
        "f=email:has:ŻABKA",
        "f=last_seen:within:20d",
        "f=state:is:never",
        "f=state:in:quiet,gone",
    ] {
        let filter = parsed(text, &fields(Listed::Users));
        let met = people.values().filter(|record| meets(record, &filter)).count();
        assert!(met > 0 && met < people.len(), "{text}: {met} of {}", people.len());
    }
    for text in [
        "f=members:gt:4",
        "f=mrr:lt:6",
        "f=renews:before:2026-11-01",
        "f=event.Opened:done:3,60d",
        "f=trend:is:growing",
    ] {
        let filter = parsed(text, &fields(Listed::Companies));
        let met = firms.values().filter(|record| meets(record, &filter)).count();
        assert!(met > 0 && met < firms.len(), "{text}: {met} of {}", firms.len());
    }
}

#[test]
fn every_order_goes_on_under_a_filter_and_who_has_no_value_comes_last() {
    let sample = filled();
    let (db, records) = (sample.db(), all_users(&sample));
    let filter = parsed("f=companies:set", &fields(Listed::Users));
    let attributes = ["plan", "visits", "paying", "born", "renewed_at"]
        .map(|name| users::SortBy::named(name, &fields(Listed::Users)).unwrap());
    let others = ["company", "owner"].map(|name| users::SortBy::named(name, &fields(Listed::Users)).unwrap());
    for sort in attributes.into_iter().chain(others) {
        for descending in [true, false] {
            let read = |query: &ListQuery<users::SortBy>| {
                let page = users::list(&db, &ListQuery { descending, ..query.clone() }, NOW).unwrap();
                (page.rows, page.next)
            };
            let keys = paged(&filter, sort.clone(), read, |row| row.key.0);
            same(keys.clone(), &records, &filter).unwrap();
            let users::SortBy::Fact(Fact::Attribute(name, _)) = &sort else { continue };
            let values: Vec<Option<String>> = keys
                .iter()
                .map(|key| {
                    records[key].attributes.get(name).map(|value| {
                        value.as_str().map_or_else(|| value.to_string(), str::to_owned).to_ascii_lowercase()
                    })
                })
                .collect();
            let with: Vec<&String> = values.iter().flatten().collect();
            assert!(values[..with.len()].iter().all(Option::is_some), "{name}: {values:?}");
            if !with.iter().any(|value| value.parse::<f64>().is_ok()) {
                assert!(
                    if descending { with.is_sorted_by(|a, b| a >= b) } else { with.is_sorted() },
                    "{name}: {with:?}"
                );
            }
        }
    }
    let numbers = |descending: bool| {
        let Some(Field::Own(fact, _)) = fields(Listed::Users).find("visits") else { panic!("visits") };
        let read = |query: &ListQuery<users::SortBy>| {
            let page = users::list(&db, &ListQuery { descending, size: 3, ..query.clone() }, NOW).unwrap();
            (page.rows, page.next)
        };
        let keys = paged(&filter, users::SortBy::Fact(fact), read, |row| row.key.0);
        keys.iter().filter_map(|key| records[key].attributes.get("visits")?.as_f64()).collect::<Vec<_>>()
    };
    assert!(numbers(false).is_sorted() && numbers(true).is_sorted_by(|a, b| a >= b), "{:?}", numbers(true));
}

#[test]
fn a_search_and_a_filter_narrow_together() {
    let sample = filled();
    let (db, records) = (sample.db(), all_users(&sample));
    let filter = parsed("f=visits:set", &fields(Listed::Users));
    for (search, is_in) in [("ann", "ann"), ("u-", "U-")] {
        let query = ListQuery {
            search: Some(search.to_owned()),
            filter: Some(filter.clone()),
            sort: users::SortBy::FirstSeen,
            descending: true,
            after: None,
            size: 100,
        };
        let keys: BTreeSet<i64> = users::list(&db, &query, NOW).unwrap().rows.iter().map(|row| row.key.0).collect();
        let has = |record: &Record, name: &str| {
            record.built_in[name].as_str().is_some_and(|text| text.to_lowercase().contains(&is_in.to_lowercase()))
        };
        let wanted: BTreeSet<i64> = records
            .iter()
            .filter(|(_, record)| {
                meets(record, &filter)
                    && (has(record, "user_id") || (search == "ann" && (has(record, "name") || has(record, "email"))))
            })
            .map(|(key, _)| *key)
            .collect();
        assert_eq!(keys, wanted, "{search}");
        let count = users::count_matching(&db, Some(search), Some(&filter), Extent::Quickly, NOW).unwrap();
        assert_eq!(count, Count::Exactly(keys.len() as u64));
    }
}
