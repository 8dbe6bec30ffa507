//! `/bulk`: one deed for many rows of a list, with what it will do, and Undo.
//!
//! The list sends the rows that are picked, or what its address asks for; the page offers deeds, says what each
//! would do by rehearsing it, and does it to exactly those. When all of a long list are meant, a job does it.

pub mod job;

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde_json::Value;

use super::companies::ARCHIVED;
use super::desk::{self, Answer};
use super::done::Asked;
use super::edit::value::value_of;
use super::happenings;
use super::parts::feed::Entry;
use super::parts::form::{Mistake, choice};
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::icon;
use super::parts::list::{Address, Column};
use super::parts::numbers::{counted, number};
use super::parts::pill::capital;
use super::parts::say::{self, Tone};
use super::parts::section::{crumbs, head};
use super::parts::{values, who};
use super::{errors, links, narrowed};
use crate::actions::attributes::Hand;
use crate::actions::edit::EditError;
use crate::actions::edit::bulk::{Deed, Outcome, WHOM_MAX, Whom, many};
use crate::domain::access::Role;
use crate::domain::attributes::Type;
use crate::domain::filter::Listed;
use crate::domain::ids::{CompanyId, CompanyKey, UserKey};
use crate::domain::table::Format;
use crate::http::access::{Admin, next_or_home};
use crate::http::page::PageError;
use crate::store::bulk_jobs::{self, Job};
use crate::store::changes::{self, ChangeRow};
use crate::store::companies::{CompanyRow, Shelf};
use crate::store::list::{Count, ListQuery};
use crate::store::operators::Operator;
use crate::store::users::UserRow;
use crate::store::{Reader, Store, StoreError, Tx, companies, operators, profiles, users};

/// Changes that the preview tells one by one.
const TOLD_MAX: usize = 10;
/// Tags in use that the page suggests.
const TAGS_MAX: usize = 100;
/// The latest jobs that the page names.
const JOBS_MAX: usize = 5;
/// Those whom it is about that the page names.
const NAMED_MAX: usize = 5;

/// Characters of a name beside its box: the row says all of it.
const NAME_CHARS_MAX: usize = 30;

/// The box that picks a row.
pub fn pick(key: i64, name: &str) -> Markup {
    html! { td.pick { input type="checkbox" name="row" value=(key) aria-label={ "Pick " (values::cut(name, NAME_CHARS_MAX)) }; } }
}

/// The head of the boxes: with a script one box picks all of the page.
pub fn pick_all() -> Markup {
    html! { td.pick { input.js-only type="checkbox" data-pick-all="" aria-label="Select all on this page"; } }
}

/// A list whose rows can be picked, with the bar that leads on; nothing of that for whoever only looks.
/// `found` is how many the list has.
pub fn pickable<S: Column>(frame: &Frame, listed: Listed, address: &Address<S>, found: Count, table: Markup) -> Markup {
    if !may_pick(frame) {
        return table;
    }
    html! {
        form.pickable method="get" action="/bulk" {
            input type="hidden" name="list" value=(listed.as_str());
            (address.kept(""))
            (table)
            div.bulk.row role="region" aria-label="What is selected" {
                output {}
                button.btn.primary { "Change them" }
                button.btn name="all" value="1" {
                    @match found {
                        Count::Exactly(found) => { "All " (number(found)) " that match" }
                        Count::Over | Count::AtLeast(_) => "All that match",
                    }
                }
            }
        }
    }
}

/// Whether rows can be picked by whoever looks.
pub fn may_pick(frame: &Frame) -> bool {
    frame.may(Role::Admin)
}

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// What is listed.
    pub listed: Listed,
    /// Their keys.
    pub keys: Vec<i64>,
    /// The first of them, each with its page.
    pub first: Vec<(String, String)>,
    /// All of the list are meant, and they are more than these.
    pub more: bool,
    /// Names of attributes.
    pub attributes: Vec<String>,
    /// Operators, by e-mail.
    pub operators: Vec<String>,
    /// Tags in use.
    pub tags: Vec<String>,
    /// The deed that was asked for, as sent.
    pub sent: Sent,
    /// What it would do; why it can't be done.
    pub plan: Option<Result<(Outcome, Vec<ChangeRow>), Mistake>>,
    /// The latest jobs.
    pub jobs: Vec<Job>,
}

