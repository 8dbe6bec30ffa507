//! `/edit/member`: a user's place in a company (C1, C7): joined, left, role, title, the current one; and
//! with only one of the two, the other is asked for.

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Found, Whom, back, missing, mistake, named, placed, value, whole};
use crate::actions::attributes::Hand;
use crate::actions::edit::{self, EditError, Edited, MemberEdit};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::happenings::{self, Known, Told};
use crate::dashboard::links;
use crate::dashboard::parts::feed;
use crate::dashboard::parts::form::{Line, Mistake, tick};
use crate::dashboard::parts::frame::{Frame, Place, shell};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::section::{crumbs, head};
use crate::dashboard::parts::values;
use crate::dashboard::timeline::Timeline;
use crate::dashboard::user;
use crate::domain::ids::CompanyKey;
use crate::http::access::Admin;
use crate::http::page::PageError;
use crate::store::changes::{self, ChangeRow};
use crate::store::companies;
use crate::store::operators::Operator;
use crate::store::users::{self, AttributeValue, UserMembership, UserName};

/// Changes of the user that are looked through for those of this membership.
const HISTORY_ROWS: usize = 300;

/// The word for the company's page, as the one to come back to; else it is the user's.
pub const COMPANY_PAGE: &str = "company";

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The user, the company, or both.
    pub found: Found,
    /// The membership, where there is or was one.
    pub membership: Option<UserMembership>,
    /// Its attributes, role and title among them.
    pub values: Vec<AttributeValue>,
    /// What changed about it, the newest first.
    pub history: Vec<ChangeRow>,
    /// It was opened on the company's page, and leads back there.
    pub of_company: bool,
    /// What was sent and not taken.
    pub sent: Option<Sent>,
    /// Why not.
    pub mistake: Option<Mistake>,
}

impl View {
    fn is_open(&self) -> bool {
        self.membership.as_ref().is_some_and(|membership| membership.left_ms.is_none())
    }

    /// The page that it was opened on.
    fn page(&self) -> String {
        match &self.found {
            Found::Member(_, company) if self.of_company => links::company(&company.company_id),
            found => found.page(),
        }
    }

    /// The word for that page.
    fn page_word(&self) -> &'static str {
        if self.of_company || matches!(self.found, Found::Company(_)) { COMPANY_PAGE } else { "user" }
    }
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let name = view.found.name();
    let title = match &view.found {
        Found::User(_) => "Add to a company".to_owned(),
        Found::Company(_) => "Add a member".to_owned(),
        Found::Member(..) if view.is_open() => "Membership".to_owned(),
        Found::Member(..) => "Join again".to_owned(),
    };
    let below = html! {
        @if let Some(membership) = &view.membership {
            p {
                "Joined " (frame.clock.on(membership.joined_ms))
                @if let Some(left_ms) = membership.left_ms { ", left " (frame.clock.on(left_ms)) }
                @if membership.current { ", the current company" }
            }
        }
    };
    let content = html! {
        div.narrow.start.stack {
            (crumbs(&name, &view.page(), &title))
            (head(html! { bdi { (values::cut(&name, values::NAME_CHARS_MAX)) } }, below, html! {}))
            (form_card(view, &title))
            @if view.is_open() { (leave_card(view)) }
            @if let Found::Member(..) = view.found {
                (others_card(frame, view))
                (history_card(frame, view))
            }
        }
    };
    shell(frame, &format!("{title}: {name}"), content)
}

