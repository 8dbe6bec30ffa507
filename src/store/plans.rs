//! Every query that pages and programs ask, by its plan: none goes through a table that grows.
//!
//! The statements are those that the functions run, noted by SQLite's trace as the test calls
//! each of them, so that the test can't fall behind the code.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rusqlite::trace::{TraceEvent, TraceEventCodes};

use super::attribute_rows::Table;
use super::companies::{MembersOf, RoleIs};
use super::list::{Cursor, Extent, ListQuery};
use super::sample::{NOW, Named, Sample, days_ago};
use super::segments::Someone;
use super::{
    Reader, attribute_rows, attribute_search, attribute_work, attributes, bulk_jobs, changes, companies, duplicates,
    email_domains, event_names, events, findings, first_pages, history, imports, notes, operators, outbox, profiles,
    refusals, search, segments, shown, sightings, staff, tokens, tray, trials, users, visitors, webhooks, workspace,
};
use crate::domain::attributes::Owner;
use crate::domain::change::{CREATED, Doer, MEMBERSHIP, Subject};
use crate::domain::duplicates::Records;
use crate::domain::filter::{self, Column, Fields, Listed};
use crate::domain::findings::Finding;
use crate::domain::ids::{
    BulkJobKey, CompanyKey, ImportKey, NoteKey, OperatorKey, SourceKey, UserKey, VisitorKey, WebhookKey,
};
use crate::domain::message::Kind;
use crate::domain::profile::Profile;
use crate::domain::table;

/// Tables that a person fills by hand, of some rows each.
const SMALL: [&str; 12] = [
    "settings",
    "sources",
    "operators",
    "tokens",
    "write_keys",
    // At most 500 of a kind (A4), a few pieces of work of each, names decided by hand.
    "attribute_definitions",
    "attribute_work",
    "attribute_names",
    // At most 2,000 (A4).
    "event_names",
    // At most 50 of a list.
    "segments",
    // At most 20.
    "webhooks",
    // Begun by hand, each about hundreds of rows, and kept for 30 days.
    "bulk_jobs",
];

/// Every workspace is told of a big file (`migrations/0004_statistics.sql`); without that, SQLite takes each table for a
/// large one.
const NO_STATISTICS: &str = "DELETE FROM sqlite_stat1; ANALYZE sqlite_schema;";

