//! `/users`: users and leads, their events and their history; what is written is in `write.rs`.

mod write;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::answer::{self, FirstPageView, List, Time};
use super::changes::{self, ChangeSetView};
use super::columns::Columns;
use super::edits::{self, EditView as Edited};
use super::events::EventView;
use super::merges::{self, Merge, MergeView};
use super::openapi::{Call, get, patch, post, put};
use super::parameters::{FILTER, Parameters, invalid};
use super::{erasures, events};
use super::{read_only, resource};
use crate::actions::edit::EditError;
use crate::actions::merge as deeds;
use crate::domain::access::Scope;
use crate::domain::activity::{State, Trend};
use crate::domain::change::{By, Subject};
use crate::domain::codes::calls::CallCode;
use crate::domain::filter::Listed;
use crate::domain::ids::{UserId, UserKey};
use crate::http::access::{ReadToken, WriteToken};
use crate::http::person;
use crate::http::problem::Problem;
use crate::store::events::Of;
use crate::store::history::{self, CompanyThen, UserThen};
use crate::store::list::Extent;
use crate::store::membership_history::MembershipHistory;
use crate::store::shown::{self, Places};
use crate::store::users::{self, AttributeValue, SortBy, UserMembership, UserName, UserRecord};
use crate::store::{self, Reader, Store, StoreError, Tx};

/// What else than its ids a user's row says, to choose from.
const MEMBERS: &[&str] = &[
    "email",
    "name",
    "anonymous_ids",
    "aliases",
    "attributes",
    "companies",
    "owner",
    "tags",
    "first_page",
    "state",
    "trend",
    "first_seen",
    "last_seen",
    "signed",
];

/// The methods that a user takes.
const WRITTEN: &str = "GET, HEAD, PUT, PATCH, DELETE";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(resource("/users", WRITTEN).get(list).put(write::write).patch(write::write).delete(erasures::delete))
        .service(
            resource("/users/{id:[^/]*}", WRITTEN)
                .get(show)
                .put(write::write)
                .patch(write::write)
                .delete(erasures::delete),
        )
        .service(read_only("/users/{id:[^/]*}/events").get(list_events))
        .service(read_only("/users/{id:[^/]*}/changes").get(list_changes))
        .service(read_only("/users/{id:[^/]*}/export").get(export))
        .service(resource("/users/{id:[^/]*}/merge", "POST").post(merge));
}

