//! The workspace's settings: names, types, defaults (contract 3).

use chrono_tz::Tz;

use super::email_domains;

/// What the E-mail-domain rule does (C9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DomainRule {
    /// Nothing.
    Off,
    /// Proposes a company.
    Suggest,
    /// Makes the membership.
    Create,
}

/// All settings of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Shown in the dashboard's head.
    pub workspace_name: String,
    /// Defines every day (T4).
    pub time_zone: Tz,
    /// A new company replaces the old one (C2).
    pub one_company: bool,
    /// C9.
    pub domain_rule: DomainRule,
    /// How far back a link reaches, in days (R5).
    pub takeover_days: i64,
    /// Unlinked visitors and their events are kept so long, in days.
    pub visitor_retention_days: i64,
    /// Known users' events are kept so long, in days; 0 is for ever.
    pub event_retention_days: i64,
    /// The widget honours Global Privacy Control and Do Not Track.
    pub respect_gpc: bool,
    /// Crawlers known by their user agent are refused.
    pub refuse_bots: bool,
    /// E-mail domains of our own staff, left out of all numbers (R16).
    pub staff_domains: Vec<String>,
    /// Once a user id has been signed, unsigned calls for it set no attribute and no membership (C8).
    pub protect_signed: bool,
    /// Requests a second and address that a public key may make.
    pub rate_limit: u32,
    /// E-mail domains that never make a company (C9).
    pub ignored_domains: Vec<String>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            workspace_name: String::new(),
            time_zone: Tz::UTC,
            one_company: false,
            domain_rule: DomainRule::Suggest,
            takeover_days: 30,
            visitor_retention_days: 90,
            event_retention_days: 0,
            respect_gpc: true,
            refuse_bots: true,
            staff_domains: Vec::new(),
            protect_signed: true,
            rate_limit: 50,
            ignored_domains: Vec::new(),
        }
    }
}

/// Why a setting was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// There is no setting of this name.
    #[error("There is no setting {0:?}. The settings are: {names}.", names = NAMES.join(", "))]
    Unknown(String),
    /// The value does not fit.
    #[error("{name} can't be {value:?}: {expected}.")]
    Invalid {
        /// The setting.
        name: &'static str,
        /// What was given.
        value: String,
        /// What would be taken.
        expected: &'static str,
    },
}

/// The names of all settings, in the contract's order.
pub const NAMES: [&str; 13] = [
    "workspace_name",
    "time_zone",
    "one_company",
    "domain_rule",
    "takeover_days",
    "visitor_retention_days",
    "event_retention_days",
    "respect_gpc",
    "refuse_bots",
    "staff_domains",
    "protect_signed",
    "rate_limit",
    "ignored_domains",
];

impl Settings {
    /// Whether an e-mail address, as compared, is one of our own people's (R16).
    pub fn is_staff(&self, email: Option<&str>) -> bool {
        !self.staff_domains.is_empty()
            && email.and_then(email_domains::at).is_some_and(|domain| self.staff_domains.contains(&domain))
    }

    /// The value of a setting as text, as [`Settings::set`] takes it.
    pub fn get(&self, name: &str) -> Option<String> {
        Some(match name {
            "workspace_name" => self.workspace_name.clone(),
            "time_zone" => self.time_zone.name().to_owned(),
            "one_company" => self.one_company.to_string(),
            "domain_rule" => match self.domain_rule {
                DomainRule::Off => "off",
                DomainRule::Suggest => "suggest",
                DomainRule::Create => "create",
            }
            .to_owned(),
            "takeover_days" => self.takeover_days.to_string(),
            "visitor_retention_days" => self.visitor_retention_days.to_string(),
            "event_retention_days" => self.event_retention_days.to_string(),
            "respect_gpc" => self.respect_gpc.to_string(),
            "refuse_bots" => self.refuse_bots.to_string(),
            "staff_domains" => self.staff_domains.join(","),
            "protect_signed" => self.protect_signed.to_string(),
            "rate_limit" => self.rate_limit.to_string(),
            "ignored_domains" => self.ignored_domains.join(","),
            _ => return None,
        })
    }

