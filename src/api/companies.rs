//! `/companies`: companies, their members, events and history; what is written is in `write.rs` and
//! `merge.rs`.

mod merge;
mod write;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::answer::{self, FirstPageView, List, Time};
use super::changes::{self, ChangeSetView};
use super::columns::Columns;
use super::edits::{self, EditView as Edited};
use super::events::{self, EventView};
use super::openapi::{Call, delete, get, patch, put};
use super::parameters::{FILTER, Parameters, Sorts, invalid};
use super::users::{MembershipHistoryView, MembershipView, plain};
use super::{read_only, resource};
use crate::domain::access::Scope;
use crate::domain::activity::{State, Trend};
use crate::domain::change::Subject;
use crate::domain::codes::calls::CallCode;
use crate::domain::filter::Listed;
use crate::domain::ids::{CompanyId, CompanyKey};
use crate::http::access::ReadToken;
use crate::http::problem::Problem;
use crate::store::companies::{self, CompanyRecord, MemberRow, MembersBy, MembersOf, RoleIs, Shelf, SortBy};
use crate::store::events::Of;
use crate::store::history::{self, CompanyItselfThen};
use crate::store::list::Extent;
use crate::store::{self, Reader, Store, StoreError, shown};

const MEMBER_SORTS: &Sorts<MembersBy> = &[
    ("name", MembersBy::Name),
    ("role", MembersBy::Role),
    ("joined_at", MembersBy::Joined),
    ("last_seen", MembersBy::LastSeen),
    ("events_28d", MembersBy::Events),
];

/// What else than its id a company's row says, to choose from.
const MEMBERS: &[&str] = &[
    "aliases",
    "name",
    "domains",
    "attributes",
    "members",
    "active_members_30d",
    "owner",
    "tags",
    "signed_members",
    "first_page",
    "state",
    "trend",
    "first_seen",
    "last_seen",
    "archived_at",
];

/// The methods that a company takes.
const WRITTEN: &str = "GET, HEAD, PUT, PATCH, DELETE";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(resource("/companies", WRITTEN).get(list).put(write::write).patch(write::write).delete(write::delete))
        .service(
            resource("/companies/{id:[^/]*}", WRITTEN)
                .get(show)
                .put(write::write)
                .patch(write::write)
                .delete(write::delete),
        )
        .service(
            resource("/companies/{id:[^/]*}/members/{user_id:[^/]*}", "PUT, DELETE")
                .put(write::put_member)
                .delete(write::delete_member),
        )
        .service(resource("/companies/{id:[^/]*}/merge", "POST").post(merge::merge))
        .service(read_only("/companies/{id:[^/]*}/members").get(list_members))
        .service(read_only("/companies/{id:[^/]*}/events").get(list_events))
        .service(read_only("/companies/{id:[^/]*}/changes").get(list_changes));
}

/// What is done with a company that was just named.
const OF_COMPANY: &[&str] = &[
    "get_companies_id",
    "patch_companies_id",
    "delete_companies_id",
    "get_companies_id_members",
    "get_companies_id_events",
    "get_companies_id_changes",
    "post_companies_id_merge",
];