fn form_card(view: &View, title: &str) -> Markup {
    let sent = view.sent.as_ref();
    let now = |name: &str| {
        let known = view.values.iter().find(|value| value.name == name);
        known.map(|value| values::plain(&value.value)).unwrap_or_default()
    };
    let role = sent.map_or_else(|| now("role"), |sent| sent.role.clone());
    let title_now = sent.map_or_else(|| now("title"), |sent| sent.title.clone());
    let is_current = match (sent, &view.membership) {
        (Some(sent), _) => sent.current.is_some(),
        (None, Some(membership)) => membership.current || !view.is_open(),
        (None, None) => true,
    };
    let other = |name: &'static str, label: &str, hint: &str, value: &str| {
        Line { name, label, value, hint, autocomplete: "off", required: true, ..Line::default() }
            .draw(view.mistake.as_ref())
    };
    html! {
        section.card aria-labelledby="member-h" {
            header { h2 id="member-h" { (title) } }
            div.body {
                form.stack.snug method="post" action="/edit/member" {
                    @match &view.found {
                        Found::User(user) => {
                            input type="hidden" name="user" value=(user.id);
                            (other("company", "Company id", "Your site's own id for the company. If it is not known, it is created.", sent.map_or("", |sent| &sent.whom.company)))
                        }
                        Found::Company(company) => {
                            input type="hidden" name="key" value=(company.key.0);
                            (other("user", "User", "User id, or the e-mail address of a known user.", sent.map_or("", |sent| &sent.whom.user)))
                        }
                        Found::Member(..) => { (named(&view.found.whom())) }
                    }
                    input type="hidden" name="page" value=(view.page_word());
                    @if !matches!(view.found, Found::Member(..)) { input type="hidden" name="adds" value="1"; }
                    (Line { name: "role", label: "Role", value: &role, autocomplete: "off", hint: "Such as admin. Leave empty for none.", ..Line::default() }.draw(view.mistake.as_ref()))
                    (Line { name: "title", label: "Title", value: &title_now, autocomplete: "off", hint: "What they do there.", ..Line::default() }.draw(view.mistake.as_ref()))
                    (tick("current", "The current company", "Of several companies, the one that pages show first and that company attributes without an id go to.", is_current))
                    div.row {
                        button.btn.primary name="deed" value="join" { @if view.is_open() { "Save" } @else { (icon("join")) " Add" } }
                        a.btn.bare href=(view.page()) { "Cancel" }
                    }
                }
            }
        }
    }
}

fn leave_card(view: &View) -> Markup {
    html! {
        section.card aria-labelledby="leave-h" {
            header { h2 id="leave-h" { "Mark as left" } }
            div.body.stack.snug {
                p.muted { "The time in the company stays in the history, and so does what they did there. If the site names the company for them again, they join again." }
                form.row method="post" action="/edit/member" {
                    (named(&view.found.whom()))
                    input type="hidden" name="page" value=(view.page_word());
                    button.btn.danger name="deed" value="leave" { (icon("leave")) " Left the company" }
                }
            }
        }
    }
}