    /// Sets one setting from text. Lists are parted by commas.
    ///
    /// # Errors
    /// An unknown name, or a value that does not fit; nothing is changed then.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), SettingError> {
        let value = value.trim();
        let Some(name) = NAMES.into_iter().find(|known| *known == name) else {
            return Err(SettingError::Unknown(name.to_owned()));
        };
        let invalid = |expected| SettingError::Invalid { name, value: value.to_owned(), expected };
        let truth = || match value {
            "true" | "on" | "yes" | "1" => Ok(true),
            "false" | "off" | "no" | "0" => Ok(false),
            _ => Err(invalid("use true or false")),
        };
        let days = |min: i64| {
            value
                .parse()
                .ok()
                .filter(|days| (min..=36_500).contains(days))
                .ok_or_else(|| invalid("use a number of days"))
        };
        match name {
            "workspace_name" => {
                if value.is_empty() || value.chars().count() > 100 {
                    return Err(invalid("use 1 to 100 characters"));
                }
                self.workspace_name = value.to_owned();
            }
            "time_zone" => {
                self.time_zone = value.parse().map_err(|_| invalid("use a name such as Europe/Warsaw"))?;
            }
            "one_company" => self.one_company = truth()?,
            "domain_rule" => {
                self.domain_rule = match value {
                    "off" => DomainRule::Off,
                    "suggest" => DomainRule::Suggest,
                    "create" => DomainRule::Create,
                    _ => return Err(invalid("use off, suggest or create")),
                };
            }
            "takeover_days" => self.takeover_days = days(0)?,
            "visitor_retention_days" => self.visitor_retention_days = days(1)?,
            "event_retention_days" => self.event_retention_days = days(0)?,
            "respect_gpc" => self.respect_gpc = truth()?,
            "refuse_bots" => self.refuse_bots = truth()?,
            "staff_domains" => self.staff_domains = domains(value).ok_or_else(|| invalid(DOMAINS_EXPECTED))?,
            "protect_signed" => self.protect_signed = truth()?,
            "ignored_domains" => self.ignored_domains = domains(value).ok_or_else(|| invalid(DOMAINS_EXPECTED))?,
            _ => {
                self.rate_limit = value
                    .parse()
                    .ok()
                    .filter(|limit| (1..=1_000_000).contains(limit))
                    .ok_or_else(|| invalid("use requests per second, 1 to 1000000"))?;
            }
        }
        Ok(())
    }
}

/// What is taken for a list of domains.
const DOMAINS_EXPECTED: &str = "use domains that can be registered, such as acme.com; their subdomains are included";

/// A list of domains as people write it, each as the one that can be registered (C9, R16): `mail.acme.com` is
/// `acme.com`. None where one is not a domain.
fn domains(text: &str) -> Option<Vec<String>> {
    let mut domains: Vec<String> = Vec::new();
    for word in text.split([',', '\n', '\r', ' ']).filter(|word| !word.is_empty()) {
        let domain = email_domains::of_website(word)?;
        if !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    Some(domains)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_read_back_as_it_was_set() {
        let mut settings = Settings::default();
        for name in NAMES {
            let value = settings.get(name).unwrap();
            if !value.is_empty() {
                settings.set(name, &value).unwrap();
                assert_eq!(settings.get(name).unwrap(), value);
            }
        }
    }

    #[test]
    fn a_domain_is_the_one_that_can_be_registered_and_has_its_subdomains_with_it() {
        let mut settings = Settings::default();
        settings.set("staff_domains", "@Sales.Acme.test,acme.test\nhttps://own.co.uk/").unwrap();
        assert_eq!(settings.staff_domains, ["acme.test", "own.co.uk"]);
        for (email, is_staff) in [
            ("ann@acme.test", true),
            ("ann@mail.acme.test", true),
            ("ann@notacme.test", false),
            ("ann@acme.test.evil.test", false),
            ("ann@co.uk", false),
            ("ann", false),
        ] {
            assert_eq!(settings.is_staff(Some(email)), is_staff, "{email}");
        }
        for wrong in ["acme", "co.uk", "acme.test, 10.0.0.1", "not a domain"] {
            for name in ["staff_domains", "ignored_domains"] {
                let error = settings.set(name, wrong).unwrap_err().to_string();
                assert!(error.contains("such as acme.com"), "{error}");
            }
        }
        assert_eq!(settings.staff_domains, ["acme.test", "own.co.uk"], "nothing is changed then");
        settings.set("staff_domains", " ").unwrap();
        assert!(!settings.is_staff(Some("ann@acme.test")));
    }

    #[test]
    fn a_value_that_does_not_fit_changes_nothing_and_says_what_would() {
        let mut settings = Settings::default();
        let error = settings.set("time_zone", "Warsaw").unwrap_err();
        assert!(error.to_string().contains("Europe/Warsaw"), "{error}");
        assert!(settings.set("colour", "red").unwrap_err().to_string().contains("workspace_name"));
        assert_eq!(settings, Settings::default());
    }
}
