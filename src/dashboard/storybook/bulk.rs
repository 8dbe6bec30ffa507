//! One deed for many: deeds to choose from, what one does, what can't be done.

use maud::Markup;

use super::samples::{self, frame};
use crate::actions::edit::bulk::Outcome;
use crate::dashboard::bulk::{Sent, View, page};
use crate::dashboard::parts::form::Mistake;
use crate::dashboard::parts::frame::Place;
use crate::domain::error::{Code, Refused};
use crate::domain::filter::Listed;
use crate::domain::message::RefusedValue;

pub fn bulk() -> Vec<(&'static str, Markup)> {
    let here = frame(Place::Users, "/bulk");
    let view = |listed: Listed, count: i64| View {
        listed,
        keys: (1..=count).collect(),
        first: (0..count.min(5))
            .map(|place| [("Marta Lindqvist", "/users/u_30418"), (samples::LONG, "/users/u_2")][place as usize % 2])
            .map(|(name, page)| (name.to_owned(), page.to_owned()))
            .collect(),
        more: count == 500,
        attributes: vec!["plan".to_owned(), "seats".to_owned(), samples::LONG.to_owned()],
        operators: vec!["ines.holm@quayside.example".to_owned()],
        tags: vec!["vip".to_owned(), "beta".to_owned()],
        sent: Sent::default(),
        plan: None,
    };
    let sent =
        Sent { deed: "set".to_owned(), name: "seats".to_owned(), value: "<b>nobody</b>".to_owned(), ..Sent::default() };
    let refused =
        RefusedValue::new("seats", "ten".into(), Refused::new(Code::TypeMismatch, "seats is a number. Send a number."));
    let outcome = Outcome {
        change: None,
        dealt: 500,
        changed: 480,
        refused_values: vec![refused],
        kept: 3,
        left: (2, Some("A user has at most 50 tags. Take one away first.".to_owned())),
    };
    let planned = View {
        sent: sent.clone(),
        plan: Some(Ok((outcome, samples::changes("user", "u_30418")))),
        ..view(Listed::Users, 500)
    };
    let none = View {
        sent: sent.clone(),
        plan: Some(Ok((Outcome { dealt: 3, ..Outcome::default() }, vec![]))),
        ..view(Listed::Users, 3)
    };
    let mistake = Mistake::new("name", "No company has the id \"acme\". Check the id; it is case-sensitive.");
    let wrong = View { sent, plan: Some(Err(mistake)), ..view(Listed::Companies, 1) };
    vec![
        ("bulk-users", page(&here, &view(Listed::Users, 12))),
        ("bulk-planned", page(&here, &planned)),
        ("bulk-nothing-changes", page(&here, &none)),
        ("bulk-wrong", page(&here, &wrong)),
        ("bulk-nobody", page(&here, &view(Listed::Companies, 0))),
    ]
}