thread_local! {
    static SEEN: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

fn note(event: TraceEvent<'_>) {
    if let TraceEvent::Stmt(statement, _) = event {
        SEEN.with_borrow_mut(|seen| seen.insert(statement.sql().into_owned()));
    }
}

fn filled() -> Sample {
    let sample = Sample::new();
    let ann = sample.user(Some("ann"), Some("Ann"), Some("ann@acme.test"), days_ago(40));
    let other_ann = sample.user(Some("ann2"), None, Some("ann@acme.test"), days_ago(30));
    let acme = sample.company("acme", Some("Acme"), r#"{"plan":"pro"}"#, days_ago(40));
    let umbrella = sample.company("umbrella", None, "{}", days_ago(90));
    sample.member(ann, acme, days_ago(40), None);
    sample.member(ann, umbrella, days_ago(39), None);
    sample.member(other_ann, acme, days_ago(20), Some(days_ago(10)));
    let laptop = sample.visitor("laptop", days_ago(41), Some((ann, days_ago(70))));
    sample.event(days_ago(41), Kind::Page, "", Named { visitor: Some(laptop), ..Named::default() });
    for day in 0..60 {
        let named = Named { user: Some(ann), company: Some(acme), ..Named::default() };
        sample.event(days_ago(day), Kind::Track, "Report exported", named);
    }
    sample.event(
        days_ago(20),
        Kind::Track,
        "Report exported",
        Named { user: Some(ann), company: Some(umbrella), visitor: None },
    );
    sample.change(days_ago(40), "identify", &[(0, ann, 0, CREATED), (1, acme, 0, CREATED), (2, ann, acme, MEMBERSHIP)]);
    sample.run("INSERT INTO refusals VALUES (1, 'type_mismatch', 'seats', 3, 1, 1795000000000, 'ten', 'A sentence.')");
    sample.run("INSERT INTO findings VALUES ('id_shared_by_many', 1, 1, 20, 1, 1794000000000, '')");
    sample.run(
        "INSERT INTO company_domains VALUES (1, 'acme.test', 1, 1);
         INSERT INTO suggested_domains VALUES ('umbrella.test', 1, 1);
         INSERT INTO suggested_people VALUES (1, 'umbrella.test');
         INSERT INTO possible_duplicates VALUES (0, 0, 'ann@acme.test', 1), (1, 1, 'acme', 1);",
    );
    sample.run(
        "INSERT INTO profile_tags VALUES (0, 1, 'vip'), (1, 1, 'vip'), (1, 1, 'beta');
         INSERT INTO notes (subject, subject_key, author, text, made_ms) VALUES (0, 1, 'a', 'A zeppelin', 1), (1, 1, 'a', 'x', 1);
         INSERT INTO notes_search (rowid, text) VALUES (1, 'a zeppelin'), (2, 'x');",
    );
    sample.run("INSERT INTO tray_values VALUES (0, 1, 0, 'city', 'unknown_attribute', '1', 1, 7, 1, 1, 0)");
    sample.run(
        "INSERT INTO imports (kind, file_name, file_hash, bytes, by_kind, by_name, state, headings, reading, mapping,
           policy, created_ms)
         VALUES ('users', 'a.csv', '', 1, 'shell', '', 'queued', 'hash', '{}', '[]', '{}', 1);
         INSERT INTO import_refusals VALUES (1, 1, 0, 0, 'cells', '', 'A sentence.', '[]');
         UPDATE imports SET source_key = 1;",
    );
    sample.change(
        days_ago(3),
        changes::IMPORT,
        &[(0, ann, 0, "plan"), (1, acme, 0, "plan"), (2, ann, acme, MEMBERSHIP)],
    );
    let of_new = segments::load(&sample.connection).unwrap().swap_remove(0);
    sample.run(&format!("INSERT INTO segment_days VALUES (1, {}, 20700, 5, 1)", segments::edition(&of_new.filter)));
    sample.run(
        "INSERT INTO webhooks (webhook_id, url, description, types, events, secret, state, change_key, change_place,
           arrival_seq, created_ms)
         VALUES ('wh_1', 'https://hooks.acme.test/', '', '[]', '[]', '', 'active', 0, 0, 0, 1);
         INSERT INTO outbox (delivery_id, webhook_key, type, subject, body, made_ms, due_ms)
         VALUES ('msg_1', 1, 'user.created', 1, '{}', 1, 1), ('msg_2', 1, 'user.created', 1, '{}', 1, NULL);",
    );
    sample.run("INSERT INTO source_sightings VALUES (1, 'script', 'acme.test', 1795000000000)");
    sample
}

