//! What an e-mail's domain says of a company (C9): asked when a user's address is set or changed, and
//! decided by a person where the rule suggests.

use serde_json::{Value, json};

use crate::domain::access::Grade;
use crate::domain::attributes::{Stamp, Write};
use crate::domain::change::{By, CREATED, Change, DOMAINS, Subject};
use crate::domain::companies::{Order, Said, Statement};
use crate::domain::email_domains::{self, Facts, Verdict};
use crate::domain::error::Refused;
use crate::domain::ids::{CompanyId, CompanyKey, SourceKey, UserKey};
use crate::domain::settings::DomainRule;
use crate::store::memberships::Member;
use crate::store::workspace::SetError;
use crate::store::{Store, StoreError, Tx, changes, companies, email_domains as domains, memberships};

/// The name of the rule in change sets.
const RULE: &str = "e-mail domain";
/// Statements of a rule come through no source.
const NO_SOURCE: SourceKey = SourceKey(0);
/// People that one step takes into a company.
const STEP_PEOPLE: i64 = 200;

/// Why a decision about a domain was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DomainError {
    /// It is not a domain that somebody can register.
    #[error("{0:?} is not a domain a company can have. Use one like acme.com.")]
    NotADomain(String),
    /// The company's id is none.
    #[error("{}", .0.detail)]
    CompanyId(Refused),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Asks the rule about a user whose e-mail address was set or changed at an instant (Unix milliseconds).
///
/// # Errors
/// [`StoreError`] only.
pub fn consider(tx: &mut Tx<'_>, user: UserKey, email: Option<&str>, at_ms: i64) -> Result<(), StoreError> {
    let rule = tx.catalog().settings.domain_rule;
    if rule == DomainRule::Off {
        return Ok(());
    }
    let Some(domain) = email.and_then(email_domains::of_email) else { return domains::stop_waiting(tx, user) };
    let known = domains::companies_of(tx, &domain)?;
    let facts = Facts {
        is_left_out: is_left_out(tx, &domain),
        has_membership: memberships::any(tx, user)?,
        companies: known.len(),
        is_accepted: known.first().is_some_and(|(_, accepted)| *accepted),
    };
    let by = By::Rule(RULE);
    let takes_any = |tx: &Tx<'_>, company: CompanyKey| !tx.catalog().companies_of_signed.contains(&company);
    match (email_domains::decide(rule, facts), known.first()) {
        (Verdict::Nothing, _) => domains::stop_waiting(tx, user),
        // An address is no proof: a company of signed members takes nobody by rule (C8).
        (Verdict::Join, Some((company, _))) if takes_any(tx, *company) => {
            let changes = join(tx, user, *company, at_ms)?;
            changes::record(tx, &by, "domain", Grade::Rule, &changes).map(drop)
        }
        (Verdict::Create, _) => {
            let mut changes = Vec::new();
            let id = CompanyId::stored(domain.clone());
            let company = company_of(tx, &id, &domain, at_ms, &mut changes)?;
            if takes_any(tx, company) {
                changes.extend(join(tx, user, company, at_ms)?);
            }
            changes::record(tx, &by, "domain", Grade::Rule, &changes).map(drop)
        }
        (Verdict::Suggest | Verdict::Join, _) => domains::wait(tx, user, &domain),
    }
}

/// The workspace's own domains (its staff's, and those of the pages that send), and the ignore list.
fn is_left_out(tx: &Tx<'_>, domain: &str) -> bool {
    let settings = &tx.catalog().settings;
    settings.staff_domains.iter().chain(&settings.ignored_domains).any(|one| one == domain) || is_own(tx, domain)
}

/// Whether a domain is the workspace's own: that of this server, or of the pages that send.
pub fn is_own(tx: &Tx<'_>, domain: &str) -> bool {
    let named = |host: &String| host == domain || email_domains::registrable(host).as_deref() == Some(domain);
    let own = |origin: &String| email_domains::of_website(origin).as_deref() == Some(domain);
    tx.ambient.own_host.as_ref().is_some_and(named)
        || tx.catalog().sources.values().any(|source| source.origins.iter().any(own))
}

/// The company of an id, made where it is not known, that has the domain from now on.
fn company_of(
    tx: &mut Tx<'_>,
    id: &CompanyId,
    domain: &str,
    at_ms: i64,
    changes: &mut Vec<Change>,
) -> Result<CompanyKey, StoreError> {
    let company = match companies::key_of_id(tx, id)? {
        Some(company) => companies::survivor(tx, company),
        None => {
            let company = companies::create(tx, id, at_ms)?;
            changes.push(Change::new(Subject::Company(company), CREATED, None, Some(json!(id.as_str()))));
            let mut known = companies::load(tx, company)?;
            let stamp = Stamp { pinned: false, at_ms, grade: Grade::Rule, order: 0, source: NO_SOURCE };
            let stated = Write::Set(Value::String(domain.to_owned()));
            if let Some((before, after)) = known.attributes.write("domain", stated, stamp) {
                changes.push(Change::new(Subject::Company(company), "domain", before, after));
            }
            companies::save(tx, &known)?;
            company
        }
    };
    if domains::give(tx, company, domain)? {
        changes.push(Change::new(Subject::Company(company), DOMAINS, None, Some(json!(domain))));
    }
    Ok(company)
}