impl View {
    /// The list that they were picked from.
    fn back(&self) -> String {
        self.sent.back(self.listed)
    }
}

/// What is listed, for one and for several.
fn nouns(listed: Listed) -> (&'static str, &'static str) {
    match listed {
        Listed::Companies => ("company", "companies"),
        _ => ("user", "users"),
    }
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let (one, several) = nouns(view.listed);
    let title = match view.more {
        true => format!("Change all {several} that match"),
        false => format!("Change {}", counted(view.keys.len() as u64, one, several)),
    };
    let content = html! {
        div.narrow.start.stack {
            (crumbs(&capital(several), &view.back(), "Change many"))
            (head(html! { (title) }, html! { p { "One action is one change, and can be undone as one" @if view.listed == Listed::Users { "; except for an erasure" } "." } }, html! {}))
            @if !view.keys.is_empty() { (who_they_are(view)) }
            @if view.more {
                (say::alert(Tone::Info, &format!("More than {}", number(WHOM_MAX as u64)), html! {
                    p.muted { "The change runs in the background. First it is checked what it does to each of them, and you see that before anything changes; it can be stopped, and undone as a whole." }
                }))
            }
            @if view.keys.is_empty() { (say::nothing("Nothing is selected", html! {
                p { "Select rows in the list, or choose all that match." }
                p.row { a.btn.primary href=(view.back()) { "Back to the list" } }
            })) } @else {
                @match &view.plan {
                    Some(Ok((outcome, rows))) => (plan(frame, view, outcome, rows)),
                    Some(Err(mistake)) => (say::notice(Tone::Bad, &mistake.sentence)),
                    None => {}
                }
                (deeds(view))
            }
            (job::latest(frame, &view.jobs))
        }
    };
    shell(frame, &title, content)
}

/// Whom it is about: the first by name.
fn who_they_are(view: &View) -> Markup {
    let others = view.keys.len().saturating_sub(view.first.len());
    html! {
        p {
            @for (place, (name, page)) in view.first.iter().enumerate() {
                @if place > 0 { ", " }
                a.quiet href=(page) { (values::name(name)) }
            }
            @if view.more { " and more" } @else if others > 0 { " and " (number(others as u64)) " more" }
        }
    }
}

/// What every form sends along: whom, and the way back.
fn whom(view: &View) -> Markup {
    let keys: Vec<String> = view.keys.iter().map(i64::to_string).collect();
    html! {
        input type="hidden" name="list" value=(view.listed.as_str());
        @if view.more { input type="hidden" name="all" value="1"; } @else { input type="hidden" name="keys" value=(keys.join(",")); }
        input type="hidden" name="back" value=(view.back());
    }
}

fn plan(frame: &Frame, view: &View, outcome: &Outcome, rows: &[ChangeRow]) -> Markup {
    let (one, several) = nouns(view.listed);
    let unchanged = outcome.dealt - outcome.changed;
    let entries: Vec<Entry> = happenings::of_deed(rows, frame.clock);
    let sent = &view.sent;
    html! {
        section.card aria-labelledby="plan" {
            header { h2 id="plan" { "What this does" } span.muted { (sent.words()) } }
            div.body.stack.snug {
                @if outcome.changed == 0 { p { b { "Nothing would change." } } } @else {
                    p {
                        b { (counted(outcome.changed as u64, one, several)) } @if outcome.changed == 1 { " changes" } @else { " change" }
                        @if unchanged > 0 { ", " (number(unchanged as u64)) @if unchanged == 1 { " stays as it is" } @else { " stay as they are" } }
                        "."
                    }
                }
                @if outcome.kept > 0 { p.muted { (counted(outcome.kept as u64, "keeps its value, which is pinned", "keep their values, which are pinned")) "." } }
                @if let (left @ 1.., sentence) = (&outcome.left.0, &outcome.left.1) {
                    p.muted { (number(*left as u64)) " can't have it" @if let Some(sentence) = sentence { ": " (sentence) } }
                }
                @if let Some(refused) = outcome.refused_values.first() {
                    p.ink.bad { (refused.code.as_str()) ": " (refused.detail) }
                }
                @if !entries.is_empty() {
                    ul.stack.tight.small { @for entry in &entries { li { (entry.sentence) } } }
                    @if outcome.changed > TOLD_MAX { p.small.muted { "and so on" } }
                }
            }
            footer {
                @if outcome.changed == 0 { a.btn href=(view.back()) { "Back to the list" } } @else {
                    form.row method="post" action="/bulk" {
                        (whom(view))
                        input type="hidden" name="deed" value=(sent.deed);
                        input type="hidden" name="name" value=(sent.name);
                        input type="hidden" name="value" value=(sent.value);
                        button.btn.primary name="step" value="do" { (icon("check")) " Do it" }
                        a.btn.bare href=(view.back()) { "Cancel" }
                    }
                }
            }
        }
    }
}

