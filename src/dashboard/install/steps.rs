//! The steps of an installation: the key, visitors, users, their company, signing out.

use maud::{Markup, html};

use super::frameworks::{self, FRAMEWORKS, PLAIN, TAG_MANAGER, Wanted};
use super::page::View;
use super::state::State;
use super::{calls, fields, snippets};
use crate::dashboard::links;
use crate::dashboard::parts::code;
use crate::dashboard::parts::frame::Frame;
use crate::dashboard::parts::icon::{icon, small};
use crate::dashboard::parts::list::chips;
use crate::dashboard::parts::say::{Tone, beat};
use crate::domain::access::Role;
use crate::store::{Source, SourceKind};

/// Of what trying it left so many are named.
const TRIALS_NAMED_MAX: usize = 6;

/// The source and its key.
pub fn site_and_key(frame: &Frame, source: &Source) -> Markup {
    let (ours, adopted) = source.write_keys.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    html! {
        section.stepbox.first id="key" {
            h2 { "Site and key" }
            dl.facts.free {
                div {
                    dt { "Source" }
                    dd {
                        bdi { (source.name) }
                        ", "
                        (if source.kind == SourceKind::Live { "live" } else { "test: stores nothing" })
                    }
                }
                div {
                    dt { "Write key" }
                    dd { (code::id(ours, "write key")) " " span.muted.small { "Public: it can only add data" } }
                }
                @if !adopted.is_empty() {
                    div { dt { "Adopted keys" } dd { @for key in adopted { (code::id(key, "adopted key")) " " } } }
                }
                div {
                    dt { "Allowed origins" }
                    dd {
                        @if source.origins.is_empty() {
                            "Any page may send"
                        } @else {
                            @for origin in &source.origins { code { (origin) } " " }
                        }
                    }
                }
            }
            @if frame.may(Role::Admin) {
                p { a href={ "/settings/sources/" (source.source_id) } { "Change the source" } }
            }
        }
    }
}

fn step_mark(step: &str, done: bool) -> Markup {
    html! { @if done { span.no.done { (small("check")) span.vh { "Done: " } } } @else { span.no { (step) } } }
}

/// Step 1: pages that anybody may read.
pub fn visitors(frame: &Frame, key: &str, state: State) -> Markup {
    let done = matches!(state, State::VisitorsOnly | State::UsersNoCompany | State::Complete);
    html! {
        section.stepbox id="visitors" {
            h2 { (step_mark("1", done)) " Visitors" }
            p { "Public pages. This is all they need, just above " code { "</body>" } " of each." }
            (code::block("Every public page", snippets::visitors(&frame.server, key)))
        }
    }
}

/// Step 2: pages behind the sign-in.
pub fn people(frame: &Frame, view: &View, source: &Source, key: &str, state: State) -> Markup {
    let done = matches!(state, State::UsersNoCompany | State::Complete);
    let tabs = FRAMEWORKS.each_ref().map(|framework| {
        (framework.label, format!("{}#people", view.with_framework(source, framework)), framework == view.framework)
    });
    let kept = view.kept(source);
    let kept: Vec<(&str, &str)> = kept.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let wanted = view.wanted(&frame.server, key);
    html! {
        section.stepbox id="people" {
            h2 { (step_mark("2", done)) " Signed-in users" }
            p {
                "Pages behind your sign-in: use the code below instead of step 1's, just above "
                code { "</body>" }
                " too. It depends on the framework and the fields you choose."
                @if view.framework.name != PLAIN {
                    " Where nobody is signed in, it says so, so the same layout may make your sign-in page as well."
                }
            }
            (chips("Framework", &tabs))
            (fields::checklist(&view.offered, &view.fields, &kept))
            @for code in view.framework.snippet(&wanted).files {
                (code::block(code.file, code::text(&code.text, &code.company)))
            }
            @if view.framework.name == PLAIN {
                (plain_values(&wanted))
            } @else {
                p {
                    "Replace names that differ in your own code. "
                    code { "user_id" }
                    " is your own id for the user; it must not change when the name or e-mail does."
                }
            }
            p {
                "The marked lines name the company: see step 3. For users without one, "
                @if view.framework.name == PLAIN {
                    "write " code { (snippets::NO_COMPANY) } " in their place."
                } @else {
                    "the code writes null."
                }
            }
            p.small {
                @if view.framework.name == PLAIN {
                    "Our tests load this code in a real browser."
                } @else if view.framework.proven {
                    "Our tests run this code through " (view.framework.label) "'s own template engine, with names that try to break out."
                } @else {
                    "Our tests do not run this code."
                }
                @if view.framework.name == TAG_MANAGER {
                    " Tag Manager replaces each name in double braces with a call that returns the value, not with the value's text, so no value can break out."
                } @else if view.framework.name != PLAIN {
                    " Why JSON rather than a script with the name inside: a user's name may be "
                    code { "</script>" }
                    ". Written this way, no value can break out of its string."
                }
            }
        }
    }
}

