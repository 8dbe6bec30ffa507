//! Events and changes as sentences of a time line. Page views in a row are one
//! sentence, and so are the fields that one deed changed.

mod set_up;

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::links;
use super::parts::attributes::by;
use super::parts::feed::Entry;
use super::parts::numbers::counted;
use super::parts::times::Clock;
use super::parts::{markdown, pill, values};
use super::timeline::Timeline;
use crate::domain::change::{
    ALIAS, ARCHIVED, COMPANY_ID, CREATED, LINK, MEMBERSHIP, MERGED_INTO, NOT_SAME_AS, USER_ID,
};
use crate::domain::message::Kind;
use crate::domain::profile::{CURRENT, NOTE, OWNER, PINNED, TAGS};
use crate::domain::time::{self, MINUTE_MS};
use crate::store::changes::ChangeRow;
use crate::store::events::EventRow;

/// What one person does again within this span is one sentence.
const SITTING_MS: i64 = 30 * MINUTE_MS;
/// Lines that a sentence unfolds to.
const UNFOLDED_MAX: usize = 30;
/// Properties that stand beside an event.
const PROPERTIES_MAX: usize = 3;

/// Whose page tells it: a user's says only what, a company's also who.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// On the user's own page.
    OfUser,
    /// On a company's page.
    OfCompany,
    /// On a page of everything: it says of whom, and not by whom.
    Everything,
}

/// Whom the page is about.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The id, as changes tell it.
    pub id: &'a str,
    /// First seen, Unix milliseconds.
    pub first_seen_ms: i64,
}

impl Told {
    /// A verb as it stands in the sentence: behind the person, or at the start.
    fn verb(&self, word: &str) -> String {
        match self {
            Told::OfUser => pill::capital(word),
            Told::OfCompany | Told::Everything => word.to_owned(),
        }
    }
}

/// The time line's entries, newest first.
pub fn entries(timeline: &Timeline, told: Told, known: Known<'_>, clock: Clock) -> Vec<Entry> {
    let acts: Vec<&EventRow> = timeline.events.iter().filter(|event| event.kind.is_activity()).collect();
    let acts = acts.chunk_by(|later, earlier| is_one_sitting(later, earlier)).map(|events| act(events, told, clock));
    let deeds = timeline.changes.chunk_by(|later, earlier| later.change == earlier.change).flat_map(|set| {
        let apart = || {
            let deeds = set.chunk_by(is_one_deed).filter(|changes| !is_read_through(changes));
            deeds.map(|changes| deed(changes, told, known, clock)).collect()
        };
        if told == Told::OfCompany { apart() } else { moved(set, told, clock).unwrap_or_else(apart) }
    });
    let mut entries: Vec<Entry> = acts.chain(deeds).collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at_ms));
    entries
}

/// One deed, told where everything is.
pub fn of_deed(changes: &[ChangeRow], clock: Clock) -> Vec<Entry> {
    let timeline = Timeline { changes: changes.to_vec(), ..Timeline::default() };
    entries(&timeline, Told::Everything, Known { id: "", first_seen_ms: i64::MAX }, clock)
}

/// The membership of a record that was merged: it goes on as the other's, so nobody left; nor did anybody join who
/// is a member since another day now.
fn is_read_through(changes: &[ChangeRow]) -> bool {
    let is_open = |told: &Option<Value>| told.as_ref().is_some_and(|told| told["left_at"].is_null());
    let [one] = changes else { return false };
    let is_merged = one.cause == "merge" && one.after.is_none();
    one.field == MEMBERSHIP && (is_merged || is_open(&one.before) && is_open(&one.after))
}

fn is_page(event: &EventRow) -> bool {
    matches!(event.kind, Kind::Page | Kind::Screen)
}

fn is_one_sitting(later: &EventRow, earlier: &EventRow) -> bool {
    let same_person = (&later.user_uuid, &later.anonymous_id) == (&earlier.user_uuid, &earlier.anonymous_id);
    let same_thing = (is_page(later) && is_page(earlier)) || (later.kind == earlier.kind && later.name == earlier.name);
    same_person && same_thing && later.event_id.at_ms() - earlier.event_id.at_ms() <= SITTING_MS
}