/// Runs every function that reads, each list in all its orders, with and without search and cursor.
fn ask_everything(db: &Reader<'_>) {
    let searches = [None, Some("acme".to_owned()), Some("an".to_owned())];
    let cursors = |value: serde_json::Value| [None, Some(Cursor { value, key: 1 })];
    for (descending, search) in [true, false].into_iter().flat_map(|d| searches.iter().map(move |s| (d, s.clone()))) {
        use users::SortBy::{Companies, Email, FirstSeen, LastSeen, Name};
        for sort in [Name, Email, FirstSeen, LastSeen, Companies] {
            let values = if sort == Email { vec!["b".into(), serde_json::Value::Null] } else { vec![1.into()] };
            for after in values.into_iter().flat_map(cursors) {
                let query =
                    ListQuery { search: search.clone(), filter: None, sort: sort.clone(), descending, after, size: 50 };
                users::list(db, &query, NOW).unwrap();
            }
        }
        use companies::SortBy as By;
        for sort in [By::Name, By::FirstSeen, By::LastSeen, By::Members, By::ActiveMembers] {
            for after in cursors(1.into()) {
                let query =
                    ListQuery { search: search.clone(), filter: None, sort: sort.clone(), descending, after, size: 50 };
                for shelf in [companies::Shelf::InUse, companies::Shelf::Archived] {
                    companies::list(db, shelf, &query, NOW).unwrap();
                    companies::records(db, shelf, &query, NOW).unwrap();
                }
            }
        }
        use companies::MembersBy;
        for sort in [MembersBy::Name, MembersBy::Role, MembersBy::Joined, MembersBy::LastSeen, MembersBy::Events] {
            let behind = [1.into(), (-1).into(), serde_json::Value::Null];
            for (after, role) in behind.into_iter().flat_map(cursors).flat_map(|after| {
                [None, Some(RoleIs::Text("admin".to_owned())), Some(RoleIs::Unset)].map(|role| (after.clone(), role))
            }) {
                let query = ListQuery { search: search.clone(), filter: None, sort, descending, after, size: 50 };
                let of = MembersOf { company: CompanyKey(1), open: true, role };
                companies::members(db, &of, &query, NOW).unwrap();
                companies::count_members(db, &of, search.as_deref(), Extent::Quickly).unwrap();
            }
        }
        for after in cursors(1.into()) {
            let sort = visitors::SortBy::LastSeen;
            let query = ListQuery { search: search.clone(), filter: None, sort, descending, after, size: 50 };
            visitors::list(db, &query, NOW).unwrap();
        }
    }
    for search in searches.iter().map(Option::as_deref) {
        if let Some(needle) = search::Needle::of(search) {
            search::all_candidates(db, &needle).unwrap();
        }
        users::count(db, search).unwrap();
        companies::count(db, companies::Shelf::InUse, search).unwrap();
        companies::count(db, companies::Shelf::Archived, search).unwrap();
        visitors::count(db, search).unwrap();
        visitors::count_unlinked(db, NOW).unwrap();
        let left = MembersOf { open: false, ..MembersOf::now(CompanyKey(1)) };
        companies::count_members(db, &left, search, Extent::ToMax).unwrap();
    }
    companies::roles(db, CompanyKey(1), true).unwrap();
    for name in [
        users::UserName::UserId("ann".into()),
        users::UserName::Email("ann@acme.test".into()),
        users::UserName::Id("0".into()),
    ] {
        users::page(db, &name, NOW).unwrap();
    }
    companies::page(db, "acme", NOW).unwrap().unwrap();
    for of in [events::Of::All, events::Of::User(UserKey(1)), events::Of::Company(CompanyKey(1))] {
        events::list(db, of, None, 50).unwrap();
        events::count(db, of).unwrap();
    }
    for subject in [
        Subject::User(UserKey(1)),
        Subject::Company(CompanyKey(1)),
        Subject::Visitor(VisitorKey(1)),
        Subject::Source(SourceKey(1)),
        Subject::Workspace,
    ] {
        changes::sets(db, subject, None, 50).unwrap();
    }
    refusals::list(db, 0, 50).unwrap();
    refusals::page(db, None, 50).unwrap();
    refusals::count_rows(db).unwrap();
    let behind = Cursor { value: serde_json::json!([1, "a", ""]), key: NOW };
    refusals::page(db, Some(&behind), 50).unwrap();
    let behind = Cursor { value: serde_json::json!(["clock_wrong", 1, 1]), key: NOW };
    for after in [None, Some(&behind)] {
        assert_eq!(findings::page(db, after, 50).unwrap().rows.len(), 1);
    }
    findings::count_rows(db).unwrap();
    findings::last(db, Finding::ClockWrong, 0).unwrap();
    findings::without_browser(db, NOW).unwrap();
    workspace::upkeep(db).unwrap();
    for owner in Owner::ALL {
        for table in Table::with_own(owner) {
            attribute_rows::look(db, *table, 1, |_| {}).unwrap();
            attribute_rows::after(db, *table, (0, 0), 50).unwrap();
        }
        attributes::list(db, Some(owner)).unwrap();
        attributes::find(db, owner, "plan").unwrap();
        attribute_work::of(db, owner, "plan").unwrap();
        tray::waiting(db, owner, "city", attribute_work::BEFORE_ALL, 50).unwrap();
    }
    attributes::decided_names(db).unwrap();
    assert_eq!(tray::names(db, None, 50).unwrap().0.len(), 1);
    sightings::evidence(db, SourceKey(1), days_ago(1)).unwrap();
    trials::find(db).unwrap();
    workspace::overview(db, NOW).unwrap();
    let after = Cursor { value: "z".into(), key: 2 };
    for after in [None, Some(&after)] {
        assert_eq!(email_domains::suggested(db, after, 50, NOW).unwrap().rows[0].examples.len(), 1);
    }
    email_domains::count_suggested(db).unwrap();
    staff::count(db, &["acme.test".to_owned()]).unwrap();
    for after in [None, Some(&after)] {
        assert_eq!(duplicates::of_users(db, after, 50, NOW).unwrap().rows[0].pairs, [(0, 1)]);
        duplicates::of_companies(db, after, 50, NOW).unwrap();
    }
    for records in [Records::Users, Records::Companies] {
        duplicates::count(db, records).unwrap();
    }
    assert_eq!(duplicates::of_user(db, UserKey(1), NOW).unwrap().len(), 1);
    duplicates::of_company(db, CompanyKey(1), NOW).unwrap();
    for after in [None, Some(&after)] {
        imports::list(db, after, 50).unwrap();
        imports::refusals(db, ImportKey(1), after, 50).unwrap();
    }
    assert!(imports::find(db, ImportKey(1)).unwrap().is_some() && imports::next(db).unwrap().is_some());
    imports::remembered(db, table::Kind::Users, "hash").unwrap();
    imports::of_package(db, ImportKey(1)).unwrap();
    imports::waiting(db).unwrap();
    imports::change_sets(db, SourceKey(1), 9, 50).unwrap();
    for doer in [None, Some(Doer::Hand), Some(Doer::Message)] {
        for (span_ms, after) in [(None, None), (Some((days_ago(50), NOW)), Some(Cursor { value: 1.into(), key: 9 }))] {
            changes::all(db, &changes::Wanted { doer, span_ms, after, size: 50, fields: 9 }).unwrap();
        }
    }
    assert_eq!(email_domains::of_company(db, CompanyKey(1)).unwrap(), ["acme.test"]);
    email_domains::given_to(db, CompanyKey(1)).unwrap();
    assert!(email_domains::is_elsewhere(db, UserKey(1), "umbrella.test").unwrap());
    users::count_with_several_companies(db).unwrap();
    events::count_before(db, NOW).unwrap();
    events::list_by_arrival(db, Some(1), 50).unwrap();
    bulk_jobs::find(db, BulkJobKey(1)).unwrap();
    bulk_jobs::next(db).unwrap();
    bulk_jobs::latest(db, 5).unwrap();
    bulk_jobs::chunk(db, BulkJobKey(1), 0).unwrap();
    for profile in [Profile::User(UserKey(1)), Profile::Company(CompanyKey(1))] {
        profiles::owner(db, profile).unwrap();
        profiles::tags(db, profile).unwrap();
        assert_eq!(notes::list(db, profile).unwrap().0.len(), 1);
        history::of_field(db, profile.subject(), "plan", 50).unwrap();
    }
    assert_eq!(profiles::known_tags(db, 50).unwrap(), ["beta", "vip"]);
    assert_eq!(notes::search(db, "zeppelin", 10).unwrap().len(), 1);
    for until in [None, Some("2026-03-01")] {
        notes::due(db, until, None, 50).unwrap();
    }
    for after in [None, Some(&after)] {
        notes::page(db, after, 50).unwrap();
        visitors::records(db, None, after, 50).unwrap();
        visitors::records(db, Some(UserKey(1)), after, 50).unwrap();
    }
    notes::find(db, NoteKey(1)).unwrap();
    history::of_field(db, Subject::Membership(UserKey(1), CompanyKey(1)), "role", 50).unwrap();
    for at_ms in [days_ago(50), days_ago(30)] {
        history::user(db, UserKey(1), at_ms).unwrap();
        history::company(db, CompanyKey(1), at_ms).unwrap();
    }
    for name in [users::UserName::UserId("ann".to_owned()), users::UserName::Id("x".to_owned())] {
        users::named_key(db, &name).unwrap();
    }
    companies::named_key(db, "acme").unwrap();
    assert_eq!(users::existing(db, &[UserKey(1), UserKey(9)]).unwrap(), [UserKey(1)]);
    assert_eq!(companies::existing(db, &[CompanyKey(1), CompanyKey(1)]).unwrap(), [CompanyKey(1)]);
    first_pages::of_user(db, UserKey(1)).unwrap();
    first_pages::of_company(db, CompanyKey(1)).unwrap();
    users::membership_values(db, UserKey(1), CompanyKey(1)).unwrap();
    assert!(webhooks::read_until(db, WebhookKey(1)).unwrap().is_some());
    for after in [None, Some(&after)] {
        outbox::list(db, WebhookKey(1), after, 50).unwrap();
    }
    assert_eq!(outbox::count_waiting(db, WebhookKey(1)).unwrap(), 1);
    assert!(outbox::next_due(db, WebhookKey(1), NOW).unwrap().is_some());
    assert!(outbox::find(db, WebhookKey(1), "msg_2").unwrap().is_some());
    assert_eq!(changes::told_since(db, (0, 0), 3).unwrap().len(), 3);
    operators::list(db).unwrap();
    operators::any(db).unwrap();
    operators::find(db, "ann@acme.test").unwrap();
    operators::signed_in(db, b"hash", NOW).unwrap();
    operators::link(db, b"hash", NOW).unwrap();
    tokens::list(db).unwrap();
    tokens::find(db, b"hash").unwrap();
}