/// What a site without a framework of the list puts in the place of the examples, and how.
fn plain_values(wanted: &Wanted) -> Markup {
    let examples = frameworks::examples(wanted);
    html! {
        p {
            "Replace "
            @for (place, example) in examples.iter().enumerate() {
                @if place > 0 { (if place + 1 == examples.len() { " and " } else { ", " }) }
                code.bare { (example) }
            }
            " with what your site knows about the signed-in user, written as JSON with every "
            code { "<" }
            " as "
            code { "\\u003c" }
            ": a user's name may be "
            code { "</script>" }
            ". "
            code { "user_id" }
            " is your own id for the user; it must not change when the name or e-mail does."
        }
    }
}

/// Step 3: which company they belong to.
pub fn company(frame: &Frame, view: &View, key: &str, state: State) -> Markup {
    let companies = view.framework.snippet(&view.wanted(&frame.server, key)).companies;
    html! {
        section.stepbox id="company" {
            h2 { (step_mark("3", state == State::Complete)) " Their company" }
            p {
                "The marked lines of step 2's code name it: the one that the user is working in. "
                code { "company_id" }
                " is your own id for the account; it must not change when the name does. An id alone is enough to store a company."
            }
            h3 { "Several, one is current" }
            p { "Add this above the marked lines. The user then belongs to all of them." }
            (code::block("Above the marked lines", code::text(&companies, &(0..0))))
            h3 { "None here" }
            @if view.framework.name == PLAIN {
                p { "This takes the place of the marked lines. Nobody leaves a company by it." }
                (code::block("Instead of the marked lines", html! { (snippets::NO_COMPANY) }))
            } @else {
                p { "The code writes null for a user without a company. Nobody leaves a company by it." }
            }
        }
    }
}

/// Step 4: signing out.
pub fn sign_out(frame: &Frame, view: &View, key: &str) -> Markup {
    html! {
        section.stepbox id="signout" {
            h2 { (step_mark("4", false)) " Signing out" }
            @if view.framework.name == PLAIN {
                p { "Pages that know nobody is signed in say so; the browser then forgets the user." }
                (code::block("Pages without a user", snippets::signed_out(&frame.server, key)))
            } @else {
                p {
                    "On a page where nobody is signed in, step 2's code says so with a "
                    code { "user" }
                    " of null; the browser then forgets the user."
                }
            }
            p {
                "If signing out loads no new page, call this when it succeeds. It isn't needed if the next page sends "
                code { "user: null" }
                " or another "
                code { "user_id" }
                "."
            }
            (code::block("After sign-out", snippets::reset()))
        }
    }
}

/// A message without a page.
pub fn try_it(frame: &Frame, view: &View, source: &Source, key: &str) -> Markup {
    html! {
        section.stepbox id="try" {
            h2 { "Try it" }
            p { "Sends what a page would say about you through every step, shows what would be stored, and leaves nothing behind." }
            form method="post" action="/install/try" {
                input type="hidden" name="source" value=(source.source_id);
                p { button.btn { (icon("bolt")) " Send a test as me" } }
            }
            (calls::from_elsewhere(&frame.server, key))
            @if !view.trials.is_empty() { (left_by_trying(frame, view, source)) }
        }
    }
}

/// What the examples stored, and one click that deletes it.
fn left_by_trying(frame: &Frame, view: &View, source: &Source) -> Markup {
    let trials = &view.trials;
    let users = trials.users.iter().map(|(_, id)| (links::user(Some(id), ""), id));
    let companies = trials.companies.iter().map(|(_, id)| (links::company(id), id));
    let all: Vec<(String, &String)> = users.chain(companies).collect();
    html! {
        div.row {
            p {
                (beat(Tone::Warn)) " Stored by trying, and in all numbers: "
                @for (place, (address, id)) in all.iter().take(TRIALS_NAMED_MAX).enumerate() {
                    @if place > 0 { ", " }
                    a href=(address) { code { (id) } }
                }
                @if all.len() > TRIALS_NAMED_MAX { " and " (all.len() - TRIALS_NAMED_MAX) " more" }
                "."
            }
            @if frame.may(Role::Admin) {
                form method="post" action="/install/try/delete" {
                    input type="hidden" name="source" value=(source.source_id);
                    button.btn { (icon("trash")) " Delete " (if all.len() == 1 { "it" } else { "them" }) }
                }
            }
        }
    }
}

/// Field by field, on a page of the site.
pub fn doctor(view: &View, source: &Source) -> Markup {
    let framework = (view.framework.name != PLAIN).then_some(view.framework.name);
    let page = links::with_query("/install/doctor", &[("source", Some(&source.source_id)), ("fw", framework)]);
    html! {
        section.stepbox id="doctor" {
            h2 { "Doctor" }
            p {
                "Opens your own site with a one-time mark in the URL, then shows what the page sent beside what was stored, field by field, with the fix."
            }
            p.row {
                a.btn href=(page) { (icon("bolt")) " Check one of your pages" }
            }
        }
    }
}

/// All of it for somebody else.
pub fn hand_over(view: &View, source: &Source) -> Markup {
    html! {
        section.stepbox id="handover" {
            h2 { "Hand over" }
            p { "This page for somebody else, with your key, framework and fields filled in." }
            p.row {
                a.btn href=(view.hand_over(source, "")) { (icon("file")) " Print or copy" }
                a.btn href=(view.hand_over(source, ".md")) { (icon("code")) " Markdown" }
            }
        }
    }
}