fn deeds(view: &View) -> Markup {
    let sent = &view.sent;
    let filled = |deed: &str| if sent.deed == deed { sent.value.as_str() } else { "" };
    let form = |deed: &str, heading: &str, fields: Markup| {
        html! {
            section.card aria-labelledby={ "deed-" (deed) } {
                header { h2 id={ "deed-" (deed) } { (heading) } }
                form.body.stack.snug method="post" action="/bulk" {
                    (whom(view))
                    input type="hidden" name="deed" value=(deed);
                    (fields)
                    div.row { button.btn { "See what it does" } }
                }
            }
        }
    };
    let field = |id: &str, name: &str, label: &str, value: &str, list: Option<&str>| {
        html! {
            div.field {
                label for=(id) { (label) }
                input.input.tall id=(id) name=(name) value=(value) list=[list] autocomplete="off";
            }
        }
    };
    let mut owners: Vec<(&str, &str)> = vec![("", "Nobody")];
    owners.extend(view.operators.iter().map(|email| (email.as_str(), email.as_str())));
    html! {
        datalist id="tags" { @for tag in &view.tags { option value=(tag) {} } }
        datalist id="attribute-names" { @for name in &view.attributes { option value=(name) {} } }
        div.cols {
            (form("tag", "Add a tag", field("tag-value", "value", "Tag", filled("tag"), Some("tags"))))
            (form("untag", "Remove a tag", field("untag-value", "value", "Tag", filled("untag"), Some("tags"))))
            (form("owner", "Owner", choice("value", "Which operator looks after them", &owners, filled("owner"), "")))
            (form("set", "Set an attribute", html! {
                (field("set-name", "name", "Attribute", if sent.deed == "set" { &sent.name } else { "" }, Some("attribute-names")))
                (field("set-value", "value", "Value; empty clears it", filled("set"), None))
            }))
            @if view.listed == Listed::Users {
                @for (deed, heading, hint) in [("join", "Add to a company", "Of an existing company."), ("leave", "Remove from a company", "Who is not in it stays as they are.")] {
                    @let company = if sent.deed == deed { sent.name.as_str() } else { "" };
                    (form(deed, heading, html! {
                        (field(&format!("{deed}-name"), "name", "Company id", company, None))
                        p.hint { (hint) }
                    }))
                }
                section.card aria-labelledby="deed-erase" {
                    header { h2 id="deed-erase" { "Erase" } }
                    @if view.more {
                        div.body { p.muted { "At most " (number(WHOM_MAX as u64)) " people can be erased together. Filter the list further, or select them." } }
                    } @else {
                        form.body.stack.snug method="post" action="/bulk/erase" {
                            (whom(view))
                            p.muted { "Everything known about these people goes, for ever. The next page says what goes, and asks for their number." }
                            div.row { button.btn { (icon("trash")) " See what goes" } }
                        }
                    }
                }
                (as_file(view))
            } @else {
                (as_file(view))
                (form("archive", "Archive", html! { p.muted { "Out of lists and numbers. Nothing is erased." } }))
                (form("unarchive", "Put back", html! { p.muted { "Archived ones come back into lists and numbers." } }))
            }
        }
    }
}

/// The rows as a file.
fn as_file(view: &View) -> Markup {
    html! {
        section.card aria-labelledby="deed-export" {
            header { h2 id="deed-export" { "Export" } }
            @if view.more {
                div.body { p.muted { "The list itself exports all that match: " a href=(view.back()) { "back to the list" } "." } }
            } @else { form.body.stack.snug method="post" action="/bulk/export" {
                (whom(view))
                p.muted { "These rows as a file, with every column. Nothing is changed." }
                div.row {
                    button.btn name="format" value=(Format::Csv.as_str()) { "CSV" }
                    button.btn name="format" value=(Format::Ndjson.as_str()) { "NDJSON" }
                }
            } }
        }
    }
}