/// Events of one sitting, newest first.
fn act(events: &[&EventRow], told: Told, clock: Clock) -> Entry {
    let (last, first) = (events[0], events[events.len() - 1]);
    let who = html! { @if told != Told::OfUser { (person(last)) " " } };
    let minutes = (last.event_id.at_ms() - first.event_id.at_ms()) / MINUTE_MS;
    let span = html! { @if minutes > 0 { " in " (minutes) " min" } };
    let times = events.len() as u64;
    let sentence = match (is_page(last), events.len()) {
        (true, 1) => html! { (who) (told.verb("viewed")) " " (page(last)) " " (surroundings(last)) },
        (true, _) => {
            html! { (who) (told.verb("viewed")) " " (counted(times, "page", "pages")) (span) " " (surroundings(last)) }
        }
        (false, 1) => {
            html! { (who) (told.verb("did")) " " b { (values::name(&last.name)) } " " (properties(&last.properties)) }
        }
        (false, _) => {
            html! {
                (who)
                (told.verb("did"))
                " "
                b { (values::name(&last.name)) }
                " "
                (counted(times, "time", "times"))
                (span)
            }
        }
    };
    let more = (events.len() > 1).then(|| (unfolded_summary(first, last), unfolded(events, clock)));
    Entry { at_ms: last.event_id.at_ms(), tone: "", icon: if is_page(last) { "page" } else { "bolt" }, sentence, more }
}

fn person(event: &EventRow) -> Markup {
    let name = event.user_name.as_deref().or(event.user_id.as_deref());
    html! {
        @match (&event.user_uuid, name) {
            (Some(uuid), name) => {
                a href=(links::user(event.user_id.as_deref(), uuid)) { (values::name(name.unwrap_or(uuid))) }
            }
            (None, Some(name)) => (values::name(name)),
            (None, None) => "A visitor",
        }
    }
}

fn address(event: &EventRow) -> Option<String> {
    let page = event.context.get("page").and_then(Value::as_object);
    let text = |object: Option<&Map<String, Value>>, name: &str| object?.get(name)?.as_str().map(str::to_owned);
    let url = text(page, "url").or_else(|| text(Some(&event.properties), "url"));
    url.map(|url| path(&url)).or_else(|| text(page, "path")).or_else(|| text(Some(&event.properties), "path"))
}

/// The path of an address, with its query; the address itself where it has none.
fn path(url: &str) -> String {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    match after_scheme.find('/') {
        Some(start) if after_scheme.len() < url.len() => after_scheme[start..].to_owned(),
        _ if after_scheme.len() < url.len() => "/".to_owned(),
        _ => url.to_owned(),
    }
}

fn page(event: &EventRow) -> Markup {
    let address = address(event);
    html! {
        @if let Some(name) = &event.page_name { b { (values::name(name)) } " " }
        @match address {
            Some(address) => code { (values::cut(&address, 80)) },
            None => @if event.page_name.is_none() { "a page" },
        }
    }
}

/// Where somebody was: source, browser and system.
fn surroundings(event: &EventRow) -> Markup {
    let text = |name: &str| event.context.get(name).and_then(Value::as_str);
    html! {
        span.meta {
            bdi { (event.source) }
            @match (text("browser"), text("system")) {
                (Some(browser), Some(system)) => { ", " (browser) " on " (system) }
                (Some(one), None) | (None, Some(one)) => { ", " (one) }
                (None, None) => {}
            }
        }
    }
}

fn properties(properties: &Map<String, Value>) -> Markup {
    html! {
        @if !properties.is_empty() {
            span.meta {
                @for (name, value) in properties.iter().take(PROPERTIES_MAX) {
                    code { (values::cut(name, 40)) ": " (values::cut(&values::plain(value), 40)) }
                    " "
                }
                @if properties.len() > PROPERTIES_MAX { "and " (properties.len() - PROPERTIES_MAX) " more" }
            }
        }
    }
}

fn unfolded_summary(first: &EventRow, last: &EventRow) -> Markup {
    html! {
        @match (address(first), address(last)) {
            (Some(first), Some(last)) if first != last => { (values::cut(&first, 40)) " … " (values::cut(&last, 40)) }
            _ => "Each of them",
        }
    }
}

fn unfolded(events: &[&EventRow], clock: Clock) -> Markup {
    html! {
        ul {
            @for event in events.iter().rev().take(UNFOLDED_MAX) {
                li {
                    (clock.at(event.event_id.at_ms()))
                    " "
                    @if is_page(event) { (page(event)) } @else { (properties(&event.properties)) }
                }
            }
            @if events.len() > UNFOLDED_MAX { li { "and " (events.len() - UNFOLDED_MAX) " more" } }
        }
    }
}

fn is_one_deed(later: &ChangeRow, earlier: &ChangeRow) -> bool {
    let whom = |row: &ChangeRow| (row.change, row.subject, row.subject_id.clone(), row.company_id.clone());
    whom(later) == whom(earlier)
}

