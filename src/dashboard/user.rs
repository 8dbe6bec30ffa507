//! `/users/{id}`: one user or lead.

mod sessions;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use maud::{Markup, html};

use super::desk::{self, Answer};
use super::done::{self, Asked, Done};
use super::edit::note::{self, Notes};
use super::edit::{self, Whom, value};
use super::happenings::{self, Known, Told};
use super::parts::attributes::{self, History, origin};
use super::parts::chart::wide_roll;
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::{icon, small};
use super::parts::labels::labels;
use super::parts::list::{chips, decode};
use super::parts::numbers::{counted, delta, number};
use super::parts::say::{self, Tone};
use super::parts::section::{crumbs, stat};
use super::parts::times::Clock;
use super::parts::who::{self, Size};
use super::parts::{came, code, data, feed, pill, values};
use super::segments::beside::{self, In};
use super::timeline::{self, Show, Timeline};
use super::{duplicates, errors, links, then};
use crate::domain::access::Role;
use crate::domain::activity::{State, TREND_DAYS, Trend};
use crate::domain::attributes::Owner;
use crate::domain::change::Subject;
use crate::domain::duplicates::Records;
use crate::domain::profile::Profile;
use crate::http::access::Viewer;
use crate::store::events::Of;
use crate::store::membership_history::MembershipHistory;
use crate::store::operators::Operator;
use crate::store::segments::Someone;
use crate::store::users::{self, Identifier, UserMembership, UserName, UserPage, UserRow};
use crate::store::{Reader, StoreError, changes, notes};

/// Changes that are read for the earlier values of attributes.
const HISTORY_ROWS: usize = 300;

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The user.
    pub user: UserPage,
    /// Earlier values of the attributes.
    pub history: History,
    /// How often anything changed, and when last.
    pub changed: data::Changed,
    /// A page of the time line.
    pub timeline: Timeline,
    /// All attributes, not only the first.
    pub all_attributes: bool,
    /// Notes about the user.
    pub notes: Notes,
    /// The segments that it is in.
    pub segments: In,
    /// What was just done.
    pub done: Option<Done>,
}

impl View {
    /// The path below which this page's forms stand: by our id, since the site's may be dots.
    fn own_path(&self) -> String {
        links::user(None, &self.user.row.id)
    }

    /// How small pages about the user name it.
    fn whom(&self) -> Whom {
        Whom::user(&self.user.row.id)
    }

    fn path(&self) -> String {
        links::user(self.user.row.user_id.as_deref(), &self.user.row.id)
    }
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let user = &view.user;
    let name = who::user_name(&user.row);
    let more = (!view.all_attributes)
        .then(|| format!("{}#attributes", links::with_query(&view.path(), &[("attributes", Some("all"))])));
    let content = html! {
        (crumbs("Users", "/users", name))
        (head(frame, user, name))
        div.stack {
            (done::done(view.done.as_ref(), Told::OfUser, &view.path(), frame.clock, frame.role()))
            (cells(frame, user))
            (perhaps_the_same(frame, view))
            (unstated(user))
            (elsewhere(user))
            div.split {
                div.stack { (companies(frame, view)) (refused(frame, user)) (note::card(frame, &view.notes, &view.whom())) (timeline(frame, view)) }
                aside.stack aria-label="About the user" {
                    (identifiers(frame, user))
                    (attributes::card(&user.attributes, &view.history, frame.clock, more.as_deref(), &value::add(frame, &view.whom()), |attribute| {
                        value::link(&view.whom(), attribute, frame.may(Role::Admin))
                    }))
                    (sessions::card(&user.sessions, frame.clock))
                    (beside::card(&view.segments))
                    (came::card(user.first_page.as_ref(), None, frame.clock))
                    (data::card(&user.attributes, user.row.first_seen_ms, &view.changed, frame.clock))
                    (then::card(frame, &view.own_path()))
                    (code::shell_card(&frame.server, &links::user_api(user.row.user_id.as_deref(), &user.row.id)))
                }
            }
        }
    };
    shell(frame, name, content)
}