/// What the forms send.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
pub struct Sent {
    /// `users` or `companies`.
    pub list: String,
    /// Keys, with commas.
    #[serde(default)]
    pub keys: String,
    /// All of the list are meant, which `back` names.
    #[serde(default)]
    pub all: String,
    /// The deed's word.
    pub deed: String,
    /// The attribute's name, or the company's id.
    #[serde(default)]
    pub name: String,
    /// The value.
    #[serde(default)]
    pub value: String,
    /// `do`, else it is rehearsed.
    #[serde(default)]
    pub step: String,
    /// The list that they were picked from, with its filter.
    #[serde(default)]
    pub back: String,
}

impl Sent {
    /// The deed; `kind_of` says the type of an attribute that there is.
    fn deed(&self, kind_of: impl Fn(&str) -> Option<Type>) -> Result<Option<Deed>, Mistake> {
        let (name, value) = (self.name.trim().to_owned(), self.value.trim().to_owned());
        Ok(Some(match self.deed.as_str() {
            "tag" => Deed::Tag(value),
            "untag" => Deed::Untag(value),
            "owner" => Deed::Owner((!value.is_empty()).then_some(value)),
            "set" => {
                let unknown = || {
                    Mistake::new("name", format!("There is no attribute {name:?} to set. See them under Attributes."))
                };
                let kind = kind_of(&name).ok_or_else(unknown)?;
                Deed::Set(name, if value.is_empty() { Value::Null } else { value_of(&value, kind)? })
            }
            "join" => Deed::Join(CompanyId::stored(name)),
            "leave" => Deed::Leave(CompanyId::stored(name)),
            "archive" => Deed::Archive(true),
            "unarchive" => Deed::Archive(false),
            _ => return Ok(None),
        }))
    }

    /// What would be sent for a deed.
    fn of(deed: &Deed) -> Sent {
        let (word, name, value) = match deed {
            Deed::Tag(tag) => ("tag", "", tag.clone()),
            Deed::Untag(tag) => ("untag", "", tag.clone()),
            Deed::Owner(owner) => ("owner", "", owner.clone().unwrap_or_default()),
            Deed::Set(name, Value::Null) => ("set", name.as_str(), String::new()),
            Deed::Set(name, Value::String(text)) => ("set", name.as_str(), text.clone()),
            Deed::Set(name, value) => ("set", name.as_str(), value.to_string()),
            Deed::Join(company) => ("join", company.as_str(), String::new()),
            Deed::Leave(company) => ("leave", company.as_str(), String::new()),
            Deed::Archive(true) => ("archive", "", String::new()),
            Deed::Archive(false) => ("unarchive", "", String::new()),
        };
        Sent { deed: word.to_owned(), name: name.to_owned(), value, ..Sent::default() }
    }

    fn words(&self) -> String {
        let (name, value) = (self.name.trim(), self.value.trim());
        match self.deed.as_str() {
            "tag" => format!("Add the tag “{value}”"),
            "untag" => format!("Remove the tag “{value}”"),
            "owner" if value.is_empty() => "Clear their owner".to_owned(),
            "owner" => format!("Make {value} their owner"),
            "set" if value.is_empty() => format!("Clear {name}"),
            "set" => format!("Set {name} to “{value}”"),
            "join" => format!("Add them to {name}"),
            "leave" => format!("Remove them from {name}"),
            "archive" => "Archive them".to_owned(),
            _ => "Put them back".to_owned(),
        }
    }

    fn keys(&self) -> Vec<i64> {
        keys_of(&self.keys)
    }

    fn back(&self, listed: Listed) -> String {
        match self.back.as_str() {
            "" => format!("/{}", listed.as_str()),
            back => next_or_home(Some(back)).to_owned(),
        }
    }
}

/// The keys of a text, as many as one deed is done to.
pub fn keys_of(text: &str) -> Vec<i64> {
    text.split(',').filter_map(|key| key.trim().parse().ok()).take(WHOM_MAX).collect()
}

