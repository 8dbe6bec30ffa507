//! `/possible-duplicates`: records that may be one, and those that a person says are not (R7, C5).

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::answer::{self, List, Time};
use super::openapi::{Call, get, post};
use super::parameters::{Parameters, invalid};
use super::resource;
use crate::actions::duplicates as deeds;
use crate::domain::access::Scope;
use crate::domain::change::By;
use crate::domain::codes::requests::RequestCode;
use crate::domain::duplicates::Records;
use crate::domain::ids::{ChangeKey, CompanyId};
use crate::http::access::{ReadToken, WriteToken};
use crate::http::problem::Problem;
use crate::store::companies::{self, CompanyRow};
use crate::store::duplicates::{self, Group};
use crate::store::users::{self, UserName, UserRow};
use crate::store::{Store, Tx};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(resource("/possible-duplicates", "GET, HEAD, POST").get(list).post(tell_apart));
}

/// The calls of this file, for the description of the API.
pub(super) fn calls() -> Vec<Call> {
    vec![
        get("/possible-duplicates", "Records that may be the same, latest found first")
            .needs_word("kind", &["user", "company"], "Whose records", "company")
            .takes(&["limit", "cursor", "count"])
            .lists::<GroupView>(),
        post(
            "/possible-duplicates",
            Scope::Write,
            "Says that two are not the same: users by our id, companies by theirs",
        )
        .sends_a::<Body>(json!({ "kind": "company", "not_the_same": ["acme", "acme-old"] }))
        .answers_like(200, "Done", json!({ "change_id": 1 }))
        .refuses(&[(404, RequestCode::NotFound)]),
    ]
}

/// The name of the order: the latest found first.
const ORDER: &str = "-since";

/// `GET /api/v1/possible-duplicates?kind=user|company`
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["kind", "limit", "cursor", "count"])?;
    let records = kind(parameters.get("kind").unwrap_or_default())?;
    let (size, after, now_ms) = (parameters.limit()?, parameters.cursor(ORDER)?, store.now_ms());
    let wants_count = parameters.wants_count()?;
    let list = store
        .read(move |db| {
            let total = wants_count.then(|| duplicates::count(db, records)).transpose()?;
            let after = after.as_ref();
            let list = match records {
                Records::Users => {
                    let page = duplicates::of_users(db, after, size, now_ms)?;
                    List::of(page, ORDER, |group| GroupView::of(records, group, RecordView::of_user))
                }
                Records::Companies => {
                    let page = duplicates::of_companies(db, after, size, now_ms)?;
                    List::of(page, ORDER, |group| GroupView::of(records, group, RecordView::of_company))
                }
            };
            Ok(list.counted(total))
        })
        .await?;
    Ok(answer::ok(list, 0))
}

fn kind(word: &str) -> Result<Records, Problem> {
    Records::parse(word).ok_or_else(|| invalid(format!("kind can't be {word:?}. Use user or company."), "kind"))
}

/// Two that are not the same: users by our id, companies by theirs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NotTheSame)]
struct Body {
    #[schema(pattern = "^(user|company)$")]
    kind: String,
    #[schema(min_items = 2, max_items = 2)]
    not_the_same: [String; 2],
}

/// `POST /api/v1/possible-duplicates`: two are not the same, and are not shown again.
async fn tell_apart(
    token: WriteToken,
    request: HttpRequest,
    body: Json<Body>,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let Body { kind: word, not_the_same: ids } = body.into_inner();
    let (records, by) = (kind(&word)?, By::Token(token.0.name));
    let change = store.write(move |tx| told(tx, &by, records, &ids)).await?;
    Ok(answer::ok(json!({ "change_id": change.map(|change| change.0) }), 0))
}

fn told(tx: &mut Tx<'_>, by: &By, records: Records, ids: &[String; 2]) -> Result<Option<ChangeKey>, Problem> {
    let [one, other] = ids;
    Ok(match records {
        Records::Users => {
            let found =
                |id: &String| users::key(&tx.reader(), &UserName::Id(id.clone()))?.ok_or_else(|| unknown(records, id));
            deeds::users_differ(tx, by, found(one)?, found(other)?)?
        }
        Records::Companies => {
            let found = |id: &String| {
                companies::key_of_id(tx, &CompanyId::stored(id.clone()))?.ok_or_else(|| unknown(records, id))
            };
            deeds::companies_differ(tx, by, found(one)?, found(other)?)?
        }
    })
}

fn unknown(records: Records, id: &str) -> Problem {
    let detail = match records {
        Records::Users => format!("No user's id is {id:?}. Send the two as id, which is ours, and not as user_id."),
        Records::Companies => format!("No company has the id {id:?}. Check the id; it is case-sensitive."),
    };
    Problem::new(StatusCode::NOT_FOUND, RequestCode::NotFound, detail)
}

/// Records that may be one, as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PossibleDuplicates)]
struct GroupView {
    kind: &'static str,
    why: &'static str,
    shared: String,
    since: Time,
    records: Vec<RecordView>,
    has_more: bool,
    /// Which two are to be decided of.
    pairs: Vec<[String; 2]>,
}

/// One of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Record)]
enum RecordView {
    User { id: String, user_id: Option<String>, email: Option<String>, name: Option<String> },
    Company { company_id: String, name: Option<String> },
}

impl RecordView {
    fn of_user(user: UserRow) -> RecordView {
        RecordView::User { id: user.id, user_id: user.user_id, email: user.email, name: user.name }
    }

    fn of_company(company: CompanyRow) -> RecordView {
        RecordView::Company { company_id: company.company_id, name: company.name }
    }

    fn id(&self) -> String {
        match self {
            RecordView::User { id, .. } | RecordView::Company { company_id: id, .. } => id.clone(),
        }
    }
}

impl GroupView {
    fn of<R>(kind: Records, group: Group<R>, view: impl Fn(R) -> RecordView) -> GroupView {
        let records: Vec<RecordView> = group.records.into_iter().map(view).collect();
        let pairs = group.pairs.into_iter().map(|(one, other)| [records[one].id(), records[other].id()]).collect();
        GroupView {
            kind: kind.as_str(),
            why: group.why.as_str(),
            shared: group.shared,
            since: Time(group.since_ms),
            has_more: group.more,
            pairs,
            records,
        }
    }
}
