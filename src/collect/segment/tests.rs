//! What SDKs, pages and careless senders send, and what is read of it.

use proptest::prelude::*;
use serde_json::{Map, json};

use super::{
    Agent, Circumstances, Code, EVENT_NAME_CHARS_MAX, Grade, Kind, Message, REFUSED_VALUES_MAX, RefusedMessage, UserId,
    Value,
};
use crate::domain::codes::warnings::Warning;
use crate::domain::ids::CompanyId;
use crate::domain::message::{CompanyContext, Standing};

const BROWSER: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

fn page_s() -> Circumstances<'static> {
    Circumstances { grade: Grade::Unsigned, agent: Agent::of(BROWSER), refuse_bots: true }
}

fn server_s() -> Circumstances<'static> {
    Circumstances { grade: Grade::Secret, agent: Agent::of("analytics-node-next/latest"), refuse_bots: true }
}

fn message(kind: Option<Kind>, value: Value, around: &Circumstances<'_>) -> Result<Message, RefusedMessage> {
    super::message(kind, value.into(), around)
}

fn sent_at(value: &Value) -> Option<i64> {
    super::sent_at(&value.clone().into())
}

fn json_of(text: Option<&str>) -> Value {
    text.map_or_else(|| json!({}), |text| serde_json::from_str(text).unwrap())
}

fn properties(message: &Message) -> Value {
    json_of(message.properties.as_deref())
}

fn context(message: &Message) -> Value {
    let mut context = json_of(message.context.page.as_deref());
    let agent = json_of(message.context.agent.as_deref());
    context.as_object_mut().unwrap().extend(agent.as_object().unwrap().clone());
    context
}

fn read(value: Value) -> Result<Message, RefusedMessage> {
    message(None, value, &page_s())
}

fn taken(value: Value) -> Message {
    read(value.clone()).unwrap_or_else(|refused| panic!("{value}: {refused:?}"))
}

fn code(value: Value) -> Code {
    read(value.clone()).expect_err(&value.to_string()).refused.code
}

fn refused_values(message: &Message) -> Vec<(&str, Code)> {
    let mut values: Vec<_> =
        message.refused_values.iter().map(|value| (value.attribute.as_str(), value.code)).collect();
    values.sort_unstable();
    values
}

#[test]
fn the_type_is_the_path_s_else_the_message_s() {
    let value = json!({"type": "page", "anonymousId": "v", "event": "Opened"});
    assert_eq!(taken(value.clone()).kind, Kind::Page);
    assert_eq!(message(Some(Kind::Track), value, &page_s()).unwrap().kind, Kind::Track);
    for sent in [json!("Page"), json!("delete"), json!(null), json!(7), json!({})] {
        assert_eq!(code(json!({"type": sent, "anonymousId": "v"})), Code::TypeUnknown);
    }
    assert_eq!(code(json!({"anonymousId": "v"})), Code::TypeUnknown);
}

#[test]
fn what_is_no_object_is_no_message() {
    for value in [json!(null), json!(1), json!("page"), json!([]), json!(true)] {
        let refused = read(value.clone()).unwrap_err();
        assert_eq!(refused.refused.code, Code::TypeUnknown);
        assert!(refused.refused.detail.contains(&value.to_string()), "{}", refused.refused.detail);
    }
}

#[test]
fn the_message_id_is_kept_also_by_a_refusal() {
    assert_eq!(taken(json!({"type": "page", "anonymousId": "v", "messageId": "m"})).message_id.as_deref(), Some("m"));
    assert_eq!(taken(json!({"type": "page", "anonymousId": "v", "messageId": 7})).message_id.as_deref(), Some("7"));
    for absent in [json!(""), json!(null), json!({})] {
        assert_eq!(taken(json!({"type": "page", "anonymousId": "v", "messageId": absent})).message_id, None);
    }
    let refused = read(json!({"type": "page", "messageId": "m"})).unwrap_err();
    assert_eq!((refused.message_id.as_deref(), refused.refused.code), (Some("m"), Code::UserMissing));
}