/// The calls of this file and of those below it, for the description of the API.
pub(super) fn calls() -> Vec<Call> {
    let example = || json!({ "name": "Acme", "attributes": { "plan": "pro" }, "owner": null, "tags": ["vip"], "signed_members": false, "archived": false });
    let put_company = |path| {
        put(
            path,
            Scope::Write,
            "Changes a company, or creates one; what is absent stays, null clears. company_id renames it",
        )
        .of_one()
        .takes(&["dry_run"])
        .sends(example())
        .answers_around::<Edited<CompanyView>>(200, "Done")
        .answers_around::<Edited<CompanyView>>(201, "Created")
        .leads_to(changes::UNDO, edits::CHANGE)
        .leads_to(OF_COMPANY, &[("path.id", "/company_id")])
        .refuses(edits::CODES)
    };
    let patch_company = |path| {
        patch(path, Scope::Write, "Changes a company that is known; archived: false puts it back into lists")
            .of_one()
            .takes(&["dry_run"])
            .sends(example())
            .answers_around::<Edited<CompanyView>>(200, "Done")
            .refuses(edits::CODES)
    };
    let archive = |path| {
        delete(path, Scope::Write, "Archives a company: out of lists and numbers, not erased")
            .of_one()
            .takes(&["dry_run"])
            .answers_around::<Edited<CompanyView>>(200, "Done")
            .refuses(unknown())
    };
    vec![
        get("/companies", "Companies; with id= one of them")
            .takes(&["limit", "cursor", "sort", "q", "count"])
            .takes_word("archived", &["1", "0"], "1: archived companies only")
            .takes(&["columns", "f", "match"])
            .lists::<CompanyView>()
            .leads_to(OF_COMPANY, &[("path.id", "/data/0/company_id")])
            .refuses(&[(400, CallCode::FilterInvalid)]),
        get("/companies/{id}", "A company").takes(&["id", "at"]).answers::<CompanyView>().refuses(&[
            (404, CallCode::CompanyNotFound),
            (404, CallCode::NotKnownYet),
            (409, CallCode::TooManyChanges),
        ]),
        put_company("/companies/{id}"),
        patch_company("/companies/{id}"),
        archive("/companies/{id}"),
        get("/companies/{id}/members", "Who is in a company")
            .takes(&["limit", "cursor", "sort", "q", "count", "id"])
            .takes_word("left", &["1", "0"], "1: those who have left")
            .takes_own("role", "Only those who have this role")
            .lists::<MemberView>()
            .refuses(unknown()),
        put(
            "/companies/{id}/members/{user_id}",
            Scope::Write,
            "Changes a membership; a user who is not a member joins",
        )
        .takes(&["id", "by", "dry_run"])
        .takes_own("user_id", "Instead of the user's id in the path, for ids that can't be used in one")
        .sends(json!({ "role": "admin", "title": "CFO", "attributes": { "seats": 3 }, "current": true }))
        .answers_around::<Edited<MembershipView>>(200, "Done")
        .answers_around::<Edited<MembershipView>>(201, "Created")
        .leads_to(changes::UNDO, edits::CHANGE)
        .refuses(edits::CODES),
        delete("/companies/{id}/members/{user_id}", Scope::Write, "The user leaves the company")
            .takes(&["id", "by", "dry_run"])
            .takes_own("user_id", "Instead of the user's id in the path, for ids that can't be used in one")
            .answers_around::<Edited<MembershipView>>(200, "Done")
            .refuses(edits::CODES)
            .refuses(&[(404, CallCode::MembershipNotFound)]),
        get("/companies/{id}/events", "What was done in a company, newest first")
            .takes(&["limit", "cursor", "count", "id", "f", "match"])
            .lists::<EventView>()
            .refuses(&[(400, CallCode::FilterInvalid)])
            .refuses(unknown()),
        get("/companies/{id}/changes", "What changed of a company and its memberships, newest first")
            .takes(&["limit", "cursor", "id"])
            .lists::<ChangeSetView>()
            .refuses(unknown()),
        merge::call(),
        put_company("/companies"),
        patch_company("/companies"),
        archive("/companies"),
    ]
}

fn unknown() -> &'static [(u16, CallCode)] {
    &[(404, CallCode::CompanyNotFound)]
}

/// `GET /api/v1/companies`, with `archived=1` the archived ones; with `?id=` one company, as an id of dots can't stand in a path.
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let known = ["limit", "cursor", "sort", "q", "count", "id", "at", "archived", "columns", FILTER];
    let parameters = Parameters::of(&request, &known)?;
    if parameters.get("id").is_some() {
        return one(&store, company_id("", &parameters)?, parameters.at(&store)?).await;
    }
    parameters.only_of_one("at")?;
    let fields = store.catalog().fields(Listed::Companies);
    let (query, order) = parameters.filtered_list("-first_seen", &fields, SortBy::named)?;
    let columns = Columns::of(&parameters, &["company_id"], MEMBERS, &fields)?;
    let (wants_count, now_ms) = (parameters.wants_count()?, store.now_ms());
    let shelf = match parameters.get("archived") {
        None | Some("0") => Shelf::InUse,
        Some("1") => Shelf::Archived,
        Some(other) => {
            return Err(invalid(format!("archived can't be {other:?}. Use 1 or leave it out."), "archived"));
        }
    };
    let to_read = Columns::to_read(columns.as_ref());
    let ((page, total, mut beside), lag_ms) = store
        .read_folded(move |db| {
            let (search, filter) = (query.search.as_deref(), query.filter.as_ref());
            let count = || companies::count_matching(db, shelf, search, filter, Extent::ToMax, now_ms);
            let total = wants_count.then(count).transpose()?;
            let page = companies::records(db, shelf, &query, now_ms)?;
            let keys: Vec<i64> = page.rows.iter().map(|company| company.row.key.0).collect();
            let beside = shown::of_companies(db, &keys, &to_read, now_ms)?;
            Ok((page, total, beside))
        })
        .await?;
    let view = |company: CompanyRecord| {
        let read = beside.remove(&company.row.key.0);
        Columns::cut(columns.as_ref(), CompanyView::of(company, now_ms), read)
    };
    Ok(answer::ok(List::of(page, &order, view).counted(total), lag_ms))
}