/// A move is one line (C2): one deed by which the user left companies and joined one. None where it is no
/// move, or changed more than that.
fn moved(set: &[ChangeRow], told: Told, clock: Clock) -> Option<Vec<Entry>> {
    let first = set.first()?;
    if !set.iter().all(|change| change.field == MEMBERSHIP) {
        return None;
    }
    let (left, joined): (Vec<&ChangeRow>, Vec<&ChangeRow>) = set.iter().partition(|change| has_left(change));
    let [joined] = joined[..] else { return None };
    if left.is_empty() {
        return None;
    }
    let sentence = html! {
        @if told == Told::Everything { (somebody(first)) " " }
        (told.verb("moved"))
        " from "
        @for (place, change) in left.iter().enumerate() { @if place > 0 { ", " } (other(change, Told::OfUser)) }
        " to "
        (other(joined, Told::OfUser))
    };
    let about_ms = about_ms(joined, |_| Some(joined), Known { id: "", first_seen_ms: 0 });
    let (at_ms, sentence) = in_time(first, about_ms, sentence, told, clock);
    Some(vec![Entry { at_ms, tone: "info", icon: "arrow", sentence, more: None }])
}

fn has_left(change: &ChangeRow) -> bool {
    change.after.as_ref().is_none_or(|after| !after["left_at"].is_null())
}

/// What one deed changed about one user, company or membership.
fn deed(changes: &[ChangeRow], told: Told, known: Known<'_>, clock: Clock) -> Entry {
    let first = &changes[0];
    let find = |field: &str| changes.iter().find(|change| change.field == field);
    let fields: Vec<&ChangeRow> = changes.iter().filter(|change| !is_our_own(&change.field)).collect();
    let is_everything = told == Told::Everything;
    // On a page of its own it need not be said whom it is about.
    let whom = html! { @if is_everything { (somebody(first)) ": " } };
    let (tone, icon, sentence) = if first.subject == "membership" {
        membership(first, find(MEMBERSHIP), &fields, told)
    } else if matches!(first.subject, "workspace" | "source" | "attribute" | "segment") {
        let (icon, sentence) = set_up::sentence(&changes.iter().collect::<Vec<_>>(), is_everything);
        ("info", icon, sentence)
    } else if find(CREATED).is_some() {
        let icon = if first.subject == "company" { "company" } else { "user" };
        ("good", icon, made(first, told))
    } else if let Some(link) = find(LINK) {
        let user = link.after.as_ref().and_then(Value::as_str).unwrap_or_default();
        (
            "good",
            "join",
            html! { (somebody(first)) " linked to " a href=(links::user(Some(user), user)) { (values::name(user)) } },
        )
    } else if let Some(merged) = find(MERGED_INTO) {
        let sentence = match (merged.after.is_some(), first.subject) {
            (true, "company") => "Merged: another record of this company",
            (true, _) => "Merged: another record of this person",
            (false, _) => "Separate again: a merged record",
        };
        let into = html! { @if is_everything { (merged_into(merged)) } };
        ("info", "merge", html! { (sentence) " " code { (first.subject_id) } (into) })
    } else if let Some(told) = find(NOT_SAME_AS) {
        let sentence = if told.after.is_some() { "Not the same as" } else { "Perhaps the same as" };
        (
            "info",
            "x",
            html! { (whom) (sentence) " " code { (values::inline(told.after.as_ref().or(told.before.as_ref()))) } },
        )
    } else if let Some(archived) = find(ARCHIVED) {
        let is_out = archived.after.as_ref().and_then(Value::as_bool).unwrap_or(false);
        (
            "info",
            "box",
            html! { (whom) (if is_out { "Archived: out of lists and numbers" } else { "Put back into lists and numbers" }) },
        )
    } else if let Some(alias) = find(ALIAS) {
        ("info", "key", html! { (whom) "Another id, " ins { (values::inline(alias.after.as_ref())) } })
    } else if let Some(id) = find(USER_ID).or_else(|| find(COMPANY_ID)) {
        ("info", "key", html! { (whom) "Id " (before_and_after(id)) })
    } else {
        let icon = match first.field.as_str() {
            NOTE => "note",
            PINNED => "pin",
            TAGS => "tag",
            CURRENT => "company",
            _ => "edit",
        };
        ("info", icon, html! { (whom) (fields_sentence(&fields)) })
    };
    let (at_ms, sentence) = in_time(first, about_ms(first, find, known), sentence, told, clock);
    let unfolds = fields.len() > 1 || (first.subject != "membership" && find(CREATED).is_some() && !fields.is_empty());
    let more = unfolds.then(|| {
        let list = html! { ul { @for field in &fields { li { (one_field(field)) } } } };
        (html! { (counted(fields.len() as u64, "field", "fields")) }, list)
    });
    Entry { at_ms, tone, icon, sentence, more }
}