/// What is done with a user who was just named.
const OF_USER: &[&str] = &[
    "get_users_id",
    "patch_users_id",
    "get_users_id_events",
    "get_users_id_changes",
    "get_users_id_export",
    "post_users_id_merge",
    "post_users_id_erase",
];
/// The calls of this file and of those below it, for the description of the API.
pub(super) fn calls() -> Vec<Call> {
    let example = || json!({ "name": "Ann Lee", "email": "ann@acme.example", "attributes": { "plan": "pro" }, "owner": null, "tags": ["vip"], "companies": [{ "company_id": "acme", "role": "admin", "title": "CFO", "attributes": { "seats": 3 }, "current": true }] });
    let put_user = |path| {
        put(path, Scope::Write, "Changes a user, or creates one; what is absent stays, null clears")
            .of_one()
            .takes(&["by", "dry_run"])
            .sends(example())
            .answers_around::<Edited<UserView>>(200, "Done")
            .answers_around::<Edited<UserView>>(201, "Created")
            .leads_to(changes::UNDO, edits::CHANGE)
            .leads_to(OF_USER, &[("path.id", "/user_id")])
            .refuses(edits::CODES)
    };
    let patch_user = |path| {
        patch(path, Scope::Write, "Changes a user who is known; what is absent stays, null clears")
            .of_one()
            .takes(&["by", "dry_run"])
            .sends(example())
            .answers_around::<Edited<UserView>>(200, "Done")
            .leads_to(changes::UNDO, edits::CHANGE)
            .refuses(edits::CODES)
    };
    let unknown = &[(404, CallCode::UserNotFound), (409, CallCode::SeveralUsers)];
    vec![
        get("/users", "Users and leads; with id= one of them")
            .takes(&["limit", "cursor", "sort", "q", "count", "columns", "f", "match"])
            .lists::<UserView>()
            .leads_to(OF_USER, &[("path.id", "/data/0/user_id")])
            .refuses(&[(400, CallCode::FilterInvalid)]),
        get("/users/{id}", "A user").takes(&["by", "id", "at"]).answers::<UserView>().refuses(&[
            (404, CallCode::UserNotFound),
            (404, CallCode::NotKnownYet),
            (409, CallCode::TooManyChanges),
            (409, CallCode::SeveralUsers),
        ]),
        put_user("/users/{id}"),
        patch_user("/users/{id}"),
        erasures::delete_call("/users/{id}"),
        get("/users/{id}/events", "What a user did, newest first")
            .takes(&["limit", "cursor", "count", "by", "id", "f", "match"])
            .lists::<EventView>()
            .refuses(&[(400, CallCode::FilterInvalid)])
            .refuses(unknown),
        get("/users/{id}/changes", "What changed of a user, newest first")
            .takes(&["limit", "cursor", "by", "id"])
            .lists::<ChangeSetView>()
            .refuses(unknown),
        get("/users/{id}/export", "Everything about a person, as a zip")
            .takes(&["by", "id"])
            .answers_in("application/zip", "A page for people, and JSON")
            .refuses(unknown),
        post(
            "/users/{id}/merge",
            Scope::Write,
            "Merges another user into this one, who is kept; a lead is named by our id",
        )
        .takes(&["by", "id", "dry_run"])
        .sends_a::<Merge>(json!({ "from": "ann-old" }))
        .knows::<Survivor>()
        .answers_around::<MergeView<Survivor>>(200, "Done")
        .refuses(unknown)
        .refuses(&[(409, CallCode::OneAlready)]),
        put_user("/users"),
        patch_user("/users"),
        erasures::delete_call("/users"),
    ]
}

/// `GET /api/v1/users`; with `?id=` one user, as an id of dots can't stand in a path.
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let known = ["limit", "cursor", "sort", "q", "count", "id", "by", "at", "columns", FILTER];
    let parameters = Parameters::of(&request, &known)?;
    if parameters.get("id").is_some() {
        return one(&store, user_name("", &parameters)?, parameters.at(&store)?).await;
    }
    parameters.only_of_one("at")?;
    parameters.only_of_one("by")?;
    let fields = store.catalog().fields(Listed::Users);
    let (query, order) = parameters.filtered_list("-first_seen", &fields, SortBy::named)?;
    let columns = Columns::of(&parameters, &["id", "user_id"], MEMBERS, &fields)?;
    let (wants_count, now_ms) = (parameters.wants_count()?, store.now_ms());
    let to_read = Columns::to_read(columns.as_ref());
    let ((page, total, mut beside), lag_ms) = store
        .read_folded(move |db| {
            let (search, filter) = (query.search.as_deref(), query.filter.as_ref());
            let total =
                wants_count.then(|| users::count_matching(db, search, filter, Extent::ToMax, now_ms)).transpose()?;
            let page = users::records(db, &query, now_ms)?;
            let keys: Vec<i64> = page.rows.iter().map(|user| user.row.key.0).collect();
            // Only columns that are read for themselves say anything of one company among several.
            let met = if to_read.is_empty() { Places::default() } else { Places::met(db, &keys, filter, now_ms)? };
            let beside = shown::of_users(db, &keys, &to_read, &met, now_ms)?;
            Ok((page, total, beside))
        })
        .await?;
    let view = |user: UserRecord| {
        let read = beside.remove(&user.row.key.0);
        Columns::cut(columns.as_ref(), UserView::of(user, now_ms), read)
    };
    Ok(answer::ok(List::of(page, &order, view).counted(total), lag_ms))
}