#[test]
fn t1_the_time_is_the_timestamp_else_the_original_one() {
    let time = |fields: Value| {
        let mut value = json!({"type": "page", "anonymousId": "v"});
        value.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        read(value).map(|message| message.timestamp_ms).map_err(|refused| refused.refused.code)
    };
    let (one, two) = ("2026-11-24T23:30:08.918Z", "2026-11-24T23:30:09.918Z");
    assert_eq!(time(json!({"timestamp": one, "originalTimestamp": two})), Ok(Some(1_795_563_008_918)));
    assert_eq!(time(json!({"timestamp": null, "originalTimestamp": two})), Ok(Some(1_795_563_009_918)));
    assert_eq!(time(json!({"timestamp": ""})), Ok(None));
    assert_eq!(time(json!({})), Ok(None));
    assert_eq!(time(json!({"timestamp": "yesterday"})), Err(Code::TimestampInvalid));
    let refused = read(json!({"type": "page", "anonymousId": "v", "timestamp": "yesterday"})).unwrap_err();
    assert_eq!(refused.example.as_deref(), Some("yesterday"));
}

#[test]
fn sent_at_that_is_no_time_says_nothing() {
    assert_eq!(sent_at(&json!({"sentAt": "2026-11-24T23:30:08.918Z"})), Some(1_795_563_008_918));
    for value in [json!({"sentAt": "soon"}), json!({"sentAt": null}), json!({}), json!([1]), json!("x")] {
        assert_eq!(sent_at(&value), None);
    }
}

#[test]
fn identify_s_traits_stand_in_traits_else_in_the_context() {
    let context = json!({"traits": {"plan": "context"}});
    for (traits, plan) in
        [(json!({"plan": "own"}), "own"), (json!({}), "context"), (json!(null), "context"), (json!(""), "context")]
    {
        let message = taken(json!({"type": "identify", "userId": "ann", "traits": traits, "context": context}));
        assert_eq!(message.traits["plan"], plan);
    }
    let message = taken(json!({"type": "track", "event": "x", "userId": "ann", "context": context}));
    assert!(message.traits.is_empty(), "only an identify says who somebody is");
    let message = taken(json!({"type": "identify", "userId": "ann", "traits": "pro"}));
    assert_eq!(refused_values(&message), [("traits", Code::TypeMismatch)]);
}

#[test]
fn traits_are_passed_on_as_sent_and_companies_apart() {
    let message = taken(json!({
        "type": "identify", "userId": "ann",
        "traits": {"score": {"$inc": 2}, "plan": null, "company": {"id": "acme", "plan": "x"}}
    }));
    assert_eq!(Value::Object(message.traits), json!({"score": {"$inc": 2}, "plan": null}));
    assert_eq!(message.companies[0].company_id.as_ref().unwrap().as_str(), "acme");
}

#[test]
fn r9_null_and_empty_ids_are_absent() {
    let message = taken(json!({"type": "page", "userId": "", "anonymousId": "v"}));
    assert_eq!((message.user_id, message.refused_values.len()), (None, 0));
    let message = taken(json!({"type": "identify", "userId": "ann", "anonymousId": null}));
    assert_eq!((message.anonymous_id, message.refused_values.len()), (None, 0));
    for kind in ["page", "screen", "identify", "alias"] {
        assert_eq!(code(json!({"type": kind, "userId": null, "anonymousId": ""})), Code::UserMissing, "{kind}");
    }
    assert_eq!(code(json!({"type": "track", "event": "x"})), Code::UserMissing);
    assert_eq!(code(json!({"type": "group", "groupId": "acme"})), Code::UserMissing);
}