/// Asks lists for filters: those that an index answers alone, and those that a walk of the list meets.
fn ask_for_filters(db: &Reader<'_>) {
    let of_users = [
        "user_id:is:ann",
        "email:in:ann@acme.test",
        "email:starts:ann",
        "companies:is:0",
        "first_seen:within:7d",
        "state:is:new",
        "owner:is:ann@acme.test",
        "tags:is:vip",
        "tags:unset",
        "import:is:1",
        "import:not:1",
        "company.import:in:1,2",
        "company.company_id:is:acme",
        "company.plan:is:pro",
        "company.tags:has:v",
        "membership.role:is:admin",
        "membership.joined_at:within:7d",
        "membership.left_at:after:2026-01-01",
        "membership.left_at:unset",
        "last_seen:within:30d",
        "first_seen:before:2026-01-01",
        "state:is:quiet",
        "trend:is:growing",
        "companies:gt:1",
        "name:has:ann",
        "created_at:set",
        "event.Report exported:done:2,30d",
        "event.Report exported:not_done",
    ];
    let of_companies = [
        "company_id:is:acme",
        "owner:set",
        "tags:in:vip,beta",
        "import:is:1",
        "import:not:1",
        "plan:is:pro",
        "seats:gt:5",
        "state:is:active",
        "trend:is:shrinking",
        "event.Report exported:done:2,30d",
        "members:between:1,5",
    ];
    let read = |listed, text| filter::parse([("f", text)], &Fields::new(listed, [])).unwrap();
    // What one membership must meet, outside of brackets and in one.
    let of_one_membership = ["f", "g1.f"].map(|word| {
        let all = ["company.company_id:is:acme", "company.plan:is:pro", "membership.role:is:admin", "name:set"];
        filter::parse(all.map(|text| (word, text)), &Fields::new(Listed::Users, [])).unwrap()
    });
    for filter in of_users.map(|text| read(Listed::Users, text)).into_iter().chain(of_one_membership) {
        for sort in [users::SortBy::LastSeen, users::SortBy::Name, users::SortBy::Email] {
            let filter = Some(filter.clone());
            let query = ListQuery { search: None, filter, sort, descending: true, after: None, size: 50 };
            users::list(db, &query, NOW).unwrap();
        }
        users::count_matching(db, None, Some(&filter), Extent::Quickly, NOW).unwrap();
    }
    for filter in of_companies.map(|text| read(Listed::Companies, text)) {
        let (shelf, filter) = (companies::Shelf::InUse, Some(filter));
        let sort = companies::SortBy::Members;
        let query = ListQuery { search: None, filter: filter.clone(), sort, descending: true, after: None, size: 50 };
        companies::list(db, shelf, &query, NOW).unwrap();
        companies::count_matching(db, shelf, None, filter.as_ref(), Extent::All, NOW).unwrap();
    }
    for text in ["anonymous_id:is:laptop", "user_id:is:ann", "last_seen:ago:3d"] {
        let filter = Some(read(Listed::Visitors, text));
        let sort = visitors::SortBy::LastSeen;
        let query = ListQuery { search: None, filter: filter.clone(), sort, descending: true, after: None, size: 50 };
        visitors::list(db, &query, NOW).unwrap();
        visitors::count_matching(db, None, filter.as_ref(), Extent::Quickly, NOW).unwrap();
    }
    for text in
        ["name:is:Opened", "user_id:is:ann", "company_id:is:acme", "email:set", "properties.a:gt:5", "time:within:3d"]
    {
        for of in [events::Of::All, events::Of::User(UserKey(1)), events::Of::Company(CompanyKey(1))] {
            let filter = read(Listed::Events, text);
            events::matching::list(db, of, &filter, None, 50, NOW).unwrap();
            events::matching::count(db, of, &filter, NOW).unwrap();
        }
    }
    let all = of_users.map(|text| read(Listed::Users, text));
    segments::met(db, Someone::User(UserKey(1)), &all.iter().collect::<Vec<_>>(), NOW).unwrap();
    let all = of_companies.map(|text| read(Listed::Companies, text));
    segments::met(db, Someone::Company(CompanyKey(1)), &all.iter().collect::<Vec<_>>(), NOW).unwrap();
    let kept = segments::load(db.0).unwrap();
    assert_eq!(segments::sizes(db, &kept[0], 50).unwrap().len(), 1);
    assert_eq!(segments::recent(db, &kept, 20_000).unwrap().len(), 1);
    attribute_rows::values_of(db, Table::Users, [1]).unwrap();
    for listed in [Listed::Users, Listed::Companies] {
        shown::read_trends(db, listed, &mut std::collections::HashMap::from([(1, serde_json::Map::new())]), NOW)
            .unwrap();
    }
    attribute_search::of_users(db, "acme", 10).unwrap();
    attribute_search::of_companies(db, "acme", 10).unwrap();
    event_names::list(db, 50).unwrap();
    operators::looked_after(db, OperatorKey(1), 10).unwrap();
    operators::columns(db, OperatorKey(1), "users").unwrap();
}