fn head(frame: &Frame, user: &UserPage, name: &str) -> Markup {
    let row = &user.row;
    let here = who::is_here(row.last_seen_ms, frame.clock.now_ms);
    let current = user.memberships.iter().find(|membership| membership.current);
    let whom = Whom::user(&row.id);
    let edit_labels = frame.may(Role::Admin).then(|| edit::address("profile", &whom, &[]));
    html! {
        header.head {
            div.ident {
                (who::face(name, Size::Large, here))
                div {
                    div.row {
                        h1 { bdi { (name) } }
                        @if here { (pill::toned("good", "Here now", "Active within the last 5 minutes")) " " }
                        (pill::state(State::at(frame.clock.now_ms, row.first_seen_ms, row.last_seen_ms)))
                        (pill::trend(Trend::between(user.active_days.1, user.active_days.0), "Active days"))
                        @if user.signed {
                            span.pill title="The site proves who this is with a signature" {
                                (icon("shield"))
                                " Signed"
                            }
                        }
                        @if user.is_staff {
                            (pill::word("Own staff", "An address of your own domains (Settings, Rules): what they do isn't counted"))
                        }
                        @if row.user_id.is_none() {
                            (pill::word("E-mail only", "A lead: known by an e-mail address, without an id of the site"))
                        }
                    }
                    p.row.small {
                        @if let Some(user_id) = &row.user_id { (code::id(user_id, "user id")) }
                        @if let Some(email) = &row.email { a href={ "mailto:" (links::encode(email)) } { (values::name(email)) } }
                        @if let Some(current) = current {
                            span {
                                @match current.title.as_deref().or(current.role.as_deref()) {
                                    Some(title) => { (values::name(title)) " at " }
                                    None => "At ",
                                }
                                (who::company_link(&current.company))
                            }
                        }
                    }
                    (labels(row.owner.as_deref(), &row.tags, edit_labels.as_deref()))
                }
            }
        }
    }
}

fn cells(frame: &Frame, user: &UserPage) -> Markup {
    let row = &user.row;
    let events: u64 = row.roll.iter().copied().map(u64::from).sum();
    let (now, before) = user.active_days;
    let days = row.roll.map(|events| u32::from(events > 0));
    html! {
        section aria-label="Numbers" {
            div.card.cells {
                (stat("#timeline", "Events in 28 days", "Page views, screens and events of the last 28 days, including today", html! { (number(events)) }, html! {}, wide_roll(&row.roll)))
                (stat(
                    "#timeline",
                    "Days active",
                    "Days with activity in the last 28; the change is from the 28 days before",
                    html! { (number(now)) small { " of " (TREND_DAYS) } },
                    delta(i128::from(before), i128::from(now)),
                    wide_roll(&days),
                ))
                (stat(
                    if user.sessions.latest.is_empty() { "#timeline" } else { "#sessions" },
                    "Sessions in 28 days",
                    "Visits started in the last 28 days, each ended by 30 minutes of inactivity, as the widget reports them; the change is from the 28 days before",
                    html! { (number(user.sessions.last)) @if user.sessions.more { "+" } },
                    html! { @if !user.sessions.more { (delta(user.sessions.before.into(), user.sessions.last.into())) } },
                    html! {},
                ))
                (stat(
                    "#companies",
                    "Companies",
                    "Companies the user belongs to now",
                    html! { (number(row.companies)) },
                    html! {},
                    html! {},
                ))
                (stat(
                    "#timeline",
                    "Last seen",
                    "The last activity; identify calls don't count",
                    html! { span.mid { (frame.clock.ago_or_never(row.last_seen_ms)) } },
                    html! {},
                    html! {},
                ))
            }
        }
    }
}

fn perhaps_the_same(frame: &Frame, view: &View) -> Markup {
    let user = &view.user;
    html! {
        @if !user.possible_duplicates.is_empty() {
            section.alert.warn aria-labelledby="duplicates" {
                (icon("users"))
                h2 id="duplicates" { "Perhaps the same person" }
                p.muted { "People are never merged on an address or similar id alone: you decide." }
                ul.stack.tight {
                    @for (other, why) in &user.possible_duplicates {
                        @let compare = links::with_query(&format!("{}/merge", view.own_path()), &[("from", Some(&other.id))]);
                        li.row {
                            (who::user(other, frame.clock.now_ms, who::user_second_line(other)))
                            span.small.muted { (duplicates::reason_word(*why)) }
                            (duplicates::answers(
                                frame, Records::Users, (&user.row.id, &other.id), (who::user_name(&user.row), who::user_name(other)),
                                &compare, &view.path(),
                            ))
                        }
                    }
                }
            }
        }
    }
}