#[test]
fn case_7_a_placeholder_is_refused_and_the_page_view_is_kept_for_the_visitor() {
    for value in [
        json!({"type": "page", "userId": "{{user.id}}", "anonymousId": "v"}),
        json!({"type": "screen", "userId": "undefined", "anonymousId": "v"}),
        json!({"type": "track", "event": "x", "userId": "null", "anonymousId": "v"}),
    ] {
        let message = taken(value);
        assert_eq!(message.user_id, None);
        assert_eq!(message.anonymous_id.as_ref().unwrap().as_str(), "v");
        assert_eq!(refused_values(&message), [("user_id", Code::IdPlaceholder)]);
    }
    for value in [
        json!({"type": "identify", "userId": "{{user.id}}", "anonymousId": "v", "traits": {"email": "ann@acme.test"}}),
        json!({"type": "group", "groupId": "acme", "userId": "undefined", "anonymousId": "v"}),
        json!({"type": "alias", "userId": "undefined", "previousId": "v"}),
        json!({"type": "page", "userId": "undefined"}),
    ] {
        assert_eq!(code(value), Code::IdPlaceholder);
    }
}

#[test]
fn a_bad_anonymous_id_is_refused_alone_beside_a_user() {
    let message = taken(json!({"type": "identify", "userId": "ann", "anonymousId": "undefined"}));
    assert_eq!(message.user_id.as_ref().unwrap().as_str(), "ann");
    assert_eq!(message.anonymous_id, None);
    assert_eq!(refused_values(&message), [("anonymous_id", Code::IdPlaceholder)]);
    assert_eq!(code(json!({"type": "page", "anonymousId": ["v"]})), Code::IdNotAString);
    assert_eq!(code(json!({"type": "page", "userId": "x".repeat(256), "anonymousId": ["v"]})), Code::IdTooLong);
    let refused = read(json!({"type": "page", "anonymousId": "undefined"})).unwrap_err();
    assert_eq!(refused.example.as_deref(), Some("undefined"));
}

#[test]
fn r7_an_identify_with_an_email_alone_names_a_lead() {
    let message = taken(json!({"type": "identify", "traits": {"email": " Ann@Acme.test "}}));
    assert_eq!((message.user_id, message.anonymous_id), (None, None));
    for email in [json!("ann"), json!(""), json!(null), json!(7)] {
        assert_eq!(code(json!({"type": "identify", "traits": {"email": email}})), Code::UserMissing);
    }
    assert_eq!(code(json!({"type": "group", "groupId": "a", "traits": {"email": "a@b.test"}})), Code::UserMissing);
}

#[test]
fn c11_a_secret_token_may_speak_of_a_company_alone() {
    let value = json!({"type": "group", "groupId": "acme", "traits": {"plan": "pro"}});
    let group = message(None, value, &server_s()).unwrap();
    assert_eq!(group.companies[0].attributes["plan"], "pro");
    assert!(message(None, json!({"type": "page"}), &server_s()).is_err());
}

#[test]
fn a_group_call_states_one_company() {
    let message = taken(json!({
        "type": "group", "userId": "ann", "groupId": 42,
        "traits": {"name": "Acme", "company": "stays"}, "membership": {"role": "admin"}
    }));
    let said = &message.companies[0];
    assert_eq!(said.company_id.as_ref().map(CompanyId::as_str), Some("42"));
    assert_eq!(said.standing, Standing::Joins);
    assert_eq!(Value::Object(said.attributes.clone()), json!({"name": "Acme", "company": "stays"}));
    assert_eq!(Value::Object(said.membership.clone()), json!({"role": "admin"}));
    assert!(message.traits.is_empty());
    let message = taken(json!({"type": "group", "userId": "ann", "context": {"groupId": "acme"}}));
    assert_eq!(message.companies[0].company_id.as_ref().map(CompanyId::as_str), Some("acme"));
    for absent in [json!(null), json!("")] {
        assert_eq!(code(json!({"type": "group", "userId": "ann", "groupId": absent})), Code::CompanyIdMissing);
    }
    assert_eq!(code(json!({"type": "group", "userId": "ann", "groupId": "COMPANY_ID"})), Code::IdPlaceholder);
}

