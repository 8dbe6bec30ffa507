//! The copies in memory of what every message asks for. Republished by the
//! writer after a commit that changed them, and when another process wrote.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, RwLock};

use rusqlite::Connection;

use super::{StoreError, erasure, segments, webhooks};
use crate::domain::access::Grade;
use crate::domain::attributes::{Owner, Type};
use crate::domain::filter::{Fields, Listed};
use crate::domain::ids::{CompanyKey, SecretKey, SourceKey, UserKey};
use crate::domain::proof::Secret;
use crate::domain::segments::Segment;
use crate::domain::settings::Settings;
use crate::domain::webhooks::Webhook;

/// Whether a source keeps what it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// Stores.
    Live,
    /// Answers as usual, but stores nothing.
    Test,
    /// An imported file: no call comes from it.
    Import,
}

impl SourceKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            SourceKind::Live => "live",
            SourceKind::Test => "test",
            SourceKind::Import => "import",
        }
    }
}

/// A website or back end that sends data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Our row number.
    pub key: SourceKey,
    /// Its id in the API and at the shell.
    pub source_id: String,
    /// Its name.
    pub name: String,
    /// Live or test.
    pub kind: SourceKind,
    /// Answers 403 to everything.
    pub paused: bool,
    /// New attributes wait in the tray (A8).
    pub closed: bool,
    /// Messages with a user must carry proof.
    pub signatures_required: bool,
    /// Pages of these origins may send; none means any.
    pub origins: Vec<String>,
    /// Its public keys, our own first, then those adopted from another tool.
    pub write_keys: Vec<String>,
    /// Secrets that its site signs with, the newest first.
    pub secrets: Vec<Secret>,
    /// Made at, Unix milliseconds.
    pub created_ms: i64,
}

/// An attribute's name and type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// Its type (A1).
    pub kind: Type,
    /// Unsigned calls may not set it (A7).
    pub locked: bool,
    /// Its history is kept (A6).
    pub history: bool,
    /// Its values are being deleted; it takes no new ones.
    pub deleting: bool,
}

/// Companies that were merged (C10).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MergedCompanies {
    into: HashMap<CompanyKey, CompanyKey>,
    survivors: HashSet<CompanyKey>,
}

impl MergedCompanies {
    /// Of each that was merged, into which; flattened.
    pub(super) fn of(into: HashMap<CompanyKey, CompanyKey>) -> MergedCompanies {
        MergedCompanies { survivors: into.values().copied().collect(), into }
    }

    /// The same with one more, or one less.
    pub(super) fn with(&self, company: CompanyKey, into: Option<CompanyKey>) -> MergedCompanies {
        let mut all = self.into.clone();
        match into {
            Some(into) => all.insert(company, into),
            None => all.remove(&company),
        };
        MergedCompanies::of(all)
    }

    /// Nothing was merged.
    pub fn is_empty(&self) -> bool {
        self.into.is_empty()
    }

    /// Which company another was merged into, else the company itself.
    pub fn survivor(&self, company: CompanyKey) -> CompanyKey {
        self.into.get(&company).copied().unwrap_or(company)
    }

    /// Whether it is read through another.
    pub fn is_merged(&self, company: CompanyKey) -> bool {
        self.into.contains_key(&company)
    }

    /// Whether others are read through it.
    pub fn has_others(&self, company: CompanyKey) -> bool {
        self.survivors.contains(&company)
    }
}

/// All copies, as of one commit.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// The workspace's settings.
    pub settings: Settings,
    /// Sources by key.
    pub sources: HashMap<SourceKey, Source>,
    /// Public keys.
    pub write_keys: HashMap<String, SourceKey>,
    /// Attribute definitions by owner and name.
    pub definitions: HashMap<Owner, HashMap<String, Definition>>,
    /// Names decided by hand (A8): the attribute that is meant, or none where they are ignored.
    pub names: HashMap<Owner, HashMap<String, Option<String>>>,
    /// Work on the values of an attribute waits.
    pub attribute_work: bool,
    /// Work on an import waits.
    pub import_work: bool,
    /// Whether a bulk job goes on by itself.
    pub bulk_work: bool,
    /// Saved filters in the order they were made.
    pub segments: Arc<[Segment]>,
    /// URLs that are notified of changes, in the order they were made.
    pub webhooks: Arc<[Webhook]>,
    /// Times of definitions made by unsigned callers in the last hour, by source (A4).
    pub unsigned_definitions: HashMap<SourceKey, Vec<i64>>,
    /// Users that were merged, and into whom (R11); flattened.
    pub merged_users: Arc<HashMap<UserKey, UserKey>>,
    /// Our own people, whom the folds leave out (R16).
    pub staff: Arc<HashSet<UserKey>>,
    /// Companies that were merged, and into which (C10); flattened.
    pub merged_companies: Arc<MergedCompanies>,
    /// Companies that take signed members only (C8).
    pub companies_of_signed: Arc<HashSet<CompanyKey>>,
    /// Keyed hashes of the ids of erased people (R13).
    pub erased: Arc<HashSet<[u8; erasure::HASH_BYTES]>>,
    /// The key of message hashes.
    pub hash_key: [u8; 32],
}