/// `GET /api/v1/users/{id}`
async fn show(
    _: ReadToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["by", "id", "at"])?;
    one(&store, user_name(&path, &parameters)?, parameters.at(&store)?).await
}

async fn one(store: &Store, name: UserName, at: Option<(String, i64)>) -> Result<HttpResponse, Problem> {
    let (wanted, now_ms, end_ms) = (name.clone(), store.now_ms(), at.as_ref().map(|(_, end_ms)| *end_ms));
    let read = move |db: &Reader<'_>, user: UserKey| {
        let Some(record) = users::record_of_key(db, user, now_ms)? else { return Ok(None) };
        let named = users::named_key(db, &wanted)?.unwrap_or(user);
        let then = end_ms.map(|end_ms| history::user(db, named, end_ms)).transpose()?;
        Ok(Some((record, then)))
    };
    let (found, lag_ms) = read_of(store, name.clone(), read).await?;
    let (user, then) = found.ok_or_else(|| user_not_found(&name))?;
    let view = match (then, at) {
        (Some(then), Some((day, _))) => UserView::then(answer::known(then, &day)?, day),
        _ => UserView::of(user, now_ms),
    };
    Ok(answer::ok(view, lag_ms))
}

/// `GET /api/v1/users/{id}/events`, newest first.
async fn list_events(
    _: ReadToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor", "count", "by", "id", FILTER])?;
    let name = user_name(&path, &parameters)?;
    let wanted = events::Wanted::of(&parameters, &store)?;
    let read = move |db: &Reader<'_>, user| wanted.read(db, Of::User(user));
    let (found, lag_ms) = read_of(&store, name, read).await?;
    Ok(answer::ok(events::shown(found), lag_ms))
}

/// `GET /api/v1/users/{id}/changes`, newest first.
async fn list_changes(
    _: ReadToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor", "by", "id"])?;
    let name = user_name(&path, &parameters)?;
    let (size, after) = (parameters.limit()?, parameters.cursor(changes::ORDER)?);
    let read = move |db: &Reader<'_>, user| store::changes::sets(db, Subject::User(user), after.as_ref(), size);
    let (page, lag_ms) = read_of(&store, name, read).await?;
    Ok(answer::ok(List::of(page, changes::ORDER, ChangeSetView::of), lag_ms))
}

/// `GET /api/v1/users/{id}/export`
async fn export(
    ReadToken(token): ReadToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["by", "id"])?;
    let name = user_name(&path, &parameters)?;
    let (wanted, now_ms) = (name.clone(), store.now_ms());
    let read = move |db: &Reader<'_>, _| person::package(db, &[wanted], now_ms);
    let (package, _) = read_of(&store, name.clone(), read).await?;
    let package = package.ok_or_else(|| user_not_found(&name))?;
    Ok(crate::http::export::answer(&store, By::Token(token.name), package).await)
}

/// The user who stays.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MergedUser)]
struct Survivor {
    user: UserView,
}

/// `POST /api/v1/users/{id}/merge`: the user of the path survives (R11); with `dry_run=1` the preview.
async fn merge(
    token: WriteToken,
    path: Path<String>,
    request: HttpRequest,
    body: Json<Merge>,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["by", "id", "dry_run"])?;
    let survivor = user_name(&path, &parameters)?;
    let other = named_by(&body.from, &parameters)?;
    let (by, now_ms) = (By::Token(token.0.name), store.now_ms());
    let deed = move |tx: &mut Tx<'_>| {
        let to = found(&tx.reader(), &survivor)?;
        // A lead has no id but ours, whatever the one who stays is named by.
        let from = match users::key(&tx.reader(), &UserName::Id(other.text().to_owned()))? {
            Some(from) => from,
            None => found(&tx.reader(), &other)?,
        };
        let change = deeds::merge(tx, &by, to, from).map_err(merges::problem)?;
        let user = users::record(&tx.reader(), &survivor, now_ms)?.ok_or_else(|| user_not_found(&survivor))?;
        Ok((change, Survivor { user: UserView::of(user, now_ms) }))
    };
    merges::answered(&store, parameters.is_dry_run()?, deed).await
}