#[test]
fn c3_an_event_happens_in_the_company_of_its_context() {
    let context = |fields: Value| {
        let mut value = json!({"type": "track", "event": "x", "userId": "ann"});
        value.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        taken(value)
    };
    let acme = CompanyContext::In(CompanyId::parse("acme").unwrap().unwrap());
    assert_eq!(context(json!({"context": {"groupId": "acme"}})).company_context, acme);
    assert_eq!(context(json!({"groupId": "acme", "context": {"groupId": "x"}})).company_context, acme);
    assert_eq!(context(json!({"groupId": "", "context": {"groupId": "acme"}})).company_context, acme);
    assert_eq!(context(json!({"context": {"groupId": null}})).company_context, CompanyContext::None);
    assert_eq!(context(json!({"context": {"groupId": ""}})).company_context, CompanyContext::Unstated);
    assert_eq!(context(json!({})).company_context, CompanyContext::Unstated);
    let bad = context(json!({"context": {"groupId": "{{company.id}}"}}));
    assert_eq!(bad.company_context, CompanyContext::Unstated);
    assert_eq!(refused_values(&bad), [("context.groupId", Code::IdPlaceholder)]);
}

#[test]
fn a_track_call_needs_a_name_of_at_most_200_characters() {
    let named = |event: Value| read(json!({"type": "track", "userId": "ann", "event": event}));
    assert_eq!(named(json!(" Report exported ")).unwrap().name, "Report exported");
    assert_eq!(named(json!(404)).unwrap().name, "404");
    assert_eq!(named(json!("ż".repeat(200))).unwrap().name.chars().count(), 200);
    assert_eq!(named(json!("ż".repeat(201))).unwrap_err().refused.code, Code::EventNameTooLong);
    for missing in [json!(null), json!(""), json!("  "), json!({}), json!([])] {
        assert_eq!(named(missing).unwrap_err().refused.code, Code::EventNameMissing);
    }
}

#[test]
fn a_page_has_a_name_and_a_category_or_none() {
    let message = taken(json!({"type": "page", "anonymousId": "v", "name": "Pricing", "category": "Shop"}));
    assert_eq!((message.name.as_str(), &properties(&message)["category"]), ("Pricing", &json!("Shop")));
    let message = taken(json!({"type": "page", "anonymousId": "v", "properties": {"name": "Pricing"}}));
    assert_eq!(message.name, "Pricing");
    let message = taken(json!({"type": "page", "anonymousId": "v", "category": null}));
    assert_eq!((message.name.as_str(), message.properties), ("", None));
    let message = taken(json!({"type": "page", "anonymousId": "v", "name": "x".repeat(201)}));
    assert_eq!(message.name, "");
    assert_eq!(refused_values(&message), [("name", Code::EventNameTooLong)]);
}

#[test]
fn case_34_one_property_beyond_the_limits_is_refused_by_name() {
    let deep = (0..20).fold(json!(1), |inner, _| json!({"x": inner}));
    let message = taken(json!({
        "type": "track", "event": "x", "userId": "ann",
        "properties": {"deep": deep, "long": vec![1; 101], "large": "x".repeat(9_000), "fine": {"a": [1, 2]}}
    }));
    assert_eq!(properties(&message), json!({"fine": {"a": [1, 2]}}));
    assert_eq!(
        refused_values(&message),
        [
            ("properties.deep", Code::NestingTooDeep),
            ("properties.large", Code::ValueTooLarge),
            ("properties.long", Code::ListTooLong)
        ]
    );
    let message = taken(json!({"type": "track", "event": "x", "userId": "ann", "properties": [1]}));
    assert_eq!(refused_values(&message), [("properties", Code::TypeMismatch)]);
}

