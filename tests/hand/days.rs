//! As of a day (A6), and where people came from (A9).

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use reqwest::Method;
use rollcall::actions::attributes::Hand;
use rollcall::actions::edit::{self, Absent, EditError, MemberEdit, Wanted};
use rollcall::actions::{merge, undo};
use rollcall::domain::ids::CompanyId;
use rollcall::store::users::{self, UserName};
use rollcall::store::{Ambient, Store, Tx, companies};
use serde_json::{Map, Value, json};

use crate::support::{Rollcall, message_id, seconds_ago};

/// Days ago, at noon UTC.
fn noon(days: i64) -> i64 {
    let now = chrono::Utc::now();
    let noon = now.date_naive().and_hms_opt(12, 0, 0).expect("noon").and_utc();
    (noon - chrono::Duration::days(days)).timestamp_millis()
}

/// The day so many days ago.
fn day(days: i64) -> String {
    (chrono::Utc::now().date_naive() - chrono::Duration::days(days)).to_string()
}

/// Deeds of the past, each at its own time, on a fresh file.
struct Past {
    store: Store,
    now_ms: Arc<AtomicI64>,
}

impl Past {
    fn of(file: &Path) -> Past {
        let now_ms = Arc::new(AtomicI64::new(noon(60)));
        let clock = Arc::clone(&now_ms);
        let ambient = Ambient { now_ms: Arc::new(move || clock.load(Ordering::Relaxed)), ..Ambient::default() };
        Past { store: Store::open(file, ambient).expect("a store"), now_ms }
    }

    async fn does<T: Send + 'static>(
        &self,
        days: i64,
        deed: impl FnOnce(&mut Tx<'_>, &Hand) -> Result<T, EditError> + Send + 'static,
    ) -> T {
        self.now_ms.store(noon(days), Ordering::Relaxed);
        let hand = Hand::operator("old@rollcall.test");
        self.store.write(move |tx| deed(tx, &hand)).await.expect("the deed")
    }