/// `GET /api/v1/companies/{company_id}`
async fn show(
    _: ReadToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["id", "at"])?;
    one(&store, company_id(&path, &parameters)?, parameters.at(&store)?).await
}

async fn one(store: &Store, id: String, at: Option<(String, i64)>) -> Result<HttpResponse, Problem> {
    let (wanted, now_ms, end_ms) = (id.clone(), store.now_ms(), at.as_ref().map(|(_, end_ms)| *end_ms));
    let read = move |db: &Reader<'_>| {
        let Some(company) = companies::record(db, &wanted, now_ms)? else { return Ok(None) };
        let named = companies::named_key(db, &wanted)?.unwrap_or(company.row.key);
        let then = end_ms.map(|end_ms| history::company(db, named, end_ms)).transpose()?;
        Ok(Some((company, then)))
    };
    let (found, lag_ms) = store.read_folded(read).await?;
    let (company, then) = found.ok_or_else(|| not_found(&id))?;
    let view = match (then, at) {
        (Some(then), Some((day, _))) => CompanyView::then(company, answer::known(then, &day)?, day),
        _ => CompanyView::of(company, now_ms),
    };
    Ok(answer::ok(view, lag_ms))
}

/// `GET /api/v1/companies/{company_id}/members`; with `left=1` those who left.
async fn list_members(
    _: ReadToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor", "sort", "q", "count", "left", "role", "id"])?;
    let id = company_id(&path, &parameters)?;
    let open = match parameters.get("left") {
        None | Some("0") => true,
        Some("1") => false,
        Some(other) => return Err(invalid(format!("left can't be {other:?}. Use 1 or leave it out."), "left")),
    };
    let role = parameters.get("role").map(|role| RoleIs::Text(role.to_owned()));
    let (query, order) = parameters.list(MEMBER_SORTS, "name")?;
    let (wants_count, now_ms) = (parameters.wants_count()?, store.now_ms());
    let read = move |db: &Reader<'_>, company| {
        let (search, of) = (query.search.as_deref(), MembersOf { company, open, role });
        let total = wants_count.then(|| companies::count_members(db, &of, search, Extent::ToMax)).transpose()?;
        Ok((companies::members(db, &of, &query, now_ms)?, total))
    };
    let ((page, total), lag_ms) = read_of(&store, id, read).await?;
    Ok(answer::ok(List::of(page, &order, MemberView::of).counted(total), lag_ms))
}

/// `GET /api/v1/companies/{company_id}/events`, newest first.
async fn list_events(
    _: ReadToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor", "count", "id", FILTER])?;
    let id = company_id(&path, &parameters)?;
    let wanted = events::Wanted::of(&parameters, &store)?;
    let read = move |db: &Reader<'_>, company| wanted.read(db, Of::Company(company));
    let (found, lag_ms) = read_of(&store, id, read).await?;
    Ok(answer::ok(events::shown(found), lag_ms))
}

/// `GET /api/v1/companies/{company_id}/changes`, newest first, those of memberships too.
async fn list_changes(
    _: ReadToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor", "id"])?;
    let id = company_id(&path, &parameters)?;
    let (size, after) = (parameters.limit()?, parameters.cursor(changes::ORDER)?);
    let read =
        move |db: &Reader<'_>, company| store::changes::sets(db, Subject::Company(company), after.as_ref(), size);
    let (page, lag_ms) = read_of(&store, id, read).await?;
    Ok(answer::ok(List::of(page, changes::ORDER, ChangeSetView::of), lag_ms))
}

/// Reads something of a company that is named.
async fn read_of<T: Send + 'static>(
    store: &Store,
    id: String,
    read: impl FnOnce(&Reader<'_>, CompanyKey) -> Result<T, StoreError> + Send + 'static,
) -> Result<(T, u64), Problem> {
    let wanted = id.clone();
    let (found, lag_ms) =
        store.read_folded(move |db| companies::key(db, &wanted)?.map(|company| read(db, company)).transpose()).await?;
    Ok((found.ok_or_else(|| not_found(&id))?, lag_ms))
}