fn unstated(user: &UserPage) -> Markup {
    html! {
        @if user.unstated_events > 0 {
            @let events = counted(user.unstated_events, "event", "events");
            (say::alert(Tone::Info, &format!("{events} of the last 28 days count for no company"), html! {
                p.muted {
                    "The user has several companies and the events name none. Send "
                    code { "company" }
                    " with the page, or "
                    code { "context.groupId" }
                    " with the event."
                }
            }))
        }
    }
}

/// C9: a later change of the address moves nobody, and says so.
fn elsewhere(user: &UserPage) -> Markup {
    html! {
        @if let Some(domain) = &user.elsewhere {
            (say::alert(Tone::Info, &format!("The e-mail address is at {domain}, which isn't a domain of the user's company"), html! {
                p.muted {
                    "An address never moves anyone. If the user is with another company now, have your site say so; if the company has this "
                    "domain too, " a href="/companies/suggested" { "link it" } " or send it as its " code { "domain" } "."
                }
            }))
        }
    }
}

fn companies(frame: &Frame, view: &View) -> Markup {
    let user = &view.user;
    html! {
        section.card aria-labelledby="companies" {
            header {
                h2 id="companies" { "Companies" }
                @if frame.may(Role::Admin) {
                    a.btn.bare.end href=(edit::address("member", &view.whom(), &[])) { (icon("plus")) " Add to a company" }
                }
            }
            @if user.memberships.is_empty() {
                p.body.muted {
                    "None. No company has been sent for this user yet. "
                    a href="/install#company" { "Add the company to the snippet" }
                    "."
                }
            } @else {
                div.scroll tabindex="0" role="group" aria-labelledby="companies" {
                    table.table.cards.last aria-labelledby="companies" {
                        thead {
                            tr {
                                th scope="col" { "Company" }
                                th scope="col" { "Role" }
                                th scope="col" { "Joined and left" }
                                th scope="col" { "Known from" }
                            }
                        }
                        tbody { @for membership in &user.memberships { (membership_row(frame, &user.row.id, membership)) } }
                    }
                }
            }
        }
    }
}

/// Values about the user that were not taken (A2, A8).
fn refused(frame: &Frame, user: &UserPage) -> Markup {
    html! {
        @if !user.refused.is_empty() {
            section.card aria-labelledby="refused" {
                header {
                    h2 id="refused" { "Refused values" }
                    a.end href="/refusals/tray" { "All that wait" }
                }
                ul.rows {
                    @for value in &user.refused {
                        li {
                            span.tone.bad { (icon("refused")) }
                            span.grow {
                                a href=(links::tray(value.owner, &value.name)) { (values::name(&value.name)) }
                                @if value.owner == Owner::Membership { " of the membership" }
                                ": " code { bdi { (values::cut(&value.value.to_string(), 80)) } }
                                " " small.muted {
                                    a.quiet href={ "/help/codes#" (value.code) } { (value.code) }
                                    @if !value.source.is_empty() { " · " bdi { (value.source) } }
                                }
                            }
                            span.end { (frame.clock.ago(value.at_ms)) }
                        }
                    }
                }
            }
        }
    }
}

fn membership_row(frame: &Frame, id: &str, membership: &UserMembership) -> Markup {
    let (clock, company) = (frame.clock, &membership.company);
    let whom = Whom::member(id, company.key);
    let name = company.name.as_deref();
    html! {
        tr {
            th.lead scope="row" {
                (who::company(&company.company_id, name, who::company_second_line(&company.company_id, name, None)))
            }
            td.state {
                (role(membership.role.as_deref()))
                @if membership.current {
                    " "
                    span.pill.info title="The open membership that was stated last" { "Current" }
                }
                @if membership.left_ms.is_some() { " " span.pill { "Left" } }
                @if membership.archived { " " (who::archived()) }
                @if let Some(title) = &membership.title { small { (values::name(title)) } }
            }
            td {
                (clock.on(membership.joined_ms))
                " to "
                @match membership.left_ms { Some(left_ms) => (clock.on(left_ms)), None => "now" }
                (before(&membership.history, clock))
            }
            td.muted data-l="From" {
                (origin(membership.grade, &membership.source, membership.joined_ms, clock))
                @if frame.may(Role::Admin) { " " (edit_member(&whom, name.unwrap_or(&company.company_id), None)) }
            }
        }
    }
}