    async fn user(&self, days: i64, id: &'static str, values: Value, companies: &'static [&'static str]) {
        let wanted = Wanted {
            values: values.as_object().cloned().expect("values"),
            companies: companies
                .iter()
                .map(|id| (CompanyId::parse(id).expect("an id").expect("an id"), MemberEdit::default()))
                .collect(),
            tags: (!companies.is_empty()).then(|| vec![format!("day {days}")]),
            ..Wanted::default()
        };
        self.does(days, move |tx, hand| {
            edit::user(tx, hand, &UserName::UserId(id.to_owned()), &wanted, Absent::Create)
        })
        .await;
    }

    async fn company(&self, days: i64, id: &'static str, values: Value) {
        let values = values.as_object().cloned().expect("values");
        let wanted = Wanted { values, ..Wanted::default() };
        self.does(days, move |tx, hand| edit::company(tx, hand, id, &wanted, Absent::Create)).await;
    }

    async fn member(&self, days: i64, company: &'static str, user: &'static str, role: Option<&'static str>) {
        self.does(days, move |tx, hand| {
            let name = UserName::UserId(user.to_owned());
            match role {
                Some(role) => {
                    let values = Map::from_iter([("role".to_owned(), json!(role))]);
                    edit::join_one(tx, hand, company, &name, &MemberEdit { values, ..MemberEdit::default() })
                }
                None => edit::leave(tx, hand, company, &name),
            }
        })
        .await;
    }
}

/// A6: how a user and a company stood at the end of a day, over the API and on the page.
#[actix_web::test]
async fn a6_a_page_shows_any_day() {
    let mut rollcall = Rollcall::prepare(&[]);
    let past = Past::of(&rollcall.file());
    past.user(50, "ann", json!({ "name": "Ann Lee", "plan": "free" }), &["acme"]).await;
    past.company(45, "acme", json!({ "name": "Acme", "seats": 5 })).await;
    past.user(40, "bob", json!({}), &["acme"]).await;
    past.member(30, "acme", "ann", Some("admin")).await;
    past.user(
        20,
        "ann",
        json!({ "name": "Ann Berg", "plan": "pro", "city": "Ulm", "created": "long ago", "link": "x" }),
        &["umbrella"],
    )
    .await;
    past.member(10, "acme", "ann", None).await;
    past.company(10, "acme", json!({ "name": null, "seats": 7 })).await;
    past.store.close();
    rollcall.set_up();

    let ann = |days: i64| {
        let (rollcall, path) = (&rollcall, format!("/users/ann?at={}", day(days)));
        async move {
            let answer = rollcall.api(&path).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            answer.body
        }
    };
    let then = ann(49).await;
    assert_eq!((&then["name"], &then["at"]), (&json!("Ann Lee"), &json!(day(49))));
    assert_eq!(then["attributes"], json!({ "name": "Ann Lee", "plan": "free" }));
    assert_eq!(then["tags"], json!(["day 50"]));
    let companies = |user: &Value| -> Vec<(String, Value, bool, bool)> {
        let list = user["companies"].as_array().expect("companies");
        let one = |one: &Value| {
            let id = one["company_id"].as_str().expect("an id").to_owned();
            (id, one["role"].clone(), one["current"] == true, one["left_at"].is_null())
        };
        list.iter().map(one).collect()
    };
    assert_eq!(companies(&then), [("acme".to_owned(), Value::Null, true, true)]);
    assert_eq!(companies(&ann(30).await), [("acme".to_owned(), json!("admin"), true, true)], "the end of the very day");
    assert_eq!(companies(&ann(31).await), [("acme".to_owned(), Value::Null, true, true)]);
    let then = ann(15).await;
    assert_eq!((&then["name"], &then["attributes"]["city"]), (&json!("Ann Berg"), &json!("Ulm")));
    assert_eq!(
        companies(&then),
        [("umbrella".to_owned(), Value::Null, true, true), ("acme".to_owned(), json!("admin"), false, true)]
    );
    let then = ann(5).await;
    assert_eq!(companies(&then)[1], ("acme".to_owned(), json!("admin"), false, false), "left by then");
    let (now, today) = (rollcall.user("ann").await, ann(0).await);
    assert_eq!(
        (&now["attributes"], &now["tags"], companies(&now)),
        (&today["attributes"], &today["tags"], companies(&today))
    );

    let acme = |days: i64| {
        let (rollcall, path) = (&rollcall, format!("/companies/acme?at={}", day(days)));
        async move { rollcall.api(&path).await.body }
    };
    let then = acme(35).await;
    assert_eq!((&then["name"], &then["attributes"]["seats"], &then["members"]), (&json!("Acme"), &json!(5), &json!(2)));
    assert_eq!((&acme(48).await["name"], &acme(48).await["members"]), (&Value::Null, &json!(1)));
    assert_eq!((&acme(5).await["members"], &acme(5).await["name"]), (&json!(1), &Value::Null));

    for (path, status, code) in [
        (format!("/users/ann?at={}", day(55)), 404, "not_known_yet"),
        (format!("/companies/umbrella?at={}", day(21)), 404, "not_known_yet"),
        (format!("/users/ann?at={}", day(-2)), 404, "not_known_yet"),
        ("/users/ann?at=yesterday".to_owned(), 400, "parameter_invalid"),
        (format!("/users?at={}", day(1)), 400, "parameter_invalid"),
    ] {
        let answer = rollcall.api(&path).await;
        assert_eq!((answer.status.as_u16(), answer.body["code"].as_str()), (status, Some(code)), "{path}");
    }

    let cookie = rollcall.session_cookie().await;
    let open = |path: String| {
        let request = rollcall.client.get(format!("{}{path}", rollcall.address)).header("cookie", &cookie);
        async move { request.send().await.expect("an answer").text().await.expect("a page") }
    };
    let page = open(format!("/users/ann?at={}", day(49))).await;
    for shown in ["As of ", "Ann Lee", "free", "Back to today", "What arrived later about that time"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    assert!(!page.contains(">pro<"), "{page}");
    let page = open(format!("/companies/acme?at={}", day(15))).await;
    assert!(page.contains("Ann Berg") && page.contains("bob") && page.contains("Back to today"), "{page}");
    let page = open(format!("/companies/acme?at={}", day(5))).await;
    assert!(!page.contains("Ann Berg") && page.contains("bob"), "{page}");
    assert!(open(format!("/users/ann?at={}", day(58))).await.contains("Not known yet on that day"));
    assert!(open("/users/ann?at=x".to_owned()).await.contains("look back at that day"));
}

/// R11, A6: whoever is merged is shown as it was before, as one with the other since, and apart again after an
/// undo; the company counts its members as of each day. Whoever is erased is not shown as of any day (R13).
#[actix_web::test]
async fn a6_a_merged_user_as_of_days_before_and_after() {
    let mut rollcall = Rollcall::prepare(&[]);
    let past = Past::of(&rollcall.file());
    past.user(50, "ann", json!({ "name": "Ann", "plan": "free" }), &["acme"]).await;
    past.user(45, "bob", json!({ "name": "Bob", "city": "Ulm" }), &["acme"]).await;
    past.member(40, "acme", "bob", Some("admin")).await;
    past.member(35, "acme", "bob", Some("owner")).await;
    let key = |tx: &Tx<'_>, id: &str| users::key(&tx.reader(), &UserName::UserId(id.to_owned())).expect("a read");
    let merged = past
        .does(20, move |tx, hand| {
            let (ann, bob) = (key(tx, "ann").expect("Ann"), key(tx, "bob").expect("Bob"));
            Ok(merge::merge(tx, &hand.by, ann, bob).expect("a merge"))
        })
        .await;
    past.user(15, "ann", json!({ "plan": "pro" }), &[]).await;
    past.does(5, move |tx, hand| Ok(undo::undo(tx, &hand.by, merged).expect("an undo"))).await;
    past.store.close();
    rollcall.set_up();

    let as_of = |path: &str, days: i64| {
        let (rollcall, path) = (&rollcall, format!("{path}?at={}", day(days)));
        async move { rollcall.api(&path).await }
    };
    let bob = as_of("/users/bob", 30).await.body;
    assert_eq!((&bob["user_id"], &bob["name"], &bob["aliases"]), (&json!("bob"), &json!("Bob"), &json!([])), "{bob}");
    assert_eq!(bob["attributes"], json!({ "name": "Bob", "city": "Ulm" }));
    let acme = &bob["companies"][0];
    assert_eq!((&acme["role"], &acme["current"], &acme["left_at"]), (&json!("owner"), &json!(true), &Value::Null));
    assert_eq!(as_of("/users/bob", 38).await.body["companies"][0]["role"], "admin");
    let by_our_id = format!("/users/{}?by=id&at={}", bob["id"].as_str().expect("an id"), day(30));
    assert_eq!(rollcall.api(&by_our_id).await.body["user_id"], "bob");
    let ann = as_of("/users/ann", 30).await.body;
    assert_eq!((&ann["attributes"], &ann["aliases"]), (&json!({ "name": "Ann", "plan": "free" }), &json!([])));

    for id in ["ann", "bob"] {
        let one = as_of(&format!("/users/{id}"), 12).await.body;
        assert_eq!((&one["user_id"], &one["aliases"]), (&json!("ann"), &json!([])), "told apart since: {one}");
        assert_eq!(one["attributes"], json!({ "name": "Ann", "plan": "pro", "city": "Ulm" }), "{id}");
    }
    assert_eq!(as_of("/users/bob", 0).await.body["user_id"], "bob");
    for (days, members) in [(47, 1), (30, 2), (12, 1), (0, 2)] {
        assert_eq!(as_of("/companies/acme", days).await.body["members"], members, "{days} days ago");
    }

    let cookie = rollcall.session_cookie().await;
    let open = |path: String| {
        let request = rollcall.client.get(format!("{}{path}", rollcall.address)).header("cookie", &cookie);
        async move { request.send().await.expect("an answer").text().await.expect("a page") }
    };
    let page = open(format!("/users/bob?at={}", day(30))).await;
    assert!(page.contains("a separate record then") && page.contains("owner"), "{page}");
    assert!(open(format!("/companies/acme?at={}", day(38))).await.contains("admin"), "a member's role of the day");

    let path = format!("/users/ann/merge?{}", "by=user_id");
    let again = rollcall.api_as(Method::POST, &path, &rollcall.token, Some(json!({ "from": "bob" }))).await;
    assert_eq!(again.status, 200, "{again:?}");
    let today = as_of("/users/bob", 0).await.body;
    assert_eq!((&today["user_id"], &today["aliases"]), (&json!("ann"), &json!(["bob"])));
    assert_eq!(as_of("/users/bob", 30).await.body["name"], "Bob");
    assert_eq!(as_of("/companies/acme", 30).await.body["members"], 2);
    assert_eq!(as_of("/companies/acme", 0).await.body["members"], 1);

    let gone = json!({ "events": "delete" });
    let erased = rollcall.api_as(Method::POST, "/users/ann/erase", &rollcall.token, Some(gone)).await;
    assert_eq!(erased.status, 200, "{erased:?}");
    for (id, days) in [("ann", 0), ("ann", 30), ("bob", 0), ("bob", 30)] {
        let answer = as_of(&format!("/users/{id}"), days).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body["code"].as_str()),
            (404, Some("user_not_found")),
            "{id} {days}"
        );
    }
}

