//! Installation, settings, the pages before the door, help.

use maud::Markup;

use super::deeds;
use super::samples::{self, frame, now};
use crate::actions::erase::Receipt;
use crate::actions::trials::Deleted;
use crate::dashboard::install::fields::{Fields, Offered};
use crate::dashboard::install::page as install;
use crate::dashboard::install::{doctor, frameworks, hand_over, proof as install_proof, try_it};
use crate::dashboard::parts::form::Mistake;
use crate::dashboard::parts::frame::{Place, Theme};
use crate::dashboard::settings::values::Values;
use crate::dashboard::settings::{
    account, appearance, backups, operators, proof, retention, rules, source, sources, tokens, workspace,
};
use crate::dashboard::{errors, help, password, reference, refusals, set_up, sign_in};
use crate::domain::access::{Role, Scope};
use crate::domain::attributes::{Owner, Type};
use crate::domain::ids::{CompanyKey, OperatorKey, SecretKey, UserKey};
use crate::domain::settings::Settings;
use crate::domain::time::{DAY_MS, MINUTE_MS};
use crate::http::doctor::{Post, Visit};
use crate::store::SourceKind;
use crate::store::list::Count;
use crate::store::operators::{Looks, Operator};
use crate::store::proofs::{SecretRow, Share};
use crate::store::sightings::{Complete, Evidence, Refused};
use crate::store::tokens::Token;
use crate::store::trials::Trials;
use crate::store::workspace::Upkeep;
use serde_json::{Value, json};