/// Reads something of a user who is named.
async fn read_of<T: Send + 'static>(
    store: &Store,
    name: UserName,
    read: impl FnOnce(&Reader<'_>, UserKey) -> Result<T, StoreError> + Send + 'static,
) -> Result<(T, u64), Problem> {
    let read = move |db: &Reader<'_>| match found(db, &name) {
        Ok(user) => read(db, user).map(Ok),
        Err(problem) => Ok(Err(problem)),
    };
    let (outcome, lag_ms) = store.read_folded(read).await?;
    Ok((outcome?, lag_ms))
}

/// The user of a name.
pub(super) fn found(db: &Reader<'_>, name: &UserName) -> Result<UserKey, Problem> {
    if users::is_shared(db, name)? {
        return Err(edits::problem(EditError::SeveralUsers(name.text().to_owned())));
    }
    users::key(db, name)?.ok_or_else(|| user_not_found(name))
}

/// Whom a request names: in its path, or by `?id=` where the path is empty.
pub(super) fn user_name(path: &str, parameters: &Parameters) -> Result<UserName, Problem> {
    named_by(parameters.named(path, "user")?, parameters)
}

/// A user by the kind of name that `?by=` says.
pub(super) fn named_by(id: &str, parameters: &Parameters) -> Result<UserName, Problem> {
    match parameters.get("by") {
        Some("id") => Ok(UserName::Id(id.to_owned())),
        Some("email") => Ok(UserName::Email(id.to_owned())),
        Some("user_id") | None => {
            // Ids are compared as they are kept (R9); what can't be one is nobody's.
            let kept = UserId::parse(id).ok().flatten();
            Ok(UserName::UserId(kept.map_or_else(|| id.to_owned(), |id| id.as_str().to_owned())))
        }
        Some(other) => Err(invalid(format!("by can't be {other:?}. Use user_id, email or id."), "by")),
    }
}

pub(super) fn user_not_found(name: &UserName) -> Problem {
    let detail = match name {
        UserName::UserId(id) => {
            format!("No user has the id {id:?}. Check the id; use ?by=email to look up an e-mail address.")
        }
        UserName::Email(email) => format!("No user has the e-mail address {email:?}."),
        UserName::Id(id) => format!("No user has our id {id:?}. Without ?by=id, the site's own id is looked up."),
    };
    Problem::new(StatusCode::NOT_FOUND, CallCode::UserNotFound, detail)
}

/// A user as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct UserView {
    id: String,
    user_id: Option<String>,
    email: Option<String>,
    name: Option<String>,
    anonymous_ids: Vec<String>,
    aliases: Vec<String>,
    attributes: Map<String, Value>,
    companies: Vec<MembershipView>,
    owner: Option<String>,
    tags: Vec<String>,
    first_page: Option<FirstPageView>,
    /// These three are not kept of earlier days.
    state: Option<&'static str>,
    trend: Option<&'static str>,
    first_seen: Time,
    last_seen: Option<Time>,
    signed: bool,
    /// The day as of which it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    at: Option<String>,
}

impl UserView {
    pub(super) fn of(user: UserRecord, now_ms: i64) -> UserView {
        let UserRecord { row, identifiers, attributes, memberships, active_days, signed, first_page } = user;
        let mut attributes = plain(attributes);
        if let Some(name) = &row.name {
            // Made of its parts where it was not sent (A5).
            attributes.entry("name").or_insert_with(|| Value::String(name.clone()));
        }
        let ids =
            |kind: &str| identifiers.iter().filter(|id| id.kind == kind).map(|id| id.value.clone()).collect::<Vec<_>>();
        UserView {
            anonymous_ids: ids("anonymous_id"),
            aliases: ids("alias"),
            id: row.id,
            user_id: row.user_id,
            email: row.email,
            name: row.name,
            attributes,
            companies: memberships.into_iter().map(MembershipView::of).collect(),
            owner: row.owner,
            tags: row.tags,
            first_page: first_page.map(FirstPageView::of),
            state: Some(State::at(now_ms, row.first_seen_ms, row.last_seen_ms).as_str()),
            trend: Some(Trend::between(active_days.1, active_days.0).as_str()),
            first_seen: Time(row.first_seen_ms),
            last_seen: row.last_seen_ms.map(Time),
            signed,
            at: None,
        }
    }

