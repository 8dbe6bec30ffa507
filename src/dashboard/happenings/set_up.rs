//! What was changed of the workspace, its sources, its attributes and its segments, in words.

use maud::{Markup, html};
use serde_json::Value;

use super::{before_and_after, fields_sentence};
use crate::actions::segments::DELETED;
use crate::dashboard::parts::pill::capital;
use crate::dashboard::parts::values;
use crate::dashboard::{attributes, links};
use crate::domain::change::CREATED;
use crate::domain::webhooks::State;
use crate::store::changes::ChangeRow;

/// What one deed changed of one of them: its icon and its sentence. `is_told` where the page does not say of
/// which.
pub(super) fn sentence(fields: &[&ChangeRow], is_told: bool) -> (&'static str, Markup) {
    let [first, ..] = fields else { return ("sliders", html! { "Changed" }) };
    let special = match (first.subject, fields) {
        ("workspace", [one]) => of_workspace(one),
        ("source", [one]) => of_source(one),
        ("attribute", [one]) => of_attribute(one),
        ("segment", [one]) => of_segment(one),
        _ => None,
    };
    let whose = html! { @if is_told { (whose(first)) ": " } };
    match special {
        // These say themselves whose they are.
        Some((icon, sentence)) if first.subject == "workspace" => (icon, sentence),
        Some((icon, sentence)) => (icon, html! { (whose) (sentence) }),
        None => ("sliders", html! { (whose) (fields_sentence(fields)) }),
    }
}

/// Of which: a source and an attribute as links.
fn whose(row: &ChangeRow) -> Markup {
    match row.subject {
        "source" => html! {
            "Source "
            a href={ "/settings/sources/" (links::encode(&row.subject_id)) } {
                (values::name(row.subject_name.as_deref().unwrap_or(&row.subject_id)))
            }
        },
        "attribute" => {
            let deleted = || row.before.as_ref().and_then(|was| was.get("name")).and_then(Value::as_str);
            html! {
                "Attribute "
                @match row.attribute_of {
                    Some(owner) => {
                        a href=(links::attribute(owner, &row.subject_id)) { (values::name(&row.subject_id)) }
                        " of " (attributes::owners(owner))
                    }
                    None => (values::name(deleted().unwrap_or("that no longer exists"))),
                }
            }
        }
        "segment" => {
            let told = row.after.as_ref().or(row.before.as_ref());
            html! {
                "Segment "
                @match &row.subject_name {
                    Some(name) => a href=(links::segment(&row.subject_id)) { (values::name(name)) },
                    None => b { (values::name(text(told, "name"))) },
                }
            }
        }
        _ => html! { a href="/settings/workspace" { "Settings" } },
    }
}

fn text<'a>(value: Option<&'a Value>, name: &str) -> &'a str {
    value.and_then(|value| value.get(name)).and_then(Value::as_str).unwrap_or_default()
}

fn of_workspace(row: &ChangeRow) -> Option<(&'static str, Markup)> {
    let told = row.after.as_ref().or(row.before.as_ref());
    let named = |name: &str| html! { b { (values::name(text(told, name))) } };
    let is_new = row.after.is_some();
    Some(match row.field.as_str() {
        "operator" => match (&row.before, is_new) {
            (None, _) => ("users", html! { "New operator " (named("email")) ", " (text(told, "role")) }),
            (Some(_), true) => ("users", html! { (named("email")) " is " (text(told, "role")) " now" }),
            (Some(_), false) => ("users", html! { "Operator " (named("email")) " removed" }),
        },
        "password" => ("lock", html! { "New password of " b { (values::inline(told)) } }),
        "token" if is_new => ("key", html! { "New token " (named("name")) ", scope " (text(told, "scope")) }),
        "token" => ("key", html! { "Token " code { (text(told, "token_id")) } " revoked" }),
        "webhook" => of_webhook(row),
        "webhook_secret" => ("key", html! { "New secret of the webhook to " (named("url")) }),
        "exported" => {
            let what = match text(told, "what") {
                "all" => html! { "Everything was exported" },
                "person" => html! { "All about one person was exported" },
                "setup" => html! { "The set-up was exported" },
                kind => html! { (capital(kind)) " were exported" },
            };
            let is_narrowed = told.and_then(|told| told.get("narrowed")).and_then(Value::as_bool).unwrap_or(false);
            ("download", html! { (what) @if is_narrowed { ", some of them" } })
        }
        "erased" if is_new => {
            let events = if text(told, "events") == "delete" { "deleted" } else { "anonymized" };
            ("trash", html! { "A person was erased, their events " (events) })
        }
        "erased" => ("shield", html! { "A person who was erased is allowed again" }),
        "ignored_attribute" if is_new => ("box", html! { "The attribute " (named("name")) " is ignored" }),
        "ignored_attribute" => ("box", html! { "The attribute " (named("name")) " is no longer ignored" }),
        "also_named" => ("box", html! { (named("name")) " is not " (named("means")) " any more" }),
        "tray_values" => ("trash", html! { "The values of " (named("name")) " that waited were discarded" }),
        _ => return None,
    })
}

/// A webhook that was added, changed or removed.
fn of_webhook(row: &ChangeRow) -> (&'static str, Markup) {
    let (before, after) = (row.before.as_ref(), row.after.as_ref());
    let to = |told: Option<&Value>| html! { "to " b { (values::name(text(told, "url"))) } };
    let (was, is) = (text(before, "state"), text(after, "state"));
    match (before, after) {
        (None, _) => ("plus", html! { "New webhook " (to(after)) }),
        (_, None) => ("trash", html! { "Webhook " (to(before)) " removed" }),
        _ if was == is => ("sliders", html! { "Webhook " (to(after)) " changed" }),
        _ => match State::parse(is) {
            Some(State::Active) => ("check", html! { "Webhook " (to(after)) " resumed" }),
            Some(State::Paused) => ("sliders", html! { "Webhook " (to(after)) " paused" }),
            _ => ("alert", html! { "Webhook " (to(after)) " given up: " (is) }),
        },
    }
}

fn of_source(row: &ChangeRow) -> Option<(&'static str, Markup)> {
    Some(match (row.field.as_str(), &row.after) {
        (CREATED, _) => ("plus", html! { "created" }),
        ("secret", Some(ending)) => ("key", html! { "a secret created, " code { (values::inline(Some(ending))) } }),
        ("secret", None) => ("key", html! { "the secret " code { (values::inline(row.before.as_ref())) } " retired" }),
        _ => return None,
    })
}

fn of_segment(row: &ChangeRow) -> Option<(&'static str, Markup)> {
    Some(match row.field.as_str() {
        CREATED => ("segment", html! { "saved" }),
        DELETED => ("trash", html! { "deleted" }),
        "filter" => ("segment", html! { "filter changed" }),
        _ => return None,
    })
}

fn of_attribute(row: &ChangeRow) -> Option<(&'static str, Markup)> {
    Some(match (row.field.as_str(), &row.after) {
        (CREATED, after) => ("tag", html! { "created from the tray, a " (text(after.as_ref(), "type")) }),
        ("deleted", _) => ("trash", html! { "deleted with all its values" }),
        ("also_named", Some(name)) => {
            ("tag", html! { "what is sent as " b { (values::inline(Some(name))) } " counts as it too" })
        }
        ("also_named", None) => {
            ("tag", html! { "what is sent as " b { (values::inline(row.before.as_ref())) } " no longer counts as it" })
        }
        ("tray", _) => ("check", html! { "the values that waited were applied" }),
        ("type", _) => ("tag", html! { "type " (before_and_after(row)) }),
        _ => return None,
    })
}