/// C10, A6: so is a company that was merged.
#[actix_web::test]
async fn a6_a_merged_company_as_of_days_before_and_after() {
    let mut rollcall = Rollcall::prepare(&[]);
    let past = Past::of(&rollcall.file());
    past.user(50, "ann", json!({}), &["acme"]).await;
    past.user(50, "bob", json!({}), &["acme"]).await;
    past.user(50, "cid", json!({}), &["umbrella"]).await;
    past.company(45, "umbrella", json!({ "name": "Umbrella", "plan": "pro" })).await;
    past.user(49, "dan", json!({}), &["umbrella"]).await;
    past.member(40, "umbrella", "dan", None).await;
    past.user(48, "eve", json!({}), &["umbrella"]).await;
    past.member(30, "acme", "eve", Some("admin")).await;
    past.does(20, move |tx, hand| {
        let key = |id: &str| companies::key(&tx.reader(), id).expect("a read").expect("a company");
        let (acme, umbrella) = (key("acme"), key("umbrella"));
        Ok(merge::companies::merge(tx, &hand.by, acme, umbrella).expect("a merge"))
    })
    .await;
    past.store.close();
    rollcall.set_up();
    let as_of = |id: &str, days: i64| {
        let (rollcall, path) = (&rollcall, format!("/companies/{id}?at={}", day(days)));
        async move { rollcall.api(&path).await.body }
    };
    let (acme, umbrella) = (as_of("acme", 30).await, as_of("umbrella", 30).await);
    assert_eq!((&acme["name"], &acme["members"]), (&Value::Null, &json!(3)));
    assert_eq!((&umbrella["company_id"], &umbrella["members"]), (&json!("umbrella"), &json!(2)), "{umbrella}");
    assert_eq!(umbrella["attributes"], json!({ "name": "Umbrella", "plan": "pro" }));
    for id in ["acme", "umbrella"] {
        let one = as_of(id, 10).await;
        assert_eq!((&one["company_id"], &one["members"]), (&json!("acme"), &json!(4)), "{one}");
        assert_eq!(one["attributes"]["plan"], "pro", "a gap was filled");
    }
    let spans = async |id: &str, days: i64| -> Vec<String> {
        let user = rollcall.api(&format!("/users/{id}?at={}", day(days))).await.body;
        let day_of = |at: &Value| at.as_str().map_or("-".to_owned(), |at| at[..10].to_owned());
        let told = user["companies"].as_array().expect("companies").iter().map(|one| {
            format!(
                "{} {} {}",
                one["company_id"].as_str().expect("an id"),
                day_of(&one["joined_at"]),
                day_of(&one["left_at"])
            )
        });
        told.collect()
    };
    let (joined, left) = (day(49), day(40));
    assert_eq!(spans("dan", 30).await, [format!("umbrella {joined} {left}")], "who had left before the merge");
    assert_eq!(spans("dan", 10).await, [format!("acme {joined} {left}")]);
    assert_eq!(spans("eve", 30).await, [format!("acme {} -", day(30)), format!("umbrella {} -", day(48))]);
    assert_eq!(spans("eve", 10).await, [format!("acme {} -", day(48))], "a member of both");
    let cid = rollcall.api(&format!("/users/cid?at={}", day(30))).await.body;
    assert_eq!(cid["companies"][0]["company_id"], "umbrella", "{cid}");
}

