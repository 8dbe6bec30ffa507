//! One deed for many: deeds to choose from, what one does, what can't be done.

use maud::Markup;

use super::samples::{self, frame};
use crate::actions::edit::bulk::{Deed, Outcome};
use crate::dashboard::bulk::{Sent, View, job, page};
use crate::dashboard::parts::form::Mistake;
use crate::dashboard::parts::frame::Place;
use crate::domain::error::{Code, Refused};
use crate::domain::filter::Listed;
use crate::domain::ids::BulkJobKey;
use crate::domain::message::RefusedValue;
use crate::store::bulk_jobs::{Job, State, Tally};

/// The pages of [`jobs`].
const JOBS: [&str; 6] = [
    "bulk-job-checking",
    "bulk-job-planned",
    "bulk-job-running",
    "bulk-job-done",
    "bulk-job-failed",
    "bulk-job-undone",
];

fn jobs() -> Vec<Job> {
    let deed = Deed::Tag("Renewal in spring".to_owned());
    let all = Tally { dealt: 12_034, changed: 11_800, ..Tally::default() };
    let part = Tally { dealt: 4_150, changed: 4_100, ..Tally::default() };
    let why = Some("A user has at most 50 tags. Take one away first.".to_owned());
    let planned = Tally { kept: 3, left: 2, why: why.clone(), ..all.clone() };
    let job = |state: State, checked: &Tally, done: &Tally, taken_back: Tally| Job {
        key: BulkJobKey(0),
        operator: "ines.holm@quayside.example".to_owned(),
        undone_by: None,
        listed: Listed::Users,
        deed: serde_json::to_string(&deed).unwrap_or_default(),
        state,
        total: 12_034,
        chunks: 241,
        place: 83,
        checked: checked.clone(),
        done: done.clone(),
        taken_back,
        problem: (state == State::Failed).then(|| "No operator has this e-mail address.".to_owned()),
        made_ms: samples::clock().now_ms - 90_000,
        started_ms: Some(samples::clock().now_ms - 60_000),
        ended_ms: None,
    };
    let none = Tally::default();
    let undone = Tally { dealt: 12_034, changed: 241, left: 7, why: None, kept: 0 };
    let mut all = vec![
        job(State::Checking, &part, &none, none.clone()),
        job(State::Planned, &planned, &none, none.clone()),
        job(State::Running, &planned, &part, none.clone()),
        job(State::Done, &planned, &planned, none.clone()),
        job(State::Failed, &planned, &part, none.clone()),
        job(State::Undone, &planned, &planned, undone),
    ];
    for (place, job) in all.iter_mut().enumerate() {
        job.key = BulkJobKey(place as i64);
    }
    all
}

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
        jobs: vec![],
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
        ("bulk-all", page(&here, &View { more: true, jobs: jobs(), ..view(Listed::Users, 500) })),
    ]
    .into_iter()
    .chain(jobs().iter().map(|one| (JOBS[one.key.0 as usize], job::page(&here, one))))
    .collect()
}