impl Catalog {
    /// The source of a public key.
    pub fn source_of(&self, write_key: &str) -> Option<&Source> {
        self.sources.get(self.write_keys.get(write_key)?)
    }

    /// The built-in source "API", to which messages of secret tokens belong.
    pub fn api_source(&self) -> Option<&Source> {
        self.sources.values().find(|source| source.source_id == "api")
    }

    /// A source by its id; imports are none to anybody outside.
    pub fn source_by_id(&self, source_id: &str) -> Option<&Source> {
        self.sources.values().find(|source| source.source_id == source_id && source.kind != SourceKind::Import)
    }

    /// A segment by its id.
    pub fn segment(&self, segment_id: &str) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.segment_id == segment_id)
    }

    /// A webhook by its id.
    pub fn webhook(&self, webhook_id: &str) -> Option<&Webhook> {
        self.webhooks.iter().find(|webhook| webhook.webhook_id == webhook_id)
    }

    /// The definition of an attribute.
    pub fn definition(&self, owner: Owner, name: &str) -> Option<Definition> {
        self.definitions.get(&owner)?.get(name).copied()
    }

    /// The fields that a list can be filtered by.
    pub fn fields(&self, listed: Listed) -> Fields {
        let of = |(owner, names): (&Owner, _)| {
            let (owner, names): (Owner, &HashMap<String, Definition>) = (*owner, names);
            let in_use = names.iter().filter(|(_, definition)| !definition.deleting);
            in_use.map(move |(name, definition)| (owner, name.as_str(), definition.kind)).collect::<Vec<_>>()
        };
        Fields::new(listed, self.definitions.iter().flat_map(of))
            .with_segments(&self.segments)
            .in_zone(self.settings.time_zone)
    }

    /// The segments whose filter asks for an attribute.
    pub fn segments_asking_for(&self, owner: Owner, name: &str) -> Vec<Segment> {
        let of_users = self.fields(Listed::Users);
        let of_companies = self.fields(Listed::Companies);
        let asks = |segment: &&Segment| {
            let fields = if segment.listed == Listed::Companies { &of_companies } else { &of_users };
            segment.filter(fields).is_ok_and(|filter| filter.asks_of_attribute(owner, name))
        };
        self.segments.iter().filter(asks).cloned().collect()
    }

    /// The segments whose filter could not be asked any more, were an attribute of another type.
    pub fn segments_broken_by(&self, owner: Owner, name: &str, kind: Type) -> Vec<Segment> {
        let breaks =
            |segment: &Segment| segment.filter(&self.fields(segment.listed).with_type(owner, name, kind)).is_err();
        self.segments_asking_for(owner, name).into_iter().filter(breaks).collect()
    }

    /// What was decided of a name (A8): the attribute that is meant, `Some(None)` where it is ignored.
    pub fn decided(&self, owner: Owner, name: &str) -> Option<Option<&str>> {
        if self.names.is_empty() {
            return None;
        }
        self.names.get(&owner)?.get(name).map(Option::as_deref)
    }

    /// Who a user was merged into, else the user (R11).
    pub fn survivor(&self, user: UserKey) -> UserKey {
        self.merged_users.get(&user).copied().unwrap_or(user)
    }

    /// All sources in the order they were made.
    pub fn sources_in_order(&self) -> Vec<&Source> {
        let mut all: Vec<&Source> = self.sources.values().filter(|source| source.kind != SourceKind::Import).collect();
        all.sort_by_key(|source| source.key);
        all
    }
}

/// The published catalog: readers clone the `Arc`, the writer replaces it.
#[derive(Clone)]
pub(super) struct Shared(Arc<RwLock<Arc<Catalog>>>);

impl Shared {
    pub(super) fn new(catalog: Catalog) -> Shared {
        Shared(Arc::new(RwLock::new(Arc::new(catalog))))
    }

    pub(super) fn get(&self) -> Arc<Catalog> {
        let guard = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(&guard)
    }

    pub(super) fn publish(&self, catalog: Arc<Catalog>) {
        *self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = catalog;
    }
}

