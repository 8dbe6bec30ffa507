//! What was done, and what taking it back does.

use maud::Markup;
use serde_json::{Value, json};

use super::lists::page_of;
use super::samples::{self, Deed, LONG, frame, now};
use crate::actions::undo::Conflict;
use crate::dashboard::done::{Asked, Done};
use crate::dashboard::parts::frame::Place;
use crate::dashboard::settings::audit;
use crate::dashboard::undo;
use crate::domain::access::Grade;
use crate::domain::attributes::Owner;
use crate::domain::change::{CREATED, Doer, LINK, MEMBERSHIP, MERGED_INTO};
use crate::domain::ids::ChangeKey;
use crate::domain::time::HOUR_MS;
use crate::store::changes::{ChangeRow, ChangeSet};

/// A field of a deed: of what, its id, the field, before and after.
type Field = (&'static str, &'static str, &'static str, Value, Value);

fn deed(number: i64, by: (&str, &str, &str, Grade), fields: &[Field]) -> ChangeSet {
    let at_ms = now() - (40 - number) * 5 * HOUR_MS;
    let row = |(place, (subject, id, field, before, after)): (i64, &Field)| ChangeRow {
        by_kind: by.0.to_owned(),
        by_name: by.1.to_owned(),
        cause: by.2.to_owned(),
        grade: by.3,
        at_ms,
        attribute_of: (*subject == "attribute").then_some(Owner::Company),
        subject_name: match *subject {
            "source" => Some("Help centre".to_owned()),
            "user" => Some("Priya Raman".to_owned()),
            _ => None,
        },
        ..samples::change(
            Deed { set: number, minutes: 0, subject, id, company: (*subject == "membership").then_some("org_1187") },
            place,
            field,
            before.clone(),
            after.clone(),
        )
    };
    let changes: Vec<ChangeRow> = (0..).zip(fields).map(row).collect();
    ChangeSet {
        change: ChangeKey(number),
        at_ms,
        by_kind: by.0.to_owned(),
        by_name: by.1.to_owned(),
        cause: by.2.to_owned(),
        undone_by: (number == 37).then_some(ChangeKey(38)),
        changes,
        beyond: if number == 31 { 4_182 } else { 0 },
    }
}

/// Deeds of every kind, the newest first.
pub fn all() -> Vec<ChangeSet> {
    let hand = |cause| ("operator", "ines@quayside.example", cause, Grade::Hand);
    let (page, none) = (("message", "App", "message", Grade::Unsigned), Value::Null);
    let joined = json!({"joined_at": "2026-11-24T08:14:00.000Z"});
    vec![
        deed(
            39,
            hand("set_source"),
            &[
                ("source", "src_help", "paused", json!(false), json!(true)),
                ("source", "src_help", "origins", json!([]), json!(["https://help.quayside.example"])),
            ],
        ),
        deed(38, hand("undo"), &[("user", "u_33902", "plan", json!("Pro"), json!("Starter"))]),
        deed(
            37,
            ("message", "App", "message", Grade::Signed),
            &[("user", "u_33902", "plan", json!("Starter"), json!("Pro"))],
        ),
        deed(
            36,
            page,
            &[
                ("user", "u_33902", CREATED, none.clone(), json!("u_33902")),
                ("visitor", "5b2f0c1e-8a51", LINK, none.clone(), json!("u_33902")),
                ("user", "u_33902", "name", none.clone(), json!(LONG)),
                ("company", "org_1187", CREATED, none.clone(), json!("org_1187")),
                ("membership", "u_33902", MEMBERSHIP, none.clone(), joined),
                ("membership", "u_33902", "role", none.clone(), json!("Admin")),
            ],
        ),
        deed(
            35,
            hand("set"),
            &[
                ("workspace", "", "domain_rule", json!("suggest"), json!("off")),
                ("workspace", "", "one_company", json!("false"), json!("true")),
            ],
        ),
        deed(34, hand("merge"), &[("user", "u_1", MERGED_INTO, none.clone(), json!("0190f3c2-8a51"))]),
        deed(
            33,
            ("shell", "", "add_token", Grade::Hand),
            &[(
                "workspace",
                "",
                "token",
                none.clone(),
                json!({"token_id": "tok_1", "name": "billing", "scope": "write"}),
            )],
        ),
        deed(
            32,
            ("rule", "C9", "domain", Grade::Rule),
            &[("company", "kestrel.example", "domain", none.clone(), json!("kestrel.example"))],
        ),
        deed(
            31,
            ("token", "billing", "change_attribute", Grade::Secret),
            &[("attribute", "seats", "type", json!("string"), json!("number"))],
        ),
        deed(30, hand("erase"), &[("workspace", "", "erased", none, json!({"events": "delete"}))]),
    ]
}

pub fn audits() -> Vec<(&'static str, Markup)> {
    let here = frame(Place::Settings, "/settings/audit");
    let taken_back = Done { asked: Asked::Undone(1), changes: Vec::new(), total: 0 };
    let view = audit::View { doer: None, day: None, after: None, deeds: page_of(all(), true), done: Some(taken_back) };
    let nothing = audit::View {
        doer: Some(Doer::Hand),
        day: Some("2026-11-20".to_owned()),
        deeds: page_of(Vec::new(), false),
        done: None,
        ..view.clone()
    };
    let set = all().remove(0);
    let conflict = Conflict {
        kind: "source",
        id: "src_help".to_owned(),
        company_id: None,
        field: "origins".to_owned(),
        detail: "It has changed since, and stays as it is.".to_owned(),
    };
    let undo_view =
        |plan| undo::View { change: set.change, back: "/settings/audit".to_owned(), deed: set.changes.clone(), plan };
    let plan = Ok((vec![set.changes[0].clone()], vec![conflict]));
    let too_old = Err("A merge can be taken back for 30 days, and this one is older. Nothing was changed.".to_owned());
    vec![
        ("settings-audit", audit::page(&here, &view)),
        ("settings-audit-none", audit::page(&here, &nothing)),
        ("undo", undo::page(&here, &undo_view(plan))),
        ("undo-refused", undo::page(&here, &undo_view(too_old))),
    ]
}
