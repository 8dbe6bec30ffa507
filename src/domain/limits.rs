//! Everything has a limit: one list, unit last in each name (rule A4 and the contract).

/// Bytes of one message as JSON text; a longer one is refused whole.
pub const MESSAGE_BYTES_MAX: usize = 32 * 1024;
/// Bytes of one row of a file that is imported: a note has up to 10,000 characters, and a user all that many messages
/// said.
pub const ROW_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of one request body after decompression.
pub const BATCH_BYTES_MAX: usize = 500 * 1024;
/// Bytes of an id (R9).
pub const ID_BYTES_MAX: usize = 255;
/// Characters of an attribute's name after trimming.
pub const ATTRIBUTE_NAME_CHARS_MAX: usize = 100;
/// Attribute definitions of one kind (user, company, membership).
pub const DEFINITIONS_PER_KIND_MAX: usize = 500;
/// New definitions that unsigned callers of one source may make in an hour.
pub const DEFINITIONS_UNSIGNED_PER_HOUR_MAX: usize = 20;
/// Bytes of one value as JSON text.
pub const VALUE_BYTES_MAX: usize = 8 * 1024;
/// Items of a list.
pub const LIST_ITEMS_MAX: usize = 100;
/// Levels of objects and lists within a value.
pub const NESTING_LEVELS_MAX: usize = 5;
/// Characters of an event's name.
pub const EVENT_NAME_CHARS_MAX: usize = 200;
/// Distinct event names of a workspace; further ones fold as [`OTHER_EVENTS`].
pub const EVENT_NAMES_MAX: usize = 2_000;
/// The name under which events beyond [`EVENT_NAMES_MAX`] are counted.
pub const OTHER_EVENTS: &str = "(other)";
/// Operations (`$inc` and its like) kept after the newest plain value of one
/// attribute; beyond it the oldest are applied for good.
pub const OPERATIONS_KEPT_MAX: usize = 100;
/// Statements of membership kept for one user; beyond it the oldest that
/// change nothing are dropped.
pub const STATEMENTS_KEPT_MAX: usize = 32;
/// Companies stated by one message.
pub const COMPANIES_PER_MESSAGE_MAX: usize = 100;
/// Changes of one value in a day that are kept each; beyond it the day's
/// first and last (A6).
pub const CHANGES_PER_DAY_MAX: usize = 20;
/// Refused values that one answer lists, counts and keeps; of further ones it says that there were some.
pub const REFUSED_VALUES_MAX: usize = 50;
/// Names of attributes under which the refusals of a source are counted apart; further ones count as
/// [`OTHER_EVENTS`].
pub const REFUSALS_PER_SOURCE_MAX: i64 = 1_000;
/// Values that wait in the tray for one user or company.
pub const TRAY_PER_OWNER_MAX: i64 = 100;
/// Characters of a refusal's example.
pub const EXAMPLE_CHARS_MAX: usize = 100;
/// Days for which a message id without a usable timestamp is remembered (R15).
pub const SEEN_DAYS: i64 = 7;
/// Days for which the refused rows of an import are kept.
pub const IMPORT_REFUSALS_DAYS: i64 = 30;
/// Days for which a file waits that nobody imports.
pub const IMPORT_DRAFTS_DAYS: i64 = 7;
/// Days for which a bulk job is kept, and can be taken back.
pub const BULK_JOBS_DAYS: i64 = 30;
/// Days for which the order of arrival is kept for programs that follow it.
pub const ARRIVAL_DAYS: i64 = 7;
/// Days for which deliveries to webhooks are kept.
pub const DELIVERY_DAYS: i64 = 7;
/// Days for which a refusal's example is kept, and a finding, since it was last so.
pub const EXAMPLE_DAYS: i64 = 30;