pub fn installs() -> Vec<(&'static str, Markup)> {
    let here = frame(Place::Install, "/install");
    let view = |evidence: Evidence, framework: &str, count: usize| install::View {
        sources: samples::sources().into_iter().take(count).collect(),
        source: samples::sources().into_iter().take(count).next_back(),
        since_ms: now() - 40_000,
        is_watched: true,
        evidence,
        earlier_ms: Some(now() - 3 * DAY_MS),
        framework: frameworks::parse(framework),
        language: install_proof::language(None, frameworks::parse(framework).language),
        fields: Fields::usual(),
        offered: Offered::standard(),
        share: if count > 1 { Share { signed: 2_547, unsigned: 560, refused: 3 } } else { Share::default() },
        respect_gpc: count != 1,
        trials: if count > 1 { trials() } else { Trials::default() },
        offers: if count > 1 { vec![(Owner::User, "seats_left".to_owned(), Type::Number)] } else { Vec::new() },
    };
    let script = Some((now() - 30_000, "help.quayside.example".to_owned()));
    let seen = Evidence {
        script: script.clone(),
        posted_ms: Some(now() - 9_000),
        events: 31,
        stored_ms: Some(now() - 9_000),
        ..Evidence::default()
    };
    let complete = Complete {
        user_id: "u_30418".to_owned(),
        user_name: Some("Marta Lindqvist".to_owned()),
        company_id: "org_1187".to_owned(),
        company_name: Some("Kestrel Electrical".to_owned()),
        at_ms: now() - 4_000,
    };
    let code = |code: &str, count: u64| Refused { code: code.to_owned(), count, last_ms: now() - 9_000 };
    let refused = Evidence { refused: vec![code("id_placeholder", 21), code("type_mismatch", 3)], ..seen.clone() };
    let mut no_source = view(Evidence::default(), "plain", 0);
    no_source.source = None;
    vec![
        ("install-nothing", install::page(&here, &view(Evidence::default(), "plain", 1))),
        ("install-script-only", install::page(&here, &view(Evidence { script, ..Evidence::default() }, "plain", 1))),
        ("install-refused", install::page(&here, &view(refused, "rails", 2))),
        ("install-visitors-only", install::page(&here, &view(seen.clone(), "django", 2))),
        (
            "install-users-no-company",
            install::page(
                &here,
                &view(Evidence { user_without_company: Some("u_33871".to_owned()), ..seen.clone() }, "laravel", 3),
            ),
        ),
        ("install-unrendered", {
            let complete = Complete { user_name: Some("{{ user.name }}".to_owned()), ..complete.clone() };
            install::page(&here, &view(Evidence { complete: Some(complete), ..seen.clone() }, "rails", 2))
        }),
        ("install-complete", install::page(&here, &view(Evidence { complete: Some(complete), ..seen }, "plain", 2))),
        ("install-tests-deleted", {
            let rows = serde_json::from_str(r#"{"events": 2, "memberships": 1, "users": 1}"#).expect("counts");
            let backups = "Backups made before are untouched.";
            let receipt = Receipt { events: "delete", rows, kept: Vec::new(), backups };
            let named = |id: &str| vec![id.to_owned()];
            let deleted = Deleted {
                users: named("rollcall-test-1"),
                companies: named("rollcall-test"),
                kept: Vec::new(),
                receipt,
            };
            try_it::deleted(&here, "app", &deleted)
        }),
        ("doctor-asks", doctor::page(&here, &doctor_view(None))),
        ("doctor-waits", doctor::page(&here, &doctor_view(Some(visit(Vec::new()))))),
        ("doctor-tells", doctor::page(&here, &doctor_view(Some(visit(vec![examined()]))))),
        ("doctor-declined", {
            let declined = Some(("write_key_unknown", "There is no write key \"wk_of_nobo…\".".to_owned()));
            doctor::page(
                &here,
                &doctor_view(Some(visit(vec![Post { at_ms: now() - 9_000, declined, ..Post::default() }]))),
            )
        }),
        ("install-hand-over", {
            let view = view(Evidence::default(), "go", 1);
            hand_over::page(&here, &view, &samples::sources()[0], "wk_0123456789abcdef")
        }),
        ("install-no-source", install::page(&here, &no_source)),
    ]
}

fn trials() -> Trials {
    Trials {
        users: vec![(UserKey(7), "rollcall-test-1".to_owned())],
        companies: vec![(CompanyKey(3), "rollcall-test".to_owned())],
    }
}

fn doctor_view(visit: Option<Visit>) -> doctor::View {
    let address = "https://app.quayside.example/projects".to_owned();
    let framework = frameworks::parse("rails");
    doctor::View { source: samples::sources().remove(0), visit, framework, other_source: None, address, mistake: None }
}

fn visit(posts: Vec<Post>) -> Visit {
    Visit {
        number: 1,
        mark: "kx3-Qm9TnWb1".to_owned(),
        source: samples::sources()[0].key,
        address: "https://app.quayside.example/projects".to_owned(),
        made_ms: now() - 40_000,
        first_ms: posts.first().map(|post| post.at_ms),
        posts,
    }
}

/// A request in which there is something of everything.
fn examined() -> Post {
    let sent = json!({
        "type": "identify", "userId": "33871",
        "traits": {
            "email": "noor@saltmarsh.example", "plan": "pro ", "seats_used": "4", "birthday": "31/02/94",
            "company": { "name": "Saltmarsh Brewing <b>" },
        },
    });
    let outcome = |attribute: &str, outcome: &str, after: Value| json!({ "kind": "user", "attribute": attribute, "outcome": outcome, "after": after });
    let refused =
        |attribute: &str, code: &str, detail: &str| json!({ "attribute": attribute, "code": code, "detail": detail });
    let answer = json!({
        "status": "stored",
        "refused_values": [
            refused("birthday", "type_mismatch", "\"31/02/94\" is not a date. Send one such as 1994-02-28."),
            refused("company", "company_id_missing", "The company has no company_id."),
        ],
        "plan": {
            "who": { "user_id": "33871" },
            "because": ["The user id \"33871\" is known (R7)."],
            "attributes": [
                outcome("email", "unchanged", json!("noor@saltmarsh.example")), outcome("plan", "changed", json!("pro")),
                outcome("seats_used", "changed", json!(4)), outcome("birthday", "refused", Value::Null),
            ],
        },
    });
    let page = json!({ "settings": { "user_id": "33871", "name": "{{ user.name }}" }, "globals": ["civchat", "rollcallSettings"] });
    Post { at_ms: now() - 9_000, page, messages: vec![(sent, answer)], ..Post::default() }
}

pub fn settings_pages() -> Vec<(&'static str, Markup)> {
    let here = frame(Place::Settings, "/settings/sources");
    let viewer = samples::viewer(here.clone());
    let sources_view = sources::View { sources: samples::sources(), ..sources::View::default() };
    let wrong = sources::View {
        form: sources::Form { name: "Shop".to_owned(), origins: vec!["shop.example".to_owned()], adopted_keys: vec![] },
        mistake: Some(Mistake::new(
            "origins",
            "\"shop.example\" is not an origin. Write it as the browser does, such as https://shop.example.",
        )),
        ..sources_view.clone()
    };
    let secret = |key: i64, ends_with: &str, days: i64, used: bool| SecretRow {
        key: SecretKey(key),
        ends_with: ends_with.to_owned(),
        created_ms: now() - days * DAY_MS,
        last_used_ms: used.then(|| now() - 3 * MINUTE_MS),
    };
    let proof = proof::View {
        secrets: vec![secret(2, "cdef", 0, false), secret(1, "90ab", 80, true)],
        share: Share { signed: 9_120, unsigned: 412, refused: 18 },
        made: Some("sk_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".to_owned()),
        refused: None,
        checked: Some(proof::Checked {
            proof: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjQifQ.c2lnbmF0dXJl".to_owned(),
            user: "123".to_owned(),
            holds: false,
            sentence: "identity_token is of another user: sub is \"124\", the page says \"123\".".to_owned(),
        }),
    };
    let changes = deeds::all().into_iter().filter(|set| set.changes[0].subject == "source").collect();
    let source_view = source::View { changes, proof, ..source::View::of(samples::sources().remove(1)) };
    let asked_view = source::View {
        asked: Some(Share { signed: 91, unsigned: 9, refused: 0 }),
        ..source::View::of(samples::sources().remove(1))
    };
    let api_view = source::View::of(samples::source(4, "api", "API", SourceKind::Live));
    let operator = |number: i64, email: &str, role: Role, has_password: bool| Operator {
        key: OperatorKey(number),
        email: email.to_owned(),
        role,
        has_password,
        created_ms: now() - 90 * DAY_MS,
        last_sign_in_ms: has_password.then(|| now() - number * 5 * MINUTE_MS),
        looks: Looks::default(),
    };
    let operators_view = operators::View {
        operators: vec![
            operator(1, "ines@quayside.example", Role::Owner, true),
            operator(
                2,
                "a-very-long-address-of-somebody-with-a-long-name@a-very-long-domain.quayside.example",
                Role::Admin,
                true,
            ),
            operator(3, "matteo@quayside.example", Role::Viewer, false),
        ],
        link: Some(operators::Link {
            email: "matteo@quayside.example".to_owned(),
            address: "https://rollcall.quayside.example/password?token=Zm9ydHktdHdvIGlzIHRoZSBhbnN3ZXIgdG8gZXZlcnk"
                .to_owned(),
        }),
        ..operators::View::default()
    };
    let leaving = operators::remove::View {
        email: "matteo@quayside.example".to_owned(),
        users: 1,
        companies: 63,
        others: operators_view.operators.iter().map(|operator| operator.email.clone()).collect(),
        ..operators::remove::View::default()
    };
    let token = |number: usize, name: &str, scope: Scope, revoked: bool| Token {
        token_id: format!("tok_{number:012}"),
        name: name.to_owned(),
        scope,
        created_ms: now() - 90 * DAY_MS,
        last_used_ms: (number != 2).then(|| now() - DAY_MS / 2),
        revoked_ms: revoked.then(|| now() - DAY_MS),
    };
    let tokens_view = tokens::View {
        tokens: vec![
            token(1, "Billing", Scope::Write, false),
            token(2, samples::LONG, Scope::Read, false),
            token(3, "Old", Scope::Admin, true),
        ],
        fresh: Some("rc_Zm9ydHktdHdvIGlzIHRoZSBhbnN3ZXIgdG8gZXZlcnk".to_owned()),
        ..tokens::View::default()
    };
    let names = [
        "workspace_name",
        "time_zone",
        "rate_limit",
        "domain_rule",
        "takeover_days",
        "visitor_retention_days",
        "event_retention_days",
    ];
    let values = || Values::of(&Settings::default(), &names);
    let rules_view = rules::View { values: values(), done: samples::done_setting(), asked: None, allowed: Some(false) };
    let asked = rules::Asked {
        one_company: Some(Count::Exactly(1_318)),
        staff: Some(rules::Staff { left_out: Count::Exactly(14), counted_again: Count::Exactly(1) }),
    };
    let rules_asked = rules::View { asked: Some(asked), done: None, ..rules_view.clone() };
    let retention_view = retention::View { values: values(), done: samples::done_setting(), goes: None };
    let retention_asked = retention::View {
        goes: Some(retention::Goes { visitors: Count::Exactly(3_526), events: Count::Over }),
        done: None,
        ..retention_view.clone()
    };
    let upkeep = |last_backup_ms| Upkeep {
        bytes: 3_350_000_000,
        made_ms: now() - 300 * DAY_MS,
        newest_received_ms: Some(now()),
        last_backup_ms,
    };
    let mut workspace_view = workspace::View { values: values(), done: None };
    workspace_view.values.mistake =
        Some(Mistake::new("time_zone", "It can't be “Warsaw”: use a name such as Europe/Warsaw."));
    vec![
        ("settings-sources", sources::page(&here, &sources_view)),
        ("settings-sources-wrong", sources::page(&here, &wrong)),
        ("settings-sources-viewer", sources::page(&viewer, &sources_view)),
        ("settings-source", source::page(&here, &source_view)),
        ("settings-source-asked", source::page(&here, &asked_view)),
        ("settings-source-api", source::page(&here, &api_view)),
        ("settings-workspace", workspace::page(&here, &workspace_view)),
        (
            "settings-workspace-viewer",
            workspace::page(&viewer, &workspace::View { values: values(), done: samples::done_setting() }),
        ),
        ("settings-rules", rules::page(&here, &rules_view)),
        ("settings-rules-asked", rules::page(&here, &rules_asked)),
        ("settings-rules-viewer", rules::page(&viewer, &rules_view)),
        ("settings-retention", retention::page(&here, &retention_view)),
        ("settings-retention-asked", retention::page(&here, &retention_asked)),
        ("settings-retention-viewer", retention::page(&viewer, &retention_view)),
        ("settings-backups", backups::page(&here, &upkeep(Some(now() - DAY_MS / 3)))),
        ("settings-backups-old", backups::page(&here, &upkeep(Some(now() - 40 * DAY_MS)))),
        ("settings-backups-none", backups::page(&here, &upkeep(None))),
        ("settings-appearance", appearance::page(&here)),
        ("settings-operators", operators::page(&here, &operators_view)),
        ("settings-operators-remove", operators::remove::page(&here, &leaving)),
        (
            "settings-operators-remove-nobody",
            operators::remove::page(&here, &operators::remove::View { users: 0, companies: 0, ..leaving.clone() }),
        ),
        (
            "settings-operators-remove-refused",
            operators::remove::page(
                &here,
                &operators::remove::View {
                    mistake: Some(Mistake::new("to", "There is no operator eve@quayside.example.")),
                    ..leaving.clone()
                },
            ),
        ),
        ("settings-tokens", tokens::page(&here, &tokens_view)),
        ("settings-tokens-empty", tokens::page(&viewer, &tokens::View::default())),
        (
            "settings-account",
            account::page(
                &here,
                &account::View {
                    mistake: Some(Mistake::new("current", "That is not your current password.")),
                    saved: Some(account::Saved::Password),
                    ..account::View::default()
                },
            ),
        ),
        ("settings-account-zone", {
            let mut abroad = frame(Place::Settings, "/settings/account");
            abroad.clock.own = chrono_tz::Pacific::Auckland;
            account::page(&abroad, &account::View { saved: Some(account::Saved::Zone), ..account::View::default() })
        }),
    ]
}

pub fn doors() -> Vec<(&'static str, Markup)> {
    let view = sign_in::View { workspace: "Quayside".to_owned(), has_operators: true, ..sign_in::View::default() };
    let wrong = sign_in::View {
        email: "ines@quayside.example".to_owned(),
        mistake: Some(Mistake::new("password", "E-mail and password do not match.")),
        done: Some("You are signed out."),
        ..view.clone()
    };
    let set_up_view = set_up::View {
        mistakes: vec![
            Mistake::new("workspace_name", "Use 1 to 100 characters."),
            Mistake::new("time_zone", "“Warsaw” is not a time zone. Choose one of the list, such as Europe/Warsaw."),
        ],
        ..set_up::View::default()
    };
    let password_view = password::View {
        email: "matteo@quayside.example".to_owned(),
        token: "x".to_owned(),
        ..password::View::default()
    };
    let help_frame = frame(Place::Elsewhere, "/help");
    let described = reference::View::of(&samples::description()).expect("a description");
    let one = reference::View { group: Some("users".to_owned()), ..described.clone() };
    let refusals_frame = frame(Place::Refusals, "/refusals");
    let many = refusals::View { refusals: samples::refusals(), findings: samples::findings() };
    let found = refusals::View { findings: samples::findings(), ..refusals::View::default() };
    vec![
        ("sign-in", sign_in::page(&view)),
        ("sign-in-wrong", sign_in::page(&wrong)),
        ("set-up", set_up::page(&set_up_view)),
        ("set-up-over", set_up::over(Theme::System)),
        ("password", password::page(&password_view)),
        ("password-used", password::used(Theme::System)),
        ("help", help::page(&help_frame)),
        ("api", reference::page(&frame(Place::Elsewhere, "/api"), &described)),
        ("api-one", reference::page(&frame(Place::Elsewhere, "/api?of=users"), &one)),
        ("api-empty", reference::page(&frame(Place::Elsewhere, "/api"), &reference::View::default())),
        ("help-codes", help::codes_page(Some(&help_frame))),
        ("help-codes-open", help::codes_page(None)),
        ("refusals-many", refusals::page(&refusals_frame, &many)),
        ("refusals-found", refusals::page(&refusals_frame, &found)),
        ("refusals-empty", refusals::page(&refusals_frame, &refusals::View::default())),
        ("not-found", errors::no_page(&frame(Place::Elsewhere, "/colour?a=<b>"))),
    ]
}