/// The link to the page of a membership. `who` is the other one of it, `page` the word of where one comes back to.
pub fn edit_member(whom: &Whom, who: &str, page: Option<&str>) -> Markup {
    html! {
        small { a.faint href=(edit::address("member", whom, &[("page", page)])) { "Edit" span.vh { " membership: " (values::cut(who, 40)) } } }
    }
}

/// What was before of a membership (C7): earlier times in it, and roles.
pub fn before(history: &MembershipHistory, clock: Clock) -> Markup {
    html! {
        @if !history.is_empty() {
            details.small {
                summary.muted { "Before" }
                ul {
                    @for span in &history.earlier {
                        li { (clock.on(span.joined_ms)) " to " @match span.left_ms { Some(left_ms) => (clock.on(left_ms)), None => "then" } }
                    }
                    @for change in &history.roles {
                        li {
                            (change.field) " "
                            del { (values::inline(change.before.as_ref())) } " → "
                            @match change.after.as_ref().filter(|after| !after.is_null()) {
                                Some(after) => ins { (values::inline(Some(after))) },
                                None => "none",
                            }
                            ", " (clock.on(change.at_ms))
                        }
                    }
                }
            }
        }
    }
}

/// A role, or that there is none.
pub fn role(role: Option<&str>) -> Markup {
    html! { @match role { Some(role) => (values::name(role)), None => span.zero { "no role" } } }
}

fn timeline(frame: &Frame, view: &View) -> Markup {
    let row = &view.user.row;
    let id = row.user_id.as_deref().or(row.email.as_deref()).unwrap_or(&row.id);
    let known = Known { id, first_seen_ms: row.first_seen_ms };
    let entries = happenings::entries(&view.timeline, Told::OfUser, known, frame.clock);
    timeline_card(frame, "timeline", "Timeline", &view.path(), &view.timeline, &entries, view.user.row.first_seen_ms)
}

/// The card of a time line: chips for the kinds, entries by day, the way to older ones.
pub fn timeline_card(
    frame: &Frame,
    id: &str,
    title: &str,
    path: &str,
    timeline: &Timeline,
    entries: &[feed::Entry],
    known_ms: i64,
) -> Markup {
    let address = |show: &str, before: Option<&str>| {
        format!("{}#{id}", links::with_query(path, &[("show", Some(show)), ("before", before)]))
    };
    let choices = Show::ALL.map(|(show, name, text)| {
        let kept = links::with_query(path, &[("show", Some(name)), ("find", timeline.find.as_deref())]);
        (text, format!("{kept}#{id}"), timeline.show == show)
    });
    let shown = Show::ALL.iter().find(|(show, ..)| *show == timeline.show).map_or("", |(_, name, _)| *name);
    html! {
        section.card aria-labelledby=(id) {
            header {
                h2 id=(id) { (title) }
                @if let Some(find) = &timeline.find {
                    span.chip.set {
                        "has " b { bdi { (find) } }
                        a href=(address(shown, None)) { (small("x")) span.vh { "Clear the search" } }
                    }
                }
                span.end.row {
                    (chips("Show", &choices))
                    (find_form(id, title, path, shown, timeline.find.as_deref()))
                }
            }
            div.body {
                @if entries.is_empty() {
                    p.faint {
                        @if timeline.find.is_some() { "None of the newest " (timeline::LOOKED_AT) " events and changes contains it." }
                        @else if timeline.is_later_page { "Nothing older." }
                        @else { "Nothing so far." }
                    }
                }
                (feed::feed(entries, frame.clock))
            }
            footer {
                @if timeline.is_later_page { a.btn href=(address(shown, None)) { (icon("left")) " Newest" } }
                @if let Some(older) = &timeline.older {
                    a.btn href=(address(shown, Some(older))) { "Older " (icon("right")) }
                }
                span.end { "First seen " (frame.clock.on(known_ms)) }
            }
        }
    }
}

/// Looks for a text in a time line; the path may carry values of its own.
fn find_form(id: &str, title: &str, path: &str, show: &str, find: Option<&str>) -> Markup {
    let (action, kept) = path.split_once('?').unwrap_or((path, ""));
    html! {
        form.search role="search" action={ (action) "#" (id) } {
            label.vh for={ (id) "-find" } { "Find in: " (title) }
            (icon("search"))
            @for (name, value) in kept.split('&').filter_map(|pair| pair.split_once('=')) {
                input type="hidden" name=(name) value=(decode(value));
            }
            @if !show.is_empty() { input type="hidden" name="show" value=(show); }
            input type="search" id={ (id) "-find" } name="find" value=[find] placeholder="Find" autocomplete="off";
        }
    }
}

