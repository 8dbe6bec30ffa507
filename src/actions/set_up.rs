//! The first start: a link that works once makes the first operator. There is no default password.

use serde_json::json;

use super::operators::{self as deeds, OperatorError};
use super::passwords;
use super::sources::{self, SourceError};
use crate::domain::access::{Grade, Role, token_hash};
use crate::domain::change::{By, Change, Subject};
use crate::domain::ids;
use crate::domain::settings::{SettingError, Settings};
use crate::store::operators::{self, OneTimeLink, Operator};
use crate::store::workspace::{self, SetError};
use crate::store::{Store, StoreError, changes};

/// The first source: a new workspace has a key for its pages at once.
const FIRST_SOURCE: &str = "Website";

/// What the set-up page asks.
#[derive(Debug, Clone)]
pub struct SetUp {
    /// The token of the link.
    pub link_token: String,
    /// The workspace's name.
    pub workspace_name: String,
    /// Its time zone, such as `Europe/Warsaw` (T4).
    pub time_zone: String,
    /// The first operator's e-mail address.
    pub email: String,
    /// Their password.
    pub password: String,
}

impl SetUp {
    /// All that does not fit in what was filled in, in the order of the page.
    pub fn mistakes(&self) -> Vec<SetUpError> {
        let mut settings = Settings::default();
        let checked: [Result<(), SetUpError>; 4] = [
            settings.set("workspace_name", &self.workspace_name).map_err(SetUpError::from),
            settings.set("time_zone", &self.time_zone).map_err(SetUpError::from),
            ids::email(&self.email).map(drop).map_err(|error| OperatorError::Email(error).into()),
            passwords::check(&self.password).map_err(|error| OperatorError::from(error).into()),
        ];
        checked.into_iter().filter_map(Result::err).collect()
    }

    fn settings(&self) -> Result<Settings, SettingError> {
        let mut settings = Settings::default();
        settings.set("workspace_name", &self.workspace_name)?;
        settings.set("time_zone", &self.time_zone)?;
        Ok(settings)
    }
}

/// Why the workspace was not set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The name or the time zone.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The operator.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// The first source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The link was used, has expired or never was, or there is an operator already.
    #[error(
        "This link has been used or has expired. Until there is an operator, the server prints a new one each time it starts."
    )]
    LinkUsed,
}

impl From<StoreError> for SetUpError {
    fn from(error: StoreError) -> SetUpError {
        SetUpError::Operator(error.into())
    }
}

impl From<SetError> for SetUpError {
    fn from(error: SetError) -> SetUpError {
        match error {
            SetError::Setting(error) => SetUpError::Setting(error),
            SetError::Store(error) => error.into(),
        }
    }
}

/// The token of a new link for `/set-up?token=…`, while there is no operator; the one before it ends.
///
/// # Errors
/// The store's.
pub async fn link(store: &Store) -> Result<Option<String>, StoreError> {
    store
        .write(|tx| {
            if operators::any(&tx.reader())? {
                return Ok(None);
            }
            let token = tx.ambient.token();
            operators::add_link(tx, None, &token_hash(&token), deeds::link_expires_ms(tx.now_ms))?;
            Ok(Some(token))
        })
        .await
}

/// Whether a link still sets up the workspace.
///
/// # Errors
/// The store's.
pub async fn is_open(store: &Store, link_token: &str) -> Result<bool, StoreError> {
    let (hash, now_ms) = (token_hash(link_token), store.now_ms());
    store
        .read(move |db| Ok(operators::link(db, &hash, now_ms)? == Some(OneTimeLink::SetUp) && !operators::any(db)?))
        .await
}

