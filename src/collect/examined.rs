//! A request that comes with the doctor's mark: it is dealt with as ever, and what became of each value is kept
//! for the operator who opened the page.

use actix_web::HttpRequest;
use actix_web::web::Data;
use serde_json::Value;

use super::envelope::Envelope;
use super::refusals::Declined;
use super::senders::Sender;
use crate::actions::receive::{Plan, Planned};
use crate::domain::ids::SourceKey;
use crate::domain::message::Receipt;
use crate::http::doctor::{Doctor, Post};

/// A request of a visit.
pub struct Examined {
    doctor: Data<Doctor>,
    visit: u64,
    source: SourceKey,
    at_ms: i64,
    page: Value,
    sent: Vec<Value>,
}

impl Examined {
    /// Of a body that has a mark which works.
    pub fn of(request: &HttpRequest, envelope: &mut Envelope<'_>, at_ms: i64) -> Option<Examined> {
        let page = envelope.doctor.take()?.into_value();
        let doctor = Doctor::of(request)?.clone();
        let (visit, source) = doctor.admit(at_ms, page["mark"].as_str()?)?;
        let sent = envelope.messages.iter().map(|message| message.clone().into_value()).collect();
        Some(Examined { doctor, visit, source, at_ms, page, sent })
    }

    /// Notes that the whole request was not taken.
    pub fn declined(self, declined: &Declined) {
        let problem = &declined.problem;
        let messages = self.sent.into_iter().map(|sent| (sent, Value::Null)).collect();
        let declined = Some((problem.code(), problem.detail().to_owned()));
        let post = Post { at_ms: self.at_ms, page: self.page, messages, declined, other_source: None };
        self.doctor.note(self.visit, post);
    }

    /// Notes what became of each message.
    pub fn note(self, sender: Sender, receipts: &[Receipt], plans: Vec<Option<Plan>>) {
        let answers = receipts.iter().zip(plans).map(|(receipt, plan)| {
            let planned = Planned { receipt: receipt.clone(), plan: plan.unwrap_or_default() };
            serde_json::to_value(planned).unwrap_or_default()
        });
        let other_source = (sender.source != self.source).then_some(sender.source);
        let messages = self.sent.into_iter().zip(answers).collect();
        let post = Post { at_ms: self.at_ms, page: self.page, messages, declined: None, other_source };
        self.doctor.note(self.visit, post);
    }
}
