//! Small pages with one form each, and pages as of a day.

use std::collections::BTreeMap;

use maud::Markup;
use serde_json::{Value, json};

use super::samples::{self, frame, now};
use crate::dashboard::edit::{Found, company, made, member, note, profile, value};
use crate::dashboard::parts::form::Mistake;
use crate::dashboard::parts::frame::Place;
use crate::dashboard::then::{self, Told, View};
use crate::domain::access::{Grade, Role};
use crate::domain::attributes::Type;
use crate::domain::ids::NoteKey;
use crate::domain::time::DAY_MS;
use crate::store::history::{CompanyItselfThen, CompanyThen, MemberThen, ProfileThen, UserThen};
use crate::store::membership_history::MembershipHistory;
use crate::store::users::UserMembership;

pub fn edits() -> Vec<(&'static str, Markup)> {
    let here = frame(Place::Users, "/edit/value");
    let mut viewer = here.clone();
    viewer.operator = Some(("viewer@quayside.example".to_owned(), Role::Viewer));
    let user = |index: usize| Found::User(samples::user(index));
    let both = || Found::Member(samples::user(0), Box::new(samples::company(0)));
    let of = |found: Found, value: Value, kind: Type| value::View {
        value: Some(samples::attribute("renewal_date", value, kind, Grade::Hand, 3)),
        kind: Some(kind),
        history: samples::changes("user", "u_30418").into_iter().filter(|row| row.before.is_some()).collect(),
        keeps_history: true,
        name: "renewal_date".to_owned(),
        found,
        sent: None,
        mistake: None,
    };
    let plain = of(user(0), json!("Pro"), Type::Text);
    let refused = value::View {
        mistake: Some(Mistake::new(
            "value",
            "seats is a number and \"ten\" is not one. Send a number, or change the attribute's type.",
        )),
        ..of(Found::Company(samples::company(4)), json!(20), Type::Number)
    };
    let new = value::View { value: None, kind: None, history: vec![], name: String::new(), ..plain.clone() };
    let membership = UserMembership {
        company: samples::company_name(0),
        archived: false,
        role: Some("Admin".to_owned()),
        title: None,
        attributes: serde_json::Map::new(),
        current: true,
        joined_ms: now() - 600 * DAY_MS,
        left_ms: None,
        source: "App".to_owned(),
        grade: Grade::Hand,
        history: MembershipHistory::default(),
    };
    let member = member::View {
        found: both(),
        membership: Some(membership),
        values: vec![samples::attribute("role", json!("Admin"), Type::Text, Grade::Signed, 9)],
        history: vec![],
        of_company: true,
        sent: None,
        mistake: None,
    };
    let add_to = member::View { found: user(8), membership: None, values: vec![], ..member.clone() };
    let nobody = member::View {
        found: Found::Company(samples::company(3)),
        mistake: Some(Mistake::new(
            "user",
            "Nobody is known by \"u_1\". Check it; a user is made by its own id or an e-mail address.",
        )),
        ..add_to.clone()
    };
    let id = |index: usize, is_archived: bool, mistake: Option<Mistake>| company::View {
        found: Found::Company(samples::company(index)),
        is_archived,
        id: samples::company(index).company_id,
        mistake,
    };
    let taken = Mistake::new("id", "\"org_2\" is the id of another company already. Merge the two if they are one.");
    let labels = profile::View {
        found: user(2),
        operators: vec!["ines@quayside.example".to_owned(), samples::LONG.to_owned()],
        known_tags: vec!["beta".to_owned(), samples::ARABIC.to_owned(), "<b>vip</b>".to_owned()],
        owner: "ines@quayside.example".to_owned(),
        tags: "beta, pilot".to_owned(),
        was_owner: String::new(),
        was_tags: "beta".to_owned(),
        mistake: Some(Mistake::new("tags", "51 tags are too many; the limit is 50.")),
    };
    let note = note::View {
        found: user(0),
        note: Some(NoteKey(7)),
        written: crate::actions::edit::notes::Written {
            text: samples::LONG.to_owned(),
            next_date: "2027-03-01".to_owned(),
        },
        mistake: Some(Mistake::new("text", "Write something first.")),
    };
    let made = |is_company: bool| made::View {
        is_company,
        mistake: is_company.then(|| Mistake::new("id", "A company is known by its id. Enter one.")),
        ..made::View::default()
    };
    vec![
        ("edit-value", value::page(&here, &plain)),
        ("edit-value-refused", value::page(&here, &refused)),
        ("edit-value-list", value::page(&here, &of(both(), json!(["a", samples::LONG]), Type::List))),
        ("edit-value-object", value::page(&here, &of(user(8), json!({"<b>nobody</b>": [1, 2]}), Type::Object))),
        ("edit-value-new", value::page(&here, &new)),
        ("edit-value-viewer", value::page(&viewer, &plain)),
        ("edit-member", member::page(&here, &member)),
        ("edit-member-add", member::page(&here, &add_to)),
        ("edit-member-nobody", member::page(&here, &nobody)),
        ("edit-company", company::page(&here, &id(0, false, None))),
        ("edit-company-refused", company::page(&here, &id(2, true, Some(taken)))),
        ("edit-profile", profile::page(&here, &labels)),
        ("edit-note", note::page(&here, &note)),
        ("edit-new-user", made::page(&here, &made(false))),
        ("edit-new-company", made::page(&here, &made(true))),
    ]
}