fn page(visitor: &str, user: Option<&str>, seconds: i64, path: &str) -> Value {
    let mut page = json!({
        "type": "page", "anonymousId": visitor, "messageId": message_id(), "timestamp": seconds_ago(seconds),
        "properties": { "path": path },
        "context": { "page": { "url": format!("https://shop.test{path}"), "referrer": format!("https://from.test{path}") },
                     "campaign": { "source": format!("news{path}") } },
    });
    if let Some(user) = user {
        page["userId"] = json!(user);
    }
    page
}

const DAY: i64 = 86_400;

/// A9: the first page of a visitor, of the user it becomes, and of the company through its first member;
/// the earliest time wins whatever the order of arrival.
#[actix_web::test]
async fn a9_the_first_page_whatever_the_order_of_arrival() {
    let said = |order: [usize; 5]| async move {
        let rollcall = Rollcall::start();
        let messages = [
            page("v", None, 40 * DAY, "/long-ago"),
            page("v", None, 10 * DAY, "/first"),
            page("v", None, 5 * DAY, "/second"),
            json!({ "type": "identify", "userId": "ann", "anonymousId": "v", "messageId": message_id(),
                    "timestamp": seconds_ago(2 * DAY), "traits": { "company": { "company_id": "acme" } } }),
            page("phone", Some("ann"), DAY, "/third"),
        ];
        for place in order {
            rollcall.page_posts(messages[place].clone()).await;
        }
        rollcall
            .page_posts(json!({ "type": "identify", "userId": "bob", "messageId": message_id(),
            "traits": { "company": { "company_id": "acme" } } }))
            .await;
        rollcall.page_posts(page("bob's", Some("bob"), 20 * DAY, "/bob")).await;
        let visitors = rollcall.list("/visitors").await;
        let visitor = visitors.iter().find(|visitor| visitor["anonymous_id"] == "v").expect("the visitor").clone();
        (visitor, rollcall.user("ann").await, rollcall.company("acme").await)
    };
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 3, 0, 4, 1], [3, 1, 4, 0, 2]] {
        let (visitor, ann, acme) = said(order).await;
        assert_eq!(visitor["first_page"]["page"], "https://shop.test/long-ago", "{order:?}");
        let first = &ann["first_page"];
        assert_eq!(first["page"], "https://shop.test/first", "of 30 days before the link (R5): {order:?} {ann}");
        assert_eq!(
            (&first["referrer"], &first["campaign"]["source"]),
            (&json!("https://from.test/first"), &json!("news/first"))
        );
        assert_eq!(acme["first_page"], *first, "through its first member: {order:?}");
    }
}

/// A9: a page sent by a server counts, staff do not, and without any page there is none.
#[actix_web::test]
async fn a9_whose_page_it_is() {
    let rollcall = Rollcall::start();
    let mut staff = page("staff", Some("ann"), 3 * DAY, "/admin");
    staff["context"]["acting_as"] = json!(true);
    rollcall.page_posts(json!({ "type": "identify", "userId": "ann", "messageId": message_id() })).await;
    rollcall.page_posts(staff).await;
    assert_eq!(rollcall.user("ann").await["first_page"], Value::Null);
    rollcall
        .backend_posts(
            json!({ "type": "page", "userId": "ann", "messageId": message_id(), "properties": { "path": "/app" } }),
        )
        .await;
    let first = rollcall.user("ann").await["first_page"].clone();
    assert_eq!((&first["page"], &first["referrer"], &first["campaign"]), (&json!("/app"), &Value::Null, &json!({})));
}