/// Attributes beside role and title, each with its own page.
fn others_card(frame: &Frame, view: &View) -> Markup {
    let whom = view.found.whom();
    let others = view.values.iter();
    html! {
        @if view.membership.is_some() {
            section.card aria-labelledby="others" {
                header {
                    h2 id="others" { "Attributes of the membership" }
                    a.btn.bare.end href=(super::value_address(&whom, "")) { (icon("plus")) " Add" }
                }
                @if view.values.is_empty() { p.body.muted { "None so far." } } @else {
                    dl.facts {
                        @for attribute in others {
                            div {
                                dt { bdi { (attribute.label.as_deref().unwrap_or(&attribute.name)) } }
                                dd {
                                    (values::value(&attribute.value, attribute.kind, frame.clock))
                                    @if attribute.pinned { " " span title="Pinned: only a person can change it" { (icon("pin")) span.vh { "pinned" } } }
                                    " " (value::link(&whom, attribute, true))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn history_card(frame: &Frame, view: &View) -> Markup {
    let timeline = Timeline { changes: view.history.clone(), ..Timeline::default() };
    let entries = happenings::entries(&timeline, Told::OfUser, Known { id: "", first_seen_ms: i64::MAX }, frame.clock);
    html! {
        @if !entries.is_empty() {
            section.card aria-labelledby="history" {
                header { h2 id="history" { "History" } }
                div.body { (feed::feed(&entries, frame.clock)) }
            }
        }
    }
}

/// What the forms send.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Sent {
    #[serde(flatten)]
    whom: Whom,
    deed: String,
    #[serde(default)]
    page: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    title: String,
    current: Option<String>,
    /// Somebody is added: whose membership was not seen, it is not changed.
    adds: Option<String>,
}

/// `GET /edit/member?user=&company=`
///
/// # Errors
/// The store's.
pub async fn show(Admin(operator): Admin, request: HttpRequest) -> Answer {
    let whom = Whom::of(&request);
    let of_company = desk::value(&request, "page").as_deref() == Some(COMPANY_PAGE);
    let (frame, view) = read(&request, operator, whom.clone()).await?;
    match view {
        Some(view) => Ok(desk::page(page(&frame, &View { of_company, ..view }))),
        None => missing(&frame, &whom),
    }
}

async fn read(request: &HttpRequest, operator: Operator, whom: Whom) -> Result<(Frame, Option<View>), PageError> {
    let read = desk::read(request, operator, Place::Elsewhere, move |db, _| {
        let Some(found) = whom.find(db)? else { return Ok(None) };
        let (mut membership, mut values, mut history) = (None, Vec::new(), Vec::new());
        if let Found::Member(user, company) = &found {
            membership = users::memberships_of(db, user.key)?
                .into_iter()
                .find(|membership| membership.company.key == company.key);
            values = users::membership_values(db, user.key, company.key)?;
            let all = changes::list(db, crate::domain::change::Subject::User(user.key), None, HISTORY_ROWS)?.rows;
            history = all.into_iter().filter(|row| row.about == found.subject()).collect();
        }
        Ok(Some(View { found, membership, values, history, of_company: false, sent: None, mistake: None }))
    });
    Ok(placed(read.await?, |view| &view.found))
}

/// `POST /edit/member`
///
/// # Errors
/// Nobody of this id, the store's.
pub async fn change(Admin(operator): Admin, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let sent = sent.into_inner();
    let hand = Hand::operator(&operator.email);
    let mistake = match deed(&request, hand, &sent).await {
        Ok(edited) => {
            let whom = if sent.page == COMPANY_PAGE { sent.whom.only_company() } else { sent.whom.only_user() };
            let (frame, view) = read(&request, operator, whom.clone()).await?;
            let Some(view) = view else { return missing(&frame, &whom) };
            return back(&view.found.page(), &edited);
        }
        Err(error) => mistake(error, if sent.page == COMPANY_PAGE { "user" } else { "company" })?,
    };
    // What was asked for is asked again: the one who is known stays.
    let whom = match (sent.page.as_str(), mistake.field) {
        (COMPANY_PAGE, "user") => sent.whom.only_company(),
        (_, "company") => sent.whom.only_user(),
        _ => sent.whom.clone(),
    };
    let (frame, view) = read(&request, operator, whom.clone()).await?;
    let Some(view) = view else { return missing(&frame, &whom) };
    let of_company = sent.page == COMPANY_PAGE;
    Ok(desk::again(page(&frame, &View { of_company, sent: Some(sent), mistake: Some(mistake), ..view })))
}

async fn deed(request: &HttpRequest, hand: Hand, sent: &Sent) -> Result<Edited, EditError> {
    let store = desk::store(request).map_err(|_| crate::store::StoreError::Stopped)?;
    let whom = sent.whom.clone();
    let (leaves, mut values, ticked) = (sent.deed == "leave", values_of(sent), sent.current.is_some());
    let adds = sent.adds.is_some().then_some(if sent.page == COMPANY_PAGE { "user" } else { "company" });
    store
        .write(move |tx| {
            let db = tx.reader();
            let user = user::row(&db, whom.user.trim())?;
            let user = user.ok_or_else(|| EditError::NoUser(whom.user.clone()))?;
            let name = UserName::Id(user.id);
            // One that is typed may not be known yet.
            let company = match whom.key.parse() {
                Ok(key) => companies::row(&db, CompanyKey(key))?.map(|company| company.company_id),
                Err(_) => Some(whom.company.trim().to_owned()),
            };
            let company = company.ok_or_else(|| EditError::NoCompany(whom.key.clone()))?;
            if leaves {
                return edit::leave(tx, &hand, &company, &name);
            }
            let open = users::memberships_of(&db, user.key)?;
            let (here, others): (Vec<_>, Vec<_>) =
                open.into_iter().filter(|one| one.left_ms.is_none()).partition(|one| one.company.company_id == company);
            if let (Some(field), Some(_)) = (adds, here.first()) {
                let sentence =
                    "This user is a member of the company already. Choose Edit beside the membership.".to_owned();
                return Err(EditError::Value { field, sentence });
            }
            let current = match here.first() {
                Some(here) => (ticked != here.current).then_some(ticked),
                // Who has no other company is in this one.
                None => (ticked || !others.is_empty()).then_some(ticked),
            };
            // Nothing is said anew where nothing is to change.
            let said = |name: &str| {
                here.first().and_then(|here| if name == "role" { here.role.clone() } else { here.title.clone() })
            };
            values.retain(|name, value| value.as_str().map(str::to_owned) != said(name));
            let edited = edit::join_one(tx, &hand, &company, &name, &MemberEdit { values, pinned: false, current })?;
            whole(edited, |attribute| if attribute.ends_with("title") { "title" } else { "role" })
        })
        .await
}

/// Role and title as written; an empty one is none.
fn values_of(sent: &Sent) -> Map<String, Value> {
    let text = |text: &str| if text.trim().is_empty() { Value::Null } else { json!(text.trim()) };
    Map::from_iter([("role".to_owned(), text(&sent.role)), ("title".to_owned(), text(&sent.title))])
}