/// Reads the catalog from the file.
pub(super) fn load(connection: &Connection) -> Result<Catalog, StoreError> {
    let mut settings = Settings::default();
    let mut statement = connection.prepare_cached("SELECT name, value FROM settings")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    for row in rows {
        let (name, value) = row?;
        if let Err(error) = settings.set(&name, &value) {
            tracing::warn!(setting = name, %error, "A setting in the file is not understood and its default holds.");
        }
    }

    let mut sources: HashMap<SourceKey, Source> = HashMap::new();
    let mut statement = connection.prepare_cached(
        "SELECT source_key, source_id, name, kind, paused, new_attributes, signatures, created_ms FROM sources",
    )?;
    let rows = statement.query_map([], |row| {
        let key = SourceKey(row.get(0)?);
        Ok(Source {
            key,
            source_id: row.get(1)?,
            name: row.get(2)?,
            kind: match row.get_ref(3)?.as_str()? {
                "test" => SourceKind::Test,
                "import" => SourceKind::Import,
                _ => SourceKind::Live,
            },
            paused: row.get(4)?,
            closed: row.get_ref(5)?.as_str()? == "closed",
            signatures_required: row.get_ref(6)?.as_str()? == "required",
            origins: Vec::new(),
            write_keys: Vec::new(),
            secrets: Vec::new(),
            created_ms: row.get(7)?,
        })
    })?;
    for source in rows {
        let source = source?;
        sources.insert(source.key, source);
    }
    let mut statement = connection.prepare_cached("SELECT source_key, origin FROM source_origins ORDER BY origin")?;
    let rows = statement.query_map([], |row| Ok((SourceKey(row.get(0)?), row.get::<_, String>(1)?)))?;
    for row in rows {
        let (key, origin) = row?;
        if let Some(source) = sources.get_mut(&key) {
            source.origins.push(origin);
        }
    }
    let mut statement = connection
        .prepare_cached("SELECT source_key, secret_key, secret FROM source_secrets ORDER BY secret_key DESC")?;
    let rows = statement
        .query_map([], |row| Ok((SourceKey(row.get(0)?), Secret { key: SecretKey(row.get(1)?), text: row.get(2)? })))?;
    for row in rows {
        let (key, secret) = row?;
        if let Some(source) = sources.get_mut(&key) {
            source.secrets.push(secret);
        }
    }
    let mut write_keys = HashMap::new();
    let mut statement =
        connection.prepare_cached("SELECT write_key, source_key FROM write_keys ORDER BY adopted, write_key")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, SourceKey(row.get(1)?))))?;
    for row in rows {
        let (write_key, key) = row?;
        if let Some(source) = sources.get_mut(&key) {
            source.write_keys.push(write_key.clone());
        }
        write_keys.insert(write_key, key);
    }

    let mut definitions: HashMap<Owner, HashMap<String, Definition>> = HashMap::new();
    let mut unsigned_definitions: HashMap<SourceKey, Vec<i64>> = HashMap::new();
    let mut statement = connection.prepare_cached(
        "SELECT owner, name, type, locked, history, grade, source_key, created_ms, deleting FROM attribute_definitions",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let kind = Type::parse(&row.get::<_, String>(2)?).unwrap_or(Type::Object);
        definitions
            .entry(Owner::from_number(row.get(0)?))
            .or_default()
            .insert(row.get(1)?, Definition { kind, locked: row.get(3)?, history: row.get(4)?, deleting: row.get(8)? });
        if row.get::<_, i64>(5)? == Grade::Unsigned as i64 {
            unsigned_definitions.entry(SourceKey(row.get(6)?)).or_default().push(row.get(7)?);
        }
    }

    let mut names: HashMap<Owner, HashMap<String, Option<String>>> = HashMap::new();
    let mut statement = connection.prepare_cached("SELECT owner, name, means FROM attribute_names")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        names.entry(Owner::from_number(row.get(0)?)).or_default().insert(row.get(1)?, row.get(2)?);
    }
    let attribute_work = super::attribute_work::waits(connection)?;
    let import_work = super::imports::waits(connection)?;
    let bulk_work = super::bulk_jobs::waits(connection)?;

    let mut statement =
        connection.prepare_cached("SELECT user_key, merged_into FROM users WHERE merged_into IS NOT NULL")?;
    let merged = statement.query_map([], |row| Ok((UserKey(row.get(0)?), UserKey(row.get(1)?))))?;
    let merged_users = Arc::new(merged.collect::<Result<_, _>>()?);

    let mut statement = connection.prepare_cached("SELECT user_key FROM users WHERE staff = 1")?;
    let staff = statement.query_map([], |row| Ok(UserKey(row.get(0)?)))?;
    let staff = Arc::new(staff.collect::<Result<_, _>>()?);

    let mut statement =
        connection.prepare_cached("SELECT company_key, merged_into FROM companies WHERE merged_into IS NOT NULL")?;
    let merged = statement.query_map([], |row| Ok((CompanyKey(row.get(0)?), CompanyKey(row.get(1)?))))?;
    let merged_companies = Arc::new(MergedCompanies::of(merged.collect::<Result<_, _>>()?));
    let mut statement = connection.prepare_cached("SELECT company_key FROM companies WHERE signed_members = 1")?;
    let asking = statement.query_map([], |row| Ok(CompanyKey(row.get(0)?)))?;
    let companies_of_signed = Arc::new(asking.collect::<Result<_, _>>()?);

    let hash_key = connection.query_row("SELECT value FROM secrets WHERE name = 'hash_key'", [], |row| row.get(0))?;
    Ok(Catalog {
        settings,
        sources,
        write_keys,
        definitions,
        names,
        attribute_work,
        import_work,
        bulk_work,
        segments: segments::load(connection)?.into(),
        webhooks: webhooks::load(connection)?.into(),
        unsigned_definitions,
        merged_users,
        staff,
        merged_companies,
        companies_of_signed,
        erased: Arc::new(erasure::read(connection)?),
        hash_key,
    })
}