#[test]
fn an_answer_lists_fifty_refused_values_and_says_that_there_are_more() {
    let deep = (0..6).fold(json!(1), |inner, _| json!([inner]));
    let properties: Map<String, Value> = (0..60).map(|n| (format!("p{n}"), deep.clone())).collect();
    let message = taken(json!({"type": "track", "event": "x", "userId": "ann", "properties": properties}));
    assert_eq!(message.refused_values.len(), REFUSED_VALUES_MAX);
    assert_eq!(message.warnings, [Warning::MoreValuesRefused.explained()]);
    assert!(message.properties.is_none());
}

#[test]
fn r10_an_alias_has_an_old_id_and_a_new_one() {
    let message = taken(json!({"type": "alias", "previousId": "a", "userId": "b"}));
    assert_eq!(message.previous_id.as_ref().map(UserId::as_str), Some("a"));
    assert_eq!(message.user_id.as_ref().map(UserId::as_str), Some("b"));
    let message = taken(json!({"type": "alias", "anonymousId": "v", "userId": "b"}));
    assert_eq!(message.previous_id, None);
    assert_eq!(code(json!({"type": "alias", "userId": "b"})), Code::AliasUnknown);
    assert_eq!(code(json!({"type": "alias", "previousId": "a", "anonymousId": "v"})), Code::UserMissing);
    assert_eq!(code(json!({"type": "alias", "previousId": "null", "userId": "b"})), Code::IdPlaceholder);
}

#[test]
fn the_session_is_ours_or_rudderstack_s() {
    let session = |context: Value| taken(json!({"type": "page", "anonymousId": "v", "context": context})).session_ms;
    assert_eq!(session(json!({"session_id": 1_795_573_934_931_i64})), Some(1_795_573_934_931));
    assert_eq!(session(json!({"sessionId": 1_795_573_934_931_i64, "sessionStart": true})), Some(1_795_573_934_931));
    assert_eq!(session(json!({"session_id": "1795573934931"})), Some(1_795_573_934_931));
    for none in [json!({}), json!({"session_id": null}), json!({"session_id": -1}), json!({"session_id": 1e300})] {
        assert_eq!(session(none), None);
    }
}

#[test]
fn r16_staff_and_t5_inactivity_are_read_from_the_context() {
    let message = |context: Value| taken(json!({"type": "page", "anonymousId": "v", "context": context}));
    assert!(message(json!({"acting_as": true})).acting_as);
    assert!(message(json!({"actingAs": "true"})).acting_as);
    assert!(!message(json!({"acting_as": false})).acting_as);
    assert!(!message(json!({"acting_as": "ann"})).acting_as);
    assert!(message(json!({"active": false})).inactive);
    assert!(!message(json!({"active": null})).inactive);
    assert!(!message(json!("odd")).inactive);
}

#[test]
fn the_browser_is_the_message_s_else_the_request_s() {
    let firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0";
    let value = json!({"type": "page", "anonymousId": "v", "context": {"userAgent": firefox}});
    let message = taken(value);
    assert_eq!((&context(&message)["browser"], &context(&message)["system"]), (&json!("Firefox"), &json!("Windows")));
    assert!(!message.context.agent.unwrap().contains("Mozilla"));
    assert_eq!(context(&taken(json!({"type": "page", "anonymousId": "v"})))["browser"], "Chrome");
}