/// A sentence with by whom, and where it stands in time: history told late stands where it belongs, and says
/// when it was told. Where everything is told it stands when it was done.
fn in_time(first: &ChangeRow, about_ms: Option<i64>, sentence: Markup, told: Told, clock: Clock) -> (i64, Markup) {
    if told == Told::Everything {
        return (first.at_ms, sentence);
    }
    let at_ms = about_ms.filter(|at_ms| *at_ms < first.at_ms).unwrap_or(first.at_ms);
    let is_late = clock.day_of(at_ms) != clock.day_of(first.at_ms);
    let sentence = html! {
        (sentence)
        " "
        (from(first))
        @if is_late { span.meta { ", Rollcall first heard of it " (clock.on(first.at_ms)) } }
    };
    (at_ms, sentence)
}

/// That somebody is known now, or no more: by name where it is not whom the page is about.
fn made(created: &ChangeRow, told: Told) -> Markup {
    let is_another = matches!(
        (told, created.subject),
        (Told::OfUser, "company") | (Told::OfCompany, "user") | (Told::Everything, _)
    );
    html! {
        @match &created.after {
            Some(_) if is_another => { "New " (created.subject) " " b { (somebody(created)) } },
            Some(_) if created.cause == "edit" => "Created by hand",
            Some(_) => "First seen",
            None => { "Removed again: " (values::inline(created.before.as_ref())) },
        }
    }
}

/// The time that a deed is about, where it has one: when somebody was first seen, joined or left.
fn about_ms<'a>(first: &ChangeRow, find: impl Fn(&str) -> Option<&'a ChangeRow>, known: Known<'_>) -> Option<i64> {
    if first.subject != "membership" {
        return find(CREATED).filter(|_| first.subject_id == known.id).map(|_| known.first_seen_ms);
    }
    let standing = find(MEMBERSHIP)?.after.as_ref()?;
    let at = |name: &str| standing.get(name).and_then(Value::as_str).and_then(time::instant_from_text);
    at("left_at").or_else(|| at("joined_at"))
}

/// The way to the record that another is merged into; users are named by our id there.
fn merged_into(merged: &ChangeRow) -> Markup {
    let into = merged.after.as_ref().or(merged.before.as_ref()).and_then(Value::as_str).unwrap_or_default();
    let address = if merged.subject == "company" { links::company(into) } else { links::user(None, into) };
    html! { ", " a href=(address) { "the other one" } }
}

/// Whom a change is about, by name and with the way there.
fn somebody(change: &ChangeRow) -> Markup {
    let id = change.subject_id.as_str();
    let address = match change.subject {
        "company" => links::company(id),
        _ => links::user(Some(id), id),
    };
    let name = change.subject_name.as_deref().unwrap_or(id);
    html! {
        @match change.subject {
            // Whoever was erased or taken away has no id any more.
            _ if id.is_empty() => "Someone who no longer exists",
            "visitor" => { "Visitor " code { (values::cut(id, values::NAME_CHARS_MAX)) } }
            _ => a href=(address) { (values::name(name)) },
        }
    }
}

fn is_our_own(field: &str) -> bool {
    matches!(field, CREATED | LINK | MEMBERSHIP | MERGED_INTO | NOT_SAME_AS | USER_ID | ALIAS | COMPANY_ID | ARCHIVED)
}

/// What a field is called: of those beside attributes the word alone.
fn called(field: &str) -> Markup {
    match field {
        OWNER => html! { "Owner" },
        TAGS => html! { "Tags" },
        NOTE => html! { "Note" },
        CURRENT => html! { "Current company" },
        PINNED => html! { "Pin" },
        field => values::name(field.trim_start()),
    }
}

fn membership(
    first: &ChangeRow,
    standing: Option<&ChangeRow>,
    fields: &[&ChangeRow],
    told: Told,
) -> (&'static str, &'static str, Markup) {
    let role = fields.iter().find(|field| field.field == "role").and_then(|field| field.after.as_ref());
    let has_left = standing.is_some_and(has_left);
    let other = other(first, told);
    let sentence = |verb: &str| match told {
        Told::OfUser => html! { (told.verb(verb)) " " (other) },
        Told::OfCompany => html! { (other) " " (told.verb(verb)) },
        Told::Everything => html! { (somebody(first)) " " (told.verb(verb)) " " (other) },
    };
    match standing {
        Some(_) if has_left => ("warn", "leave", sentence("left")),
        Some(_) => {
            let as_role = html! { @if let Some(role) = role { " as " (values::inline(Some(role))) } };
            ("good", "join", html! { (sentence("joined")) (as_role) })
        }
        None => {
            let whom = match told {
                Told::OfUser => html! { "At " (other) },
                Told::OfCompany => other,
                Told::Everything => html! { (somebody(first)) " at " (other) },
            };
            ("info", "user", html! { (whom) ": " (fields_sentence(fields)) })
        }
    }
}