/// `GET /bulk?list=users&row=…`, or `&all=1` and what the list's address asks for.
///
/// # Errors
/// The store's.
pub async fn show(Admin(operator): Admin, request: HttpRequest) -> Answer {
    let pairs = narrowed::pairs(&request);
    let value = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let listed = listed(value("list"));
    let is_archived = pairs.iter().any(|(name, value)| name == "list" && value == "archived");
    let shelf = if is_archived { Shelf::Archived } else { Shelf::InUse };
    let fields = desk::store(&request)?.catalog().fields(listed);
    let all = value("all").is_some();
    let picked: Vec<i64> = pairs
        .iter()
        .filter(|(name, _)| name == "row" && !all)
        .filter_map(|(_, key)| key.parse().ok())
        .take(WHOM_MAX)
        .collect();
    let path = if is_archived { ARCHIVED.to_owned() } else { format!("/{}", listed.as_str()) };
    let queries = match listed {
        Listed::Companies => Address::read_filtered(path, companies::SortBy::LastSeen, &pairs, &fields)
            .map(|address| (address.first_page(), (None, Some(address.query(WHOM_MAX))))),
        _ => Address::read_filtered(path, users::SortBy::LastSeen, &pairs, &fields)
            .map(|address| (address.first_page(), (Some(address.query(WHOM_MAX)), None))),
    };
    let (back, queries) = match queries {
        Ok(queries) => queries,
        Err(sentence) => return errors::bad_address(&request, operator, place(listed), &sentence).await,
    };
    let read = move |db: &Reader<'_>, now_ms: i64| {
        Ok(match queries {
            _ if !all => (picked, false),
            (Some(query), _) => {
                let page = users::list(db, &ListQuery { after: None, ..query }, now_ms)?;
                (page.rows.iter().map(|row| row.key.0).collect(), page.next.is_some())
            }
            (None, Some(query)) => {
                let query = ListQuery { after: None, ..query };
                let page = companies::list(db, shelf, &query, now_ms)?;
                (page.rows.iter().map(|row| row.key.0).collect(), page.next.is_some())
            }
            (None, None) => (Vec::new(), false),
        })
    };
    answer(&request, operator, listed, read, Sent { back, ..Sent::default() }, None).await
}

fn listed(word: Option<&str>) -> Listed {
    match word.and_then(Listed::parse) {
        Some(Listed::Companies) => Listed::Companies,
        _ => Listed::Users,
    }
}

fn place(listed: Listed) -> Place {
    if listed == Listed::Companies { Place::Companies } else { Place::Users }
}