fn identifiers(frame: &Frame, user: &UserPage) -> Markup {
    html! {
        section.card aria-labelledby="ids" {
            header {
                h2 id="ids" { "Identifiers" }
                span.end {
                    a.btn.bare href={ (links::user(None, &user.row.id)) "/export" } download title="A zip with a readable page and JSON" { "Export everything about this person" }
                @if frame.may(Role::Admin) {
                    " " a.btn.bare href={ (links::user(None, &user.row.id)) "/merge" } { "Merge another record" } " " a.btn.bare href={ (links::user(None, &user.row.id)) "/erase" } { "Erase" }
                }
                }
            }
            dl.facts {
                @for identifier in &user.identifiers { (identifier_row(frame, identifier)) }
                @if let Some(email) = &user.row.email {
                    @let since = user.attributes.iter().find(|attribute| attribute.name == "email");
                    div {
                        dt { "email" }
                        dd { (code::id(email, "e-mail")) }
                        @if let Some(since) = since { dd.src { (small("mail")) " since " (frame.clock.on(since.at_ms)) } }
                    }
                }
                div {
                    dt title="Rollcall's own id, which a lead has too" { "id" }
                    dd { (code::id(&user.row.id, "id")) }
                }
            }
        }
    }
}

fn identifier_row(frame: &Frame, identifier: &Identifier) -> Markup {
    let drawing = match identifier.kind {
        "anonymous_id" => "globe",
        "alias" => "link",
        _ => "key",
    };
    html! {
        div {
            dt { (identifier.kind) }
            dd { (code::id(&identifier.value, identifier.kind)) }
            dd.src { (small(drawing)) " since " (frame.clock.on(identifier.since_ms)) }
        }
    }
}

/// `GET /users/{id}`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest, id: web::Path<String>) -> Answer {
    answer(operator, &request, id.into_inner()).await
}

/// The page of an id: the site's, or ours, or of a lead the e-mail address.
///
/// # Errors
/// The store's.
pub async fn answer(operator: Operator, request: &HttpRequest, id: String) -> Answer {
    if let Some(day) = desk::value(request, "at") {
        return then::user(operator, request, id, day).await;
    }
    let time_line = timeline::Asked::read(|name| desk::value(request, name));
    let all_attributes = desk::value(request, "attributes").as_deref() == Some("all");
    let (wanted, asked, catalog) = (id.clone(), Asked::of(request), desk::store(request)?.catalog());
    let (frame, view) = desk::read(request, operator, Place::Users, move |db, clock| {
        let Some(user) = find(db, &wanted, clock.now_ms)? else { return Ok(None) };
        let subject = Subject::User(user.row.key);
        let changes = changes::list(db, subject, None, HISTORY_ROWS)?;
        let timeline = timeline::read(db, Of::User(user.row.key), subject, &time_line)?;
        let history = attributes::history(&changes.rows, "user");
        let notes = notes::list(db, Profile::User(user.row.key))?;
        let changed = data::Changed::of(&changes);
        let segments = beside::read(db, Someone::User(user.row.key), &catalog, clock.now_ms)?;
        Ok(Some(View {
            segments,
            history,
            changed,
            user,
            timeline,
            all_attributes,
            notes,
            done: done::read(db, asked)?,
        }))
    })
    .await?;
    Ok(match view {
        Some(view) => desk::page(page(&frame, &view)),
        None => desk::page_with(StatusCode::NOT_FOUND, errors::no_user(&frame, &id)),
    })
}

/// The user of an id as a list shows one, without the roll.
pub(super) fn row(db: &Reader<'_>, id: &str) -> Result<Option<UserRow>, StoreError> {
    for name in [UserName::UserId, UserName::Id, UserName::Email] {
        if let Some(key) = users::key(db, &name(id.to_owned()))? {
            return users::row(db, key);
        }
    }
    Ok(None)
}

/// The user of an id: the site's, or ours, or of a lead the e-mail address.
pub(super) fn find(db: &Reader<'_>, id: &str, now_ms: i64) -> Result<Option<UserPage>, StoreError> {
    for name in [UserName::UserId, UserName::Id, UserName::Email] {
        let found = users::page(db, &name(id.to_owned()), now_ms)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