/// Names the workspace, sets its time zone, makes its first operator and its first source, and uses the link up: all or nothing.
///
/// # Errors
/// What does not fit, a link that is none (any more), the store's.
pub async fn set_up(store: &Store, set_up: SetUp) -> Result<Operator, SetUpError> {
    if let Some(mistake) = set_up.mistakes().into_iter().next() {
        return Err(mistake);
    }
    let settings = set_up.settings()?;
    let email = ids::email(&set_up.email).map_err(OperatorError::Email)?;
    if !is_open(store, &set_up.link_token).await? {
        return Err(SetUpError::LinkUsed);
    }
    let hash = passwords::hash(store.ambient(), &set_up.password).await?;
    let link = token_hash(&set_up.link_token);
    store
        .write(move |tx| {
            let found = operators::link(&tx.reader(), &link, tx.now_ms)?;
            if found != Some(OneTimeLink::SetUp) || operators::any(&tx.reader())? || !operators::use_link(tx, &link)? {
                return Err(SetUpError::LinkUsed);
            }
            let by = By::Operator(email.clone());
            let mut named = Vec::new();
            for name in ["workspace_name", "time_zone"] {
                let before = tx.catalog().settings.get(name).unwrap_or_default();
                let after = settings.get(name).unwrap_or_default();
                workspace::set(tx, name, &after)?;
                named.push(Change::new(Subject::Workspace, name, Some(json!(before)), Some(json!(after))));
            }
            let operator = deeds::add_within(tx, &by, &email, Role::Owner, Some(&hash))?;
            if tx.catalog().write_keys.is_empty() {
                sources::add(tx, &by, FIRST_SOURCE, &[], &[])?;
            }
            changes::record(tx, &by, "set_up", Grade::Hand, &named)?;
            Ok(operator)
        })
        .await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::actions::operators::{add, change_password, reset, set_password, sign_in};
    use crate::store::Ambient;

    const PASSWORD: &str = "correct horse battery";

    /// An empty workspace with a clock that the story moves.
    fn fresh() -> (tempfile::TempDir, Arc<AtomicI64>, Store) {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(1_800_000_000_000));
        let hand = Arc::clone(&clock);
        let ambient = Ambient { now_ms: Arc::new(move || hand.load(Ordering::Relaxed)), ..Ambient::default() };
        let store = Store::open(&folder.path().join("rollcall.db"), ambient).unwrap();
        (folder, clock, store)
    }

    fn answers(link_token: &str) -> SetUp {
        SetUp {
            link_token: link_token.to_owned(),
            workspace_name: "Quayside".to_owned(),
            time_zone: "Europe/Warsaw".to_owned(),
            email: " Ines@Quayside.example ".to_owned(),
            password: PASSWORD.to_owned(),
        }
    }

    #[tokio::test]
    async fn the_first_operator_comes_by_a_link_that_works_once() {
        let (_folder, _, store) = fresh();
        let replaced = link(&store).await.unwrap().unwrap();
        let token = link(&store).await.unwrap().unwrap();
        assert!(!is_open(&store, &replaced).await.unwrap(), "a new link ends the one before");
        assert!(is_open(&store, &token).await.unwrap());
        assert!(matches!(set_up(&store, answers("guessed")).await, Err(SetUpError::LinkUsed)));

        let ines = set_up(&store, answers(&token)).await.unwrap();
        assert_eq!((ines.email.as_str(), ines.role), ("ines@quayside.example", Role::Owner));
        let settings = &store.catalog().settings;
        assert_eq!((settings.workspace_name.as_str(), settings.time_zone.name()), ("Quayside", "Europe/Warsaw"));

        assert!(matches!(set_up(&store, answers(&token)).await, Err(SetUpError::LinkUsed)));
        assert_eq!(link(&store).await.unwrap(), None, "there is an operator now");
    }

    #[tokio::test]
    async fn what_does_not_fit_is_said_and_uses_nothing_up() {
        let (_folder, clock, store) = fresh();
        let token = link(&store).await.unwrap().unwrap();
        let refused = async |change: fn(&mut SetUp)| {
            let mut answers = answers(&token);
            change(&mut answers);
            set_up(&store, answers).await.unwrap_err().to_string()
        };
        assert!(refused(|answers| answers.workspace_name.clear()).await.contains("workspace_name"));
        assert!(refused(|answers| answers.time_zone = "Warsaw".to_owned()).await.contains("Europe/Warsaw"));
        assert!(refused(|answers| answers.email = "ines".to_owned()).await.contains("not an e-mail address"));
        assert!(refused(|answers| answers.password = "short".to_owned()).await.contains("at least 10"));
        assert!(is_open(&store, &token).await.unwrap());

        clock.fetch_add(25 * 3_600_000, Ordering::Relaxed);
        assert!(matches!(set_up(&store, answers(&token)).await, Err(SetUpError::LinkUsed)), "24 hours are over");
        assert!(!store.read_now(operators::any).unwrap());
    }

    #[tokio::test]
    async fn only_the_right_password_signs_in_and_a_reset_replaces_it() {
        let (_folder, _, store) = fresh();
        let token = link(&store).await.unwrap().unwrap();
        set_up(&store, answers(&token)).await.unwrap();
        let enters = async |email: &str, password: &str| sign_in(&store, email, password).await.unwrap().is_some();
        assert!(enters("INES@quayside.example", PASSWORD).await);
        assert!(!enters("ines@quayside.example", "correct horse").await);
        assert!(!enters("nobody@quayside.example", PASSWORD).await);

        let reset_token = reset(&store, "ines@quayside.example").await.unwrap();
        assert!(enters("ines@quayside.example", PASSWORD).await, "the old one holds until the link is used");
        set_password(&store, &reset_token, "another long one").await.unwrap();
        assert!(!enters("ines@quayside.example", PASSWORD).await);
        assert!(enters("ines@quayside.example", "another long one").await);
        let again = set_password(&store, &reset_token, "a third long one").await;
        assert!(matches!(again, Err(OperatorError::LinkUsed)));

        let ines = sign_in(&store, "ines@quayside.example", "another long one").await.unwrap().unwrap();
        let guessed = change_password(&store, &ines, PASSWORD, "a third long one").await;
        assert!(matches!(guessed, Err(OperatorError::WrongPassword)));
        change_password(&store, &ines, "another long one", "a third long one").await.unwrap();
        assert!(enters("ines@quayside.example", "a third long one").await);
    }

    #[tokio::test]
    async fn an_operator_without_a_password_can_not_sign_in_until_the_link_sets_one() {
        let (_folder, _, store) = fresh();
        let added = add(&store, By::Shell, "bob@quayside.example", Role::Viewer, None).await.unwrap();
        assert!(sign_in(&store, "bob@quayside.example", "").await.unwrap().is_none());
        let twice = add(&store, By::Shell, "Bob@quayside.example", Role::Owner, Some(PASSWORD)).await;
        assert!(matches!(twice, Err(OperatorError::EmailTaken(_))), "{twice:?}");
        let bob = set_password(&store, &added.link_token.unwrap(), PASSWORD).await.unwrap();
        assert_eq!(bob.role, Role::Viewer);
        assert!(sign_in(&store, "bob@quayside.example", PASSWORD).await.unwrap().is_some());
    }
}