async fn answer(
    request: &HttpRequest,
    operator: Operator,
    listed: Listed,
    whom: impl FnOnce(&Reader<'_>, i64) -> Result<(Vec<i64>, bool), StoreError> + Send + 'static,
    sent: Sent,
    plan: Option<Result<(Outcome, Vec<ChangeRow>), Mistake>>,
) -> Answer {
    let fields = desk::store(request)?.catalog().fields(listed);
    let attributes = fields.own_attributes().map(|(name, _)| name.to_owned()).filter(|name| name != "email").collect();
    let is_wrong = matches!(plan, Some(Err(_)));
    let (frame, view) = desk::read(request, operator, place(listed), move |db, clock| {
        let (keys, more) = whom(db, clock.now_ms)?;
        let first = named(db, listed, &keys[..keys.len().min(NAMED_MAX)])?;
        let operators = operators::list(db)?.into_iter().map(|operator| operator.email).collect();
        let tags = profiles::known_tags(db, TAGS_MAX)?;
        let jobs = bulk_jobs::latest(db, JOBS_MAX)?;
        Ok(View { listed, keys, first, more, attributes, operators, tags, sent, plan, jobs })
    })
    .await?;
    let page = page(&frame, &view);
    Ok(if is_wrong { desk::again(page) } else { desk::page(page) })
}

/// What these are called, and their pages.
fn named(db: &Reader<'_>, listed: Listed, keys: &[i64]) -> Result<Vec<(String, String)>, StoreError> {
    if listed == Listed::Companies {
        let name = |row: &CompanyRow| who::company_name(row.name.as_deref(), &row.company_id).to_owned();
        let rows = companies::rows_without_rolls(db, keys)?;
        return Ok(rows.iter().map(|row| (name(row), links::company(&row.company_id))).collect());
    }
    let rows = users::rows_without_rolls(db, keys)?;
    let named = |row: &UserRow| (who::user_name(row).to_owned(), links::user(row.user_id.as_deref(), &row.id));
    Ok(rows.iter().map(named).collect())
}

/// `POST /bulk`: what a deed would do, or with `step=do` the deed.
///
/// # Errors
/// There is no such deed; the store's.
pub async fn change(Admin(operator): Admin, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let sent = sent.into_inner();
    let (listed, keys) = (listed(Some(&sent.list)), sent.keys());
    let store = desk::store(&request)?;
    let fields = store.catalog().fields(listed);
    let kind_of = |name: &str| fields.own_attributes().find(|(known, _)| *known == name).map(|(_, kind)| kind);
    let deed = match sent.deed(kind_of) {
        Ok(deed) => deed.ok_or_else(PageError::not_found)?,
        Err(mistake) => return wrong(&request, operator, listed, sent, mistake).await,
    };
    if !sent.all.is_empty() {
        return match job::begin(store, &operator, listed, &sent.back(listed), &deed).await? {
            Ok(key) => Ok(desk::see_other(&job::address(key))),
            Err(sentence) => wrong(&request, operator, listed, sent, Mistake::new("value", sentence)).await,
        };
    }
    if sent.step == "do" {
        match done(store, &operator, listed, &keys, deed).await {
            // Nobody could have it: the page says why, as it did before.
            Ok(outcome) if outcome.change.is_none() && outcome.says_why() => {
                let plan = Some(Ok((outcome, Vec::new())));
                return answer(&request, operator, listed, move |_, _| Ok((keys, false)), sent, plan).await;
            }
            Ok(outcome) => {
                let asked = outcome.change.map_or(Asked::Same, Asked::Change);
                return Ok(desk::see_other(&asked.address(&sent.back(listed))));
            }
            Err(error) => {
                let mistake = mistake(error)?;
                return wrong(&request, operator, listed, sent, mistake).await;
            }
        }
    }
    let (hand, whom) = (Hand::operator(&operator.email), whom_of(listed, &keys));
    let rehearsed = store
        .rehearse(move |tx: &mut Tx<'_>| {
            let outcome = many(tx, &hand, &whom, &deed)?;
            let rows =
                outcome.change.map(|change| changes::first_of_set(&tx.reader(), change, TOLD_MAX)).transpose()?;
            Ok::<_, EditError>((outcome, rows.unwrap_or_default().0))
        })
        .await;
    let plan = match rehearsed {
        Ok(plan) => Ok(plan),
        Err(error) => Err(mistake(error)?),
    };
    answer(&request, operator, listed, move |_, _| Ok((keys, false)), sent, Some(plan)).await
}

/// The page again, with what is wrong with the deed.
async fn wrong(request: &HttpRequest, operator: Operator, listed: Listed, sent: Sent, mistake: Mistake) -> Answer {
    let (mut keys, mut more) = (sent.keys(), false);
    if !sent.all.is_empty() {
        let (store, list) = (desk::store(request)?, sent.back(listed));
        keys = job::keys_of_list(store, listed, &list, job::Order::Listed, WHOM_MAX).await?.unwrap_or_default();
        more = keys.len() > WHOM_MAX;
        keys.truncate(WHOM_MAX);
    }
    answer(request, operator, listed, move |_, _| Ok((keys, more)), sent, Some(Err(mistake))).await
}

fn whom_of(listed: Listed, keys: &[i64]) -> Whom {
    match listed {
        Listed::Companies => Whom::Companies(keys.iter().map(|key| CompanyKey(*key)).collect()),
        _ => Whom::Users(keys.iter().map(|key| UserKey(*key)).collect()),
    }
}

async fn done(
    store: &Store,
    operator: &Operator,
    listed: Listed,
    keys: &[i64],
    deed: Deed,
) -> Result<Outcome, EditError> {
    let (hand, whom) = (Hand::operator(&operator.email), whom_of(listed, keys));
    store.write(move |tx| many(tx, &hand, &whom, &deed)).await
}

fn mistake(error: EditError) -> Result<Mistake, PageError> {
    let sentence = error.to_string();
    match error {
        EditError::Store(error) => Err(error.into()),
        _ => Ok(Mistake::new("value", sentence)),
    }
}