/// The orders that words and companies make, with what stands in their columns.
fn ask_for_orders(db: &Reader<'_>) {
    let (of_users, of_companies) = (Fields::new(Listed::Users, []), Fields::new(Listed::Companies, []));
    for word in ["state", "trend", "tags", "owner", "company", "company.members", "company.state", "company.tags"] {
        for descending in [true, false] {
            let sort = users::SortBy::named(word, &of_users).unwrap();
            let mut query = ListQuery { search: None, filter: None, sort, descending, after: None, size: 1 };
            for _ in 0..2 {
                query.after = users::list(db, &query, NOW).unwrap().next;
                users::list(db, &ListQuery { size: 50, ..query.clone() }, NOW).unwrap();
            }
            query.filter = Some(filter::parse([("f", "email:in:ann@acme.test")], &of_users).unwrap());
            users::list(db, &query, NOW).unwrap();
        }
    }
    for (word, descending) in ["state", "trend", "tags", "owner"].into_iter().flat_map(|w| [(w, true), (w, false)]) {
        let sort = companies::SortBy::named(word, &of_companies).unwrap();
        for shelf in [companies::Shelf::InUse, companies::Shelf::Archived] {
            let sort = sort.clone();
            let mut query = ListQuery { search: None, filter: None, sort, descending, after: None, size: 1 };
            query.after = companies::list(db, shelf, &query, NOW).unwrap().next;
            companies::list(db, shelf, &ListQuery { size: 50, ..query.clone() }, NOW).unwrap();
        }
    }
    let text = "email,state,trend,tags,company,company.plan,company.trend,membership.role,membership.left_at,event.Report exported,activity,\
                active_days_28d,aliases,anonymous_ids,attributes,first_page,signed";
    let columns = Column::read(text, &of_users).unwrap();
    shown::of_users(db, &[1, 2], &columns, &shown::Places::default(), NOW).unwrap();
    for asked in ["company.plan:is:pro", "membership.left_at:within:30d", "membership.role:is:admin"] {
        let filter = filter::parse([("f", asked)], &of_users).unwrap();
        shown::Places::met(db, &[1, 2], Some(&filter), NOW).unwrap();
    }
    let text = "plan,state,trend,event.Report exported,activity,active_people_28d,aliases,attributes,domains,\
                given_domains,first_page,signed_members,archived_at";
    shown::of_companies(db, &[1, 2], &Column::read(text, &of_companies).unwrap(), NOW).unwrap();
}