    /// As it was at the end of a day.
    fn then(then: UserThen, day: String) -> UserView {
        let profile = then.profile;
        UserView {
            anonymous_ids: then.anonymous_ids,
            aliases: then.aliases,
            id: then.id,
            user_id: then.user_id,
            email: profile.text("email").map(str::to_owned),
            name: history::person_name_of(&profile.attributes),
            attributes: profile.attributes.into_iter().collect(),
            companies: then.companies.into_iter().map(MembershipView::then).collect(),
            owner: profile.owner,
            tags: profile.tags,
            first_page: then.first_page.map(FirstPageView::of),
            state: None,
            trend: None,
            first_seen: Time(then.first_seen_ms),
            last_seen: None,
            signed: then.signed,
            at: Some(day),
        }
    }
}

/// Attributes by name, without where they came from.
pub(super) fn plain(attributes: Vec<AttributeValue>) -> Map<String, Value> {
    attributes.into_iter().map(|attribute| (attribute.name, attribute.value)).collect()
}

/// A user's company as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Membership)]
pub(super) struct MembershipView {
    company_id: String,
    name: Option<String>,
    role: Option<String>,
    title: Option<String>,
    attributes: Map<String, Value>,
    current: bool,
    joined_at: Time,
    left_at: Option<Time>,
    /// Not kept of earlier days.
    source: Option<String>,
}

/// What was before of a membership, as JSON (C7).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MembershipHistory)]
pub(super) struct MembershipHistoryView {
    earlier: Vec<EarlierView>,
    changes: Vec<RoleChangeView>,
}

/// An earlier time in a company.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EarlierMembership)]
struct EarlierView {
    joined_at: Time,
    left_at: Option<Time>,
}

/// Another role or title.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoleChange)]
struct RoleChangeView {
    at: Time,
    field: String,
    before: Option<Value>,
    after: Option<Value>,
}

impl MembershipHistoryView {
    pub(super) fn of(history: MembershipHistory) -> MembershipHistoryView {
        let earlier = history.earlier.into_iter();
        let changes = history.roles.into_iter().map(|change| RoleChangeView {
            at: Time(change.at_ms),
            field: change.field,
            before: change.before,
            after: change.after,
        });
        MembershipHistoryView {
            earlier: earlier
                .map(|span| EarlierView { joined_at: Time(span.joined_ms), left_at: span.left_ms.map(Time) })
                .collect(),
            changes: changes.collect(),
        }
    }
}

impl MembershipView {
    fn then(mut membership: CompanyThen) -> MembershipView {
        let text = |name: &str| membership.attributes.get(name).and_then(Value::as_str).map(str::to_owned);
        let (role, title) = (text("role"), text("title"));
        MembershipView {
            company_id: membership.company.company_id,
            name: membership.company.name,
            role,
            title,
            attributes: std::mem::take(&mut membership.attributes).into_iter().collect(),
            current: membership.current,
            joined_at: Time(membership.joined_ms),
            left_at: membership.left_ms.map(Time),
            source: None,
        }
    }

    pub fn of(membership: UserMembership) -> MembershipView {
        MembershipView {
            company_id: membership.company.company_id,
            name: membership.company.name,
            role: membership.role,
            title: membership.title,
            attributes: membership.attributes,
            current: membership.current,
            joined_at: Time(membership.joined_ms),
            left_at: membership.left_ms.map(Time),
            source: Some(membership.source),
        }
    }
}
