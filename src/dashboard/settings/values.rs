//! The settings of a page: as they are, as they were filled in, saved all or none.

use std::collections::HashMap;

use actix_web::HttpRequest;

use crate::actions::settings as deeds;
use crate::dashboard::desk;
use crate::dashboard::done::{self, Asked, Done};
use crate::dashboard::parts::form::Mistake;
use crate::dashboard::parts::frame::{Frame, Place};
use crate::domain::change::By;
use crate::domain::settings::{SettingError, Settings};
use crate::http::page::PageError;
use crate::store::Store;
use crate::store::operators::Operator;
use crate::store::workspace::SetError;

/// Settings that are yes or no: a box that is not ticked sends nothing.
const TICKS: [&str; 4] = ["one_company", "protect_signed", "respect_gpc", "refuse_bots"];

/// The settings of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values {
    values: Vec<(&'static str, String)>,
    /// What was wrong with them.
    pub mistake: Option<Mistake>,
}

impl Values {
    /// These settings as they are.
    pub fn of(settings: &Settings, names: &[&'static str]) -> Values {
        let values = names.iter().map(|name| (*name, settings.get(name).unwrap_or_default())).collect();
        Values { values, mistake: None }
    }

    /// What a page of these settings shows: its frame, the settings as they are, what was just done.
    ///
    /// # Errors
    /// The store's.
    pub async fn shown(
        request: &HttpRequest,
        operator: Operator,
        names: &[&'static str],
    ) -> Result<(Frame, Values, Option<Done>), PageError> {
        let values = Values::of(&desk::store(request)?.catalog().settings, names);
        let asked = Asked::of(request);
        let (frame, done) = desk::read(request, operator, Place::Settings, move |db, _| done::read(db, asked)).await?;
        Ok((frame, values, done))
    }

    /// These settings as a form sent them; one that is absent stays as it is.
    pub fn sent(sent: &HashMap<String, String>, names: &[&'static str]) -> Values {
        let value = |name: &'static str| match sent.get(name) {
            Some(value) => Some((name, value.clone())),
            None if TICKS.contains(&name) => Some((name, "false".to_owned())),
            None => None,
        };
        Values { values: names.iter().copied().filter_map(value).collect(), mistake: None }
    }

    /// The text of a setting.
    pub fn get(&self, name: &str) -> &str {
        self.values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// Sets all of them or none, and answers what the page says then; or them, with what was wrong.
    ///
    /// # Errors
    /// The store's.
    pub async fn save(self, store: &Store, by: By) -> Result<Result<Asked, Values>, PageError> {
        let wanted = self.values.clone();
        let saved = store
            .write(move |tx| {
                let wanted: Vec<(&str, &str)> = wanted.iter().map(|(name, value)| (*name, value.as_str())).collect();
                deeds::set_all(tx, &by, &wanted)
            })
            .await;
        match saved {
            Ok(change) => Ok(Ok(change.map_or(Asked::Same, Asked::Change))),
            Err(SetError::Setting(SettingError::Invalid { name, value, expected })) => {
                let sentence = format!("It can't be “{value}”: {expected}.");
                Ok(Err(Values { mistake: Some(Mistake::new(name, sentence)), ..self }))
            }
            Err(SetError::Setting(SettingError::Unknown(name))) => Err(PageError::internal(name)),
            Err(SetError::Store(error)) => Err(error.into()),
        }
    }
}