/// Makes a user a member by the rule, which any other statement beats.
fn join(tx: &mut Tx<'_>, user: UserKey, company: CompanyKey, at_ms: i64) -> Result<Vec<Change>, StoreError> {
    let message_hash = tx.message_hash(NO_SOURCE, None);
    let joins = Statement { order: Order { at_ms, message: message_hash, place: 1 }, said: Said::Joins(company) };
    memberships::state(tx, Member::User(user), &[joins], Grade::Rule, NO_SOURCE)?;
    memberships::restate(tx, user)
}

/// Memberships made by the rule give way to a company that is stated otherwise: what to say of them
/// beside the statement. They end with it, or where it speaks of an earlier time, when they began.
///
/// # Errors
/// [`StoreError`] only.
pub fn giving_way(tx: &Tx<'_>, user: UserKey, said: &[Statement]) -> Result<Vec<Statement>, StoreError> {
    let Some(order) = said.first().map(|statement| statement.order) else { return Ok(Vec::new()) };
    let joins = |company: CompanyKey| said.iter().any(|statement| statement.said == Said::Joins(company));
    if !said.iter().any(|statement| matches!(statement.said, Said::Joins(_))) {
        return Ok(Vec::new());
    }
    let made = memberships::made_by_rule(tx, user)?;
    let others = made.into_iter().filter(|(company, _)| !joins(*company));
    let leaves = (1..).zip(others).map(|(place, (company, stated_ms))| Statement {
        order: Order { at_ms: order.at_ms.max(stated_ms + 1), place: -place, ..order },
        said: Said::Leaves(company),
    });
    Ok(leaves.collect())
}

/// Accepts a domain: it is this company's from now on, which is made where it is not known (of the domain,
/// where no id is given), and those who wait for it become members. Answers the company's id and how many
/// became members.
///
/// # Errors
/// No domain, no company id, the store's; whoever became a member by then stays one.
pub async fn accept_all(
    store: &Store,
    by: By,
    domain: String,
    company_id: String,
) -> Result<(String, u64), DomainError> {
    let (first_by, wanted) = (by.clone(), domain.clone());
    let (id, company) = store.write(move |tx| accept(tx, &first_by, &wanted, &company_id)).await?;
    let domain = known_domain(&domain)?;
    let mut people = 0;
    loop {
        let (by, domain) = (by.clone(), domain.clone());
        let (joined, more) = store.write(move |tx| take_in(tx, &by, &domain, company)).await?;
        people += joined;
        if !more {
            return Ok((id.as_str().to_owned(), people));
        }
    }
}

/// Gives a domain to a company.
///
/// # Errors
/// No domain, no company id, the store's.
pub fn accept(
    tx: &mut Tx<'_>,
    by: &By,
    domain: &str,
    company_id: &str,
) -> Result<(CompanyId, CompanyKey), DomainError> {
    let domain = known_domain(domain)?;
    let id = CompanyId::parse(company_id).map_err(DomainError::CompanyId)?;
    let id = id.unwrap_or_else(|| CompanyId::stored(domain.clone()));
    let mut changes = Vec::new();
    let now_ms = tx.now_ms;
    let company = company_of(tx, &id, &domain, now_ms, &mut changes)?;
    changes::record(tx, by, "accept_domain", Grade::Hand, &changes)?;
    Ok((id, company))
}

/// Takes some of those who wait for a domain into its company; answers how many became members, and
/// whether more wait.
fn take_in(tx: &mut Tx<'_>, by: &By, domain: &str, company: CompanyKey) -> Result<(u64, bool), StoreError> {
    let waiting = domains::take_waiting(tx, domain, STEP_PEOPLE)?;
    let more = waiting.len() as i64 == STEP_PEOPLE;
    let (mut changes, mut people) = (Vec::new(), 0);
    let now_ms = tx.now_ms;
    for user in waiting {
        if !memberships::any(tx, user)? {
            changes.extend(join(tx, user, company, now_ms)?);
            people += 1;
        }
    }
    changes::record(tx, by, "accept_domain", Grade::Rule, &changes)?;
    Ok((people, more))
}

/// Ignores a domain for ever: it makes and suggests no company.
///
/// # Errors
/// No domain, the store's.
pub fn ignore(tx: &mut Tx<'_>, by: &By, domain: &str) -> Result<(), DomainError> {
    let domain = known_domain(domain)?;
    let mut ignored = tx.catalog().settings.ignored_domains.clone();
    if !ignored.contains(&domain) {
        ignored.push(domain.clone());
    }
    super::settings::set(tx, by, "ignored_domains", &ignored.join(",")).map_err(|error| match error {
        SetError::Setting(_) => DomainError::NotADomain(domain.clone()),
        SetError::Store(error) => error.into(),
    })?;
    Ok(domains::forget(tx, &domain)?)
}

fn known_domain(text: &str) -> Result<String, DomainError> {
    email_domains::of_website(text).ok_or_else(|| DomainError::NotADomain(text.to_owned()))
}