/// Which company a request names: in its path, or by `?id=` where the path is empty.
fn company_id(path: &str, parameters: &Parameters) -> Result<String, Problem> {
    let id = parameters.named(path, "company")?;
    // Ids are compared as they are kept (R9); what can't be one is no company's.
    let kept = CompanyId::parse(id).ok().flatten();
    Ok(kept.map_or_else(|| id.to_owned(), |id| id.as_str().to_owned()))
}

fn not_found(id: &str) -> Problem {
    let detail = format!("No company has the id {id:?}. Check the id; it is case-sensitive.");
    Problem::new(StatusCode::NOT_FOUND, CallCode::CompanyNotFound, detail)
}

/// A company as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Company)]
pub(super) struct CompanyView {
    company_id: String,
    /// Earlier ids, and those of companies merged into it.
    aliases: Vec<String>,
    name: Option<String>,
    domains: Vec<String>,
    attributes: Map<String, Value>,
    members: Option<u64>,
    /// This, state, trend and last seen are not kept of earlier days.
    active_members_30d: Option<u32>,
    owner: Option<String>,
    tags: Vec<String>,
    signed_members: Option<bool>,
    first_page: Option<FirstPageView>,
    state: Option<&'static str>,
    trend: Option<&'static str>,
    first_seen: Time,
    last_seen: Option<Time>,
    /// Out of lists and numbers since (C10).
    archived_at: Option<Time>,
    /// The day as of which it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    at: Option<String>,
}

impl CompanyView {
    pub(super) fn of(company: CompanyRecord, now_ms: i64) -> CompanyView {
        let CompanyRecord { row, aliases, archived_ms, domains, attributes, signed_members, active_people, first_page } =
            company;
        CompanyView {
            company_id: row.company_id,
            aliases,
            name: row.name,
            domains,
            attributes: plain(attributes),
            members: Some(u64::from(row.members)),
            active_members_30d: Some(row.active_members),
            owner: row.owner,
            tags: row.tags,
            signed_members: Some(signed_members),
            first_page: first_page.map(|(_, first)| FirstPageView::of(first)),
            state: Some(State::at(now_ms, row.first_seen_ms, row.last_seen_ms).as_str()),
            trend: Some(Trend::between(active_people.1, active_people.0).as_str()),
            first_seen: Time(row.first_seen_ms),
            last_seen: row.last_seen_ms.map(Time),
            archived_at: archived_ms.map(Time),
            at: None,
        }
    }

    /// As it was at the end of a day.
    fn then(company: CompanyRecord, then: CompanyItselfThen, day: String) -> CompanyView {
        let profile = then.profile;
        CompanyView {
            company_id: then.company_id,
            aliases: company.aliases,
            name: profile.text("name").map(str::to_owned),
            domains: profile.text("domain").map(str::to_owned).into_iter().collect(),
            attributes: profile.attributes.into_iter().collect(),
            members: then.members,
            active_members_30d: None,
            owner: profile.owner,
            tags: profile.tags,
            signed_members: None,
            first_page: company.first_page.map(|(_, first)| FirstPageView::of(first)),
            state: None,
            trend: None,
            first_seen: Time(company.row.first_seen_ms),
            last_seen: None,
            archived_at: company.archived_ms.map(Time),
            at: Some(day),
        }
    }
}

/// A member as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
struct MemberView {
    id: String,
    user_id: Option<String>,
    email: Option<String>,
    name: Option<String>,
    role: Option<String>,
    title: Option<String>,
    attributes: Map<String, Value>,
    current: bool,
    joined_at: Time,
    left_at: Option<Time>,
    last_seen: Option<Time>,
    events_28d: u64,
    source: String,
    history: MembershipHistoryView,
}

impl MemberView {
    fn of(member: MemberRow) -> MemberView {
        MemberView {
            id: member.user.id,
            user_id: member.user.user_id,
            email: member.user.email,
            name: member.user.name,
            role: member.role,
            title: member.title,
            attributes: member.attributes,
            current: member.current,
            joined_at: Time(member.joined_ms),
            left_at: member.left_ms.map(Time),
            last_seen: member.last_seen_ms.map(Time),
            events_28d: member.events_28d,
            source: member.source,
            history: MembershipHistoryView::of(member.history),
        }
    }
}