/// The steps of a statement's plan.
fn plan(db: &Reader<'_>, sql: &str) -> Vec<String> {
    let mut statement = db.0.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get(3).unwrap());
    }
    steps
}

/// Whether a step of a plan goes through a whole table that grows. A statement that walks an
/// index in its order, to stop where a page is full, names the index.
fn is_full_scan(sql: &str, step: &str, steps: &[String]) -> bool {
    let Some(scanned) = step.strip_prefix("SCAN ") else { return false };
    let name = scanned.split(' ').next().unwrap_or_default();
    let is_of_this_statement =
        steps.iter().any(|other| *other == format!("CO-ROUTINE {name}") || *other == format!("MATERIALIZE {name}"));
    let is_bounded = SMALL.contains(&name) || name == "CONSTANT" || name.starts_with('(') || is_of_this_statement;
    let index = scanned.split_once("INDEX ").map(|(_, rest)| rest.split(' ').next().unwrap_or_default());
    let is_a_walk = index.is_some_and(|index| sql.contains(&format!("INDEXED BY {index}")));
    !is_bounded && !is_a_walk && !scanned.contains("VIRTUAL TABLE")
}

#[test]
fn no_query_goes_through_a_table_that_grows() {
    let sample = filled();
    for statistics in ["", NO_STATISTICS] {
        sample.run(statistics);
        sample.connection.flush_prepared_statement_cache();
        SEEN.with_borrow_mut(BTreeSet::clear);
        sample.connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note));
        ask_everything(&sample.db());
        ask_for_filters(&sample.db());
        ask_for_orders(&sample.db());
        sample.connection.trace_v2(TraceEventCodes::empty(), None);
        let seen = SEEN.take();
        assert!(seen.len() > 60, "only {} statements were seen", seen.len());
        for sql in seen.iter().filter(|sql| sql.starts_with("SELECT")) {
            let steps = plan(&sample.db(), sql);
            for step in &steps {
                assert!(!is_full_scan(sql, step, &steps), "{step}\n{sql}\n{steps:#?}");
                let walks_an_index = sql.contains("INDEXED BY") && !sql.contains("visitors_anonymous_id");
                assert!(
                    !(walks_an_index && step.contains("TEMP B-TREE FOR ORDER BY")),
                    "a walk of an index is sorted again\n{sql}\n{steps:#?}"
                );
            }
        }
    }
}

