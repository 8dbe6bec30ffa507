//! Calls as they arrive: none, many, and one of each outcome.

use std::sync::Arc;

use maud::Markup;
use serde_json::json;

use super::samples::{self, frame, now};
use crate::dashboard::live::{list, one};
use crate::dashboard::parts::frame::Place;
use crate::domain::codes::warnings::Warning;
use crate::domain::error::{Code, Refused};
use crate::domain::ids::SourceKey;
use crate::domain::message::{Receipt, RefusedValue, Status};
use crate::http::live::{Call, Outcome, Said};

fn dealt(receipt: Receipt, keeps: bool) -> Outcome {
    Outcome::Dealt { receipt, keeps }
}

fn outcome(index: u64) -> Outcome {
    let receipt = |status| Receipt::of(None, status);
    match index % 7 {
        0 => Outcome::Declined {
            status: 401,
            code: "write_key_unknown",
            detail: "No source has this write key. Copy it from the installation page.".to_owned(),
        },
        1 => dealt(
            Receipt::refused(
                None,
                Refused::new(Code::IdPlaceholder, "The id is \"{{ user.id }}\", which is a placeholder and no id."),
            ),
            true,
        ),
        2 => dealt(receipt(Status::Duplicate), true),
        3 => {
            let seats = RefusedValue::new(
                "seats",
                json!("<b>nobody</b>"),
                Refused::new(Code::TypeMismatch, "seats is a number. Send a number."),
            );
            dealt(
                Receipt {
                    refused_values: vec![seats],
                    warnings: vec![Warning::ClockCorrected.explained()],
                    ..receipt(Status::Stored)
                },
                true,
            )
        }
        4 => dealt(receipt(Status::Stored), false),
        5 => dealt(receipt(Status::Unchanged), true),
        _ => dealt(receipt(Status::Stored), true),
    }
}

fn call(index: u64) -> Call {
    let sent = json!({ "type": "track", "userId": "u_30418", "event": "Report exported", "properties": { "note": samples::LONG } });
    Call {
        number: 400 - index,
        received_ms: now() - index as i64 * 7_300,
        source: Some(SourceKey(1)),
        said: Said {
            kind: ["track", "page", "identify"][index as usize % 3].to_owned(),
            user: (!index.is_multiple_of(4))
                .then(|| ["u_30418", "marta.lindqvist@kestrel.example", samples::LONG][index as usize % 3].to_owned()),
            visitor: Some("0190f3c2-8a51-7e44-b0b8-0f1d6e2c9a77".to_owned()),
            companies: if index.is_multiple_of(3) {
                vec![]
            } else {
                vec!["org_1187".to_owned(), samples::LONG.to_owned()]
            },
            what: ["Report exported", "/a/path/that/is/very/long/0123456789/0123456789/0123456789", ""]
                [index as usize % 3]
                .to_owned(),
            sent: Some(sent.to_string()),
        },
        outcome: outcome(index),
    }
}

pub fn live() -> Vec<(&'static str, Markup)> {
    let here = frame(Place::Live, "/live");
    let source = Some("App".to_owned());
    let view = |calls: u64, wanted: list::Wanted| list::View {
        wanted,
        calls: (0..calls).map(|index| (Arc::new(call(index)), source.clone())).collect(),
        last: 400,
        sources: vec![("shop".to_owned(), "App".to_owned()), ("long".to_owned(), samples::LONG.to_owned())],
    };
    let paused = list::Wanted {
        until: Some(388),
        user: "marta".to_owned(),
        only: list::Only::Refused,
        ..list::Wanted::default()
    };
    let one = |index: u64| {
        let view = one::View {
            call: Arc::new(call(index)),
            source: source.clone(),
            changes: if index == 6 { (samples::changes("user", "u_30418"), 40) } else { (vec![], 0) },
            event: (index == 6).then(|| samples::events().swap_remove(0)),
        };
        one::page(&here, &view)
    };
    vec![
        ("live-many", list::page(&here, &view(60, list::Wanted::default()))),
        ("live-paused", list::page(&here, &view(12, paused))),
        ("live-empty", list::page(&here, &view(0, list::Wanted::default()))),
        ("live-stored", one(6)),
        ("live-partly", one(3)),
        ("live-refused", one(1)),
        ("live-declined", one(0)),
        ("live-test", one(4)),
    ]
}