#[test]
fn crawlers_are_refused_unless_the_setting_says_otherwise() {
    let crawler = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    let by_crawler = Circumstances { agent: Agent::of(crawler), ..page_s() };
    let plain = json!({"type": "page", "anonymousId": "v", "messageId": "m"});
    let named = json!({"type": "page", "anonymousId": "v", "context": {"userAgent": crawler}});
    let refused = message(None, plain.clone(), &by_crawler).unwrap_err();
    assert_eq!((refused.refused.code, refused.example.as_deref()), (Code::Bot, Some("Googlebot")));
    assert_eq!(refused.message_id.as_deref(), Some("m"));
    assert_eq!(code(named.clone()), Code::Bot);
    let hidden = json!({"type": "page", "anonymousId": "v", "context": {"userAgent": BROWSER}});
    assert_eq!(message(None, hidden, &by_crawler).unwrap_err().refused.code, Code::Bot);
    assert!(message(None, plain.clone(), &Circumstances { refuse_bots: false, ..by_crawler }).is_ok());

    let own_bot = Circumstances { agent: Agent::of("acme-support-bot/1.0"), ..server_s() };
    assert!(message(None, plain, &own_bot).is_ok(), "a program's own name says nothing of its visitors");
    assert_eq!(message(None, named, &own_bot).unwrap_err().refused.code, Code::Bot);
}

#[test]
fn a_server_s_page_has_its_address_from_the_properties() {
    let message =
        taken(json!({"type": "page", "anonymousId": "v", "properties": {"url": "https://shop.test/pricing"}}));
    assert_eq!(context(&message)["page"], json!({"url": "https://shop.test/pricing"}));
    assert_eq!(properties(&message)["url"], "https://shop.test/pricing");
}

/// Any JSON value, with the names that mean something among its keys.
pub fn any_json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "type",
        "messageId",
        "userId",
        "anonymousId",
        "previousId",
        "groupId",
        "timestamp",
        "originalTimestamp",
        "sentAt",
        "traits",
        "properties",
        "context",
        "event",
        "name",
        "category",
        "membership",
        "company",
        "companies",
        "companies_mode",
        "company_id",
        "id",
        "remove",
        "email",
        "page",
        "campaign",
        "library",
        "os",
        "url",
        "referrer",
        "userAgent",
        "session_id",
        "sessionId",
        "acting_as",
        "active",
        "$inc",
        "locale",
    ]);
    let words = prop::sample::select(vec![
        "identify",
        "group",
        "track",
        "page",
        "screen",
        "alias",
        "replace",
        "undefined",
        "ann@acme.test",
        "Googlebot",
        "2026-11-24T23:30:08.918Z",
        "$direct",
        "",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        words.prop_map(Value::from),
    ];
    let key = prop_oneof![4 => names.prop_map(str::to_owned), 1 => ".{0,12}".prop_map(String::from)];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_json_is_read_or_refused_and_never_panics(value in any_json(), kind in 0_i64..7, secret in any::<bool>()) {
        let kind = (kind < 6).then(|| Kind::from_number(kind));
        let around = if secret { server_s() } else { page_s() };
        sent_at(&value);
        match message(kind, value, &around) {
            Ok(message) => {
                prop_assert!(message.refused_values.len() <= REFUSED_VALUES_MAX);
                prop_assert!(message.name.chars().count() <= EVENT_NAME_CHARS_MAX);
                prop_assert!(kind.is_none_or(|kind| kind == message.kind));
                let names_somebody = message.user_id.is_some() || message.anonymous_id.is_some();
                prop_assert!(names_somebody || matches!(message.kind, Kind::Identify | Kind::Group));
            }
            Err(refused) => prop_assert!(!refused.refused.detail.is_empty()),
        }
    }

    #[test]
    fn a_message_around_any_fields_is_read_or_refused(fields in any_json(), kind in 0_i64..6) {
        let mut value = json!({"userId": "ann", "anonymousId": "v", "event": "x", "groupId": "acme", "previousId": "a"});
        let Some(object) = value.as_object_mut() else { unreachable!() };
        for name in ["traits", "properties", "context", "membership"] {
            object.insert(name.to_owned(), fields.clone());
        }
        let read = message(Some(Kind::from_number(kind)), value, &page_s());
        let bad = |refused: &RefusedMessage| refused.refused.code != Code::Bot;
        prop_assert!(!read.as_ref().err().is_some_and(bad), "{:?}", read);
    }
}
