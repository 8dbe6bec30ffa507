//! Segments: all of them, one, and the page that saves one.

use std::collections::HashMap;

use maud::Markup;

use super::samples::{self, clock, frame, now};
use crate::dashboard::parts::form::Mistake;
use crate::dashboard::parts::frame::Place;
use crate::dashboard::segments::beside::Tabs;
use crate::dashboard::segments::{list, one, save};
use crate::domain::filter::Listed;
use crate::domain::ids::SegmentKey;
use crate::domain::segments::Segment;
use crate::domain::time::DAY_MS;
use crate::store::list::Count;
use crate::store::segments::Size;

fn segment(key: i64, id: &str, name: &str, listed: Listed, is_supplied: bool) -> Segment {
    Segment {
        key: SegmentKey(key),
        segment_id: id.to_owned(),
        listed,
        name: name.to_owned(),
        filter: "f=company.plan%3Ain%3Apro%2Cscale&f=last_seen%3Awithin%3A60d".to_owned(),
        is_supplied,
        made_by: if is_supplied { String::new() } else { "ines.holm@quayside.example".to_owned() },
        made_ms: now() - 40 * DAY_MS,
    }
}

/// Segments as a list has them.
pub fn all() -> Vec<Segment> {
    vec![
        segment(1, "new", "New", Listed::Users, true),
        segment(2, "active", "Active", Listed::Users, true),
        segment(3, "slipping_away", "Slipping away", Listed::Users, true),
        segment(9, "paying_teams", "Paying teams", Listed::Users, false),
        segment(10, "long", samples::LONG, Listed::Users, false),
        segment(11, "arabic", "عملاء النقل والتخزين", Listed::Companies, false),
        segment(7, "active_companies", "Active", Listed::Companies, true),
    ]
}

fn sizes(days: i32) -> Vec<Size> {
    let size = |ago: i32| Size {
        day: clock().today() - ago,
        size: 1_300 + (ago as u64 * 37) % 120 - ago as u64,
        counted_ms: now() - 20 * 60_000,
    };
    (0..days).rev().map(size).collect()
}

/// What stands above a list of users.
pub fn tabs() -> Tabs {
    let of_users: Vec<Segment> = all().into_iter().filter(|segment| segment.listed == Listed::Users).collect();
    let sizes: HashMap<SegmentKey, u64> =
        [(1, 96), (2, 1_604), (3, 188), (9, 1_362)].into_iter().map(|(key, size)| (SegmentKey(key), size)).collect();
    Tabs::of(&of_users, &sizes, &samples::fields(Listed::Users)).savable(true)
}

pub fn segments() -> Vec<(&'static str, Markup)> {
    let here = frame(Place::Segments, "/segments");
    let words = "company plan is pro or scale and last seen in the last 60 days".to_owned();
    let told = |segment: Segment| {
        let words = match segment.segment_id.as_str() {
            "long" => Err("\"colour\" is not a field of users.".to_owned()),
            _ => Ok(words.clone()),
        };
        (segment, words)
    };
    let known = all().iter().zip([28, 28, 1, 28, 0, 28, 9]).map(|(segment, days)| (segment.key, sizes(days))).collect();
    let many = list::View { segments: all().into_iter().map(told).collect(), sizes: known, done: None };
    let view = |segment: Segment, days: i32| one::View {
        segment,
        words: Ok(words.clone()),
        size: Some(Count::Exactly(1_362)),
        sizes: sizes(days),
        done: None,
        mistake: None,
    };
    let gone = one::View {
        words: Err("\"colour\" is not a field of users. Use one of these, built in: user_id, email.".to_owned()),
        size: None,
        mistake: Some((" ".to_owned(), Mistake::new("name", "A segment has a name of 1 to 100 characters."))),
        ..view(segment(10, "long", samples::LONG, Listed::Users, false), 0)
    };
    let saved = |own: Vec<Segment>, mistake: Option<Mistake>| save::View {
        listed: Listed::Users,
        filter: "f=company.plan%3Ais%3Apro".to_owned(),
        words: "company plan is pro".to_owned(),
        size: Count::Over,
        own,
        filled: (String::new(), String::new()),
        mistake,
    };
    let own = all().into_iter().filter(|segment| !segment.is_supplied).collect();
    let taken = Mistake::new(
        "name",
        "There is a segment of users named \"Active\" already. Choose another name, or change that one.",
    );
    vec![
        ("segments-many", list::page(&here, &many)),
        ("segment-own", one::page(&here, &view(segment(9, "paying_teams", "Paying teams", Listed::Users, false), 90))),
        (
            "segment-supplied",
            one::page(&here, &view(segment(3, "slipping_away", "Slipping away", Listed::Users, true), 1)),
        ),
        ("segment-long-time", one::page(&here, &view(segment(2, "active", "Active", Listed::Users, true), 366))),
        ("segment-gone", one::page(&here, &gone)),
        ("segment-save", save::page(&here, &saved(own, None))),
        ("segment-save-taken", save::page(&here, &saved(vec![], Some(taken)))),
    ]
}