/// The other one of a membership: a user's company, a company's user.
fn other(change: &ChangeRow, told: Told) -> Markup {
    let company_id = change.company_id.as_deref().unwrap_or_default();
    let (id, name, address) = match told {
        Told::OfUser | Told::Everything => (company_id, &change.company_name, links::company(company_id)),
        Told::OfCompany => (
            change.subject_id.as_str(),
            &change.subject_name,
            links::user(Some(&change.subject_id), &change.subject_id),
        ),
    };
    html! {
        @if id.is_empty() { "Someone who was removed again" }
        @else { a href=(address) { (values::name(name.as_deref().unwrap_or(id))) } }
    }
}

fn fields_sentence(fields: &[&ChangeRow]) -> Markup {
    html! {
        @match fields {
            [] => "Changed",
            [one] => (one_field(one)),
            [one, other] => { b { (called(&one.field)) } " and " b { (called(&other.field)) } " changed" }
            [one, rest @ ..] => { b { (called(&one.field)) } " and " (rest.len()) " others changed" }
        }
    }
}

fn one_field(change: &ChangeRow) -> Markup {
    let told = change.after.as_ref().or(change.before.as_ref());
    match change.field.as_str() {
        PINNED => {
            let verb = if change.after.is_some() { "pinned: only a person can change it" } else { "no longer pinned" };
            return html! { b { (values::inline(told)) } " " (verb) };
        }
        NOTE => {
            let verb = match (&change.before, &change.after) {
                (None, _) => "Note added",
                (Some(_), None) => "Note deleted",
                (Some(_), Some(_)) => "Note changed",
            };
            let text = told.and_then(|note| note.get("text")).and_then(Value::as_str).map(markdown::plain);
            return html! { (verb) ": " (values::inline(text.map(Value::String).as_ref())) };
        }
        _ => {}
    }
    html! { b { (called(&change.field)) } " " (before_and_after(change)) }
}

fn before_and_after(change: &ChangeRow) -> Markup {
    let is_set = |value: &Option<Value>| value.as_ref().is_some_and(|value| !value.is_null());
    html! {
        @match (is_set(&change.before), is_set(&change.after)) {
            (true, true) => {
                del { (values::inline(change.before.as_ref())) }
                " → "
                ins { (values::inline(change.after.as_ref())) }
            }
            (true, false) => { del { (values::inline(change.before.as_ref())) } " cleared" }
            (false, _) => { "set to " ins { (values::inline(change.after.as_ref())) } }
        }
    }
}

fn from(change: &ChangeRow) -> Markup {
    html! { span.meta { (by(&change.by_kind, &change.by_name)) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::storybook::samples;
    use crate::domain::time::DAY_MS;

    #[test]
    fn history_told_late_stands_where_it_belongs_and_names_people() {
        let changes = samples::changes("company", "org_1187");
        let told_ms = changes.last().unwrap().at_ms;
        let known = Known { id: "org_1187", first_seen_ms: told_ms - 10 * DAY_MS };
        let timeline = Timeline { changes, ..Timeline::default() };
        let entries = entries(&timeline, Told::OfCompany, known, samples::clock());
        let first = entries.last().unwrap();
        assert_eq!(first.at_ms, known.first_seen_ms);
        let sentence = first.sentence.0.as_str();
        assert!(sentence.starts_with("First seen ") && sentence.contains("Rollcall first heard of it"), "{sentence}");
        let joined = entries.iter().find(|entry| entry.icon == "join").unwrap();
        assert_eq!(joined.at_ms, time::instant_from_text("2026-11-24T08:14:00.000Z").unwrap());
        assert!(joined.sentence.0.contains("<a href=\"/users/u_33902\"><bdi>Priya Raman</bdi></a> joined"));
    }

    #[test]
    fn the_path_of_an_address() {
        assert_eq!(path("https://app.example/jobs/1?a=b"), "/jobs/1?a=b");
        assert_eq!(path("https://app.example"), "/");
        assert_eq!(path("/jobs"), "/jobs");
    }
}