pub fn days() -> Vec<(&'static str, Markup)> {
    let here = frame(Place::Users, "/users/u_30418?at=2026-03-01");
    let profile = || ProfileThen {
        attributes: BTreeMap::from_iter(samples::attributes().into_iter().map(|one| (one.name, one.value))),
        owner: Some("ines@quayside.example".to_owned()),
        tags: vec!["beta".to_owned(), "<b>vip</b>".to_owned()],
        without_history: vec!["last_login".to_owned()],
    };
    let company = |index: usize| CompanyThen {
        company: samples::company_name(index),
        attributes: BTreeMap::from_iter([("role".to_owned(), json!("Admin"))]),
        current: index == 0,
        joined_ms: now() - 500 * DAY_MS,
        left_ms: (index == 3).then(|| now() - 300 * DAY_MS),
    };
    let user = UserThen {
        id: "0190f3c2".to_owned(),
        user_id: Some("u_30418".to_owned()),
        profile: profile(),
        companies: vec![company(0), company(4), company(3)],
        aliases: vec!["u_1".to_owned()],
        anonymous_ids: vec![],
        first_seen_ms: now() - 500 * DAY_MS,
        first_page: None,
        signed: true,
        merged_ms: Some(now() - 9 * DAY_MS),
    };
    let member = |index: usize| {
        let user = samples::user(index);
        let role = index.is_multiple_of(2).then(|| samples::LONG.to_owned());
        MemberThen { id: user.id, user_id: user.user_id, name: user.name, role, joined_ms: now() - 400 * DAY_MS }
    };
    let company = CompanyItselfThen {
        company_id: "org_1187".to_owned(),
        profile: profile(),
        members: Some(4_182),
        some_members: (0..100).map(member).collect(),
        merged_ms: None,
    };
    let view = |name: &str| (name.to_owned(), "/users/u_30418".to_owned(), "2026-03-01".to_owned());
    let of = |told: Told| {
        let (name, path, day) = view(samples::LONG);
        View::<UserThen> { path, day, name, then: Err(told) }
    };
    let (name, path, day) = view("Marta Lindqvist");
    let bare =
        CompanyItselfThen { members: None, some_members: vec![], profile: ProfileThen::default(), ..company.clone() };
    let company_view =
        |then: CompanyItselfThen| View { path: path.clone(), day: day.clone(), name: name.clone(), then: Ok(then) };
    vec![
        (
            "user-then",
            then::user_page(&here, &View { path: path.clone(), day: day.clone(), name: name.clone(), then: Ok(user) }),
        ),
        ("company-then", then::company_page(&here, &company_view(company))),
        ("company-then-bare", then::company_page(&here, &company_view(bare))),
        ("user-then-not-yet", then::user_page(&here, &of(Told::NotYet(now() - DAY_MS)))),
        ("user-then-too-long", then::user_page(&here, &of(Told::TooLong))),
        ("user-then-no-day", then::user_page(&here, &of(Told::NoDay))),
    ]
}