#[test]
fn what_the_planner_is_told_stays_as_it_was_shipped_whatever_is_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rollcall.db");
    let told = || {
        let file = rusqlite::Connection::open(&path).unwrap();
        let rows: String = file
            .query_row("SELECT group_concat(tbl || coalesce(idx, '') || stat, ' ') FROM sqlite_stat1", [], |row| {
                row.get(0)
            })
            .unwrap();
        let samples: i64 = file.query_row("SELECT count(*) FROM sqlite_stat4", [], |row| row.get(0)).unwrap();
        (rows, samples)
    };
    let open = || super::Store::open(&path, super::Ambient::default()).unwrap();
    open().close();
    let shipped = told();
    assert!(shipped.0.contains("change_sets") && shipped.1 == 0, "{shipped:?}");
    let store = open();
    for number in 0..50 {
        store
            .write_now(move |tx| -> Result<(), super::StoreError> {
                tx.connection.execute(
                    "INSERT INTO change_sets (change_key, at_ms, by_kind, cause, grade) VALUES (?1, 1, 'shell', 'x', 1)",
                    [number],
                )?;
                tx.connection.query_row(
                    "SELECT count(*) FROM change_sets AS s JOIN changes AS c ON c.change_key = s.change_key",
                    [],
                    |_| Ok(()),
                )?;
                Ok(())
            })
            .unwrap();
    }
    store.close();
    assert_eq!(told(), shipped);
}

thread_local! {
    static ASKED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

fn count(event: TraceEvent<'_>) {
    if let TraceEvent::Stmt(..) = event {
        ASKED.set(ASKED.get() + 1);
    }
}

/// How many statements the data of a page takes.
fn asked_by(sample: &Sample, page: impl Fn(&Reader<'_>)) -> usize {
    ASKED.set(0);
    sample.connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(count));
    page(&sample.db());
    sample.connection.trace_v2(TraceEventCodes::empty(), None);
    ASKED.get()
}

#[test]
fn a_page_asks_as_much_of_many_as_of_few() {
    let sample = filled();
    let join = |numbers: std::ops::Range<i32>| {
        for number in numbers {
            let user = sample.user(Some(&format!("m{number}")), None, None, days_ago(50 - i64::from(number % 40)));
            sample.member(user, 1, days_ago(30), None);
            let named = Named { user: Some(user), company: Some(1), ..Named::default() };
            sample.event(days_ago(3), Kind::Track, "Report exported", named);
        }
    };
    join(0..6);
    let sort = companies::MembersBy::LastSeen;
    let query = ListQuery { search: None, filter: None, sort, descending: true, after: None, size: 20 };
    let asked = || {
        [
            asked_by(&sample, |db| drop(companies::page(db, "acme", NOW).unwrap())),
            asked_by(&sample, |db| drop(companies::members(db, &MembersOf::now(CompanyKey(1)), &query, NOW).unwrap())),
            asked_by(&sample, |db| drop(users::page(db, &users::UserName::UserId("ann".into()), NOW).unwrap())),
            asked_by(&sample, |db| drop(workspace::overview(db, NOW).unwrap())),
        ]
    };
    let of_few = asked();
    join(6..60);
    assert_eq!(asked(), of_few);
    for (asked, most) in of_few.into_iter().zip([34, 12, 31, 42]) {
        assert!(asked <= most, "{of_few:?}");
    }
}
