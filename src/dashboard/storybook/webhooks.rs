//! Webhooks: none, several, one that works, one that nobody answers, one that was given up.

use maud::Markup;

use super::samples::{self, frame, now};
use crate::dashboard::parts::form::Mistake;
use crate::dashboard::parts::frame::Place;
use crate::dashboard::settings::{webhook, webhooks};
use crate::domain::ids::{DeliveryKey, WebhookKey};
use crate::domain::time::{DAY_MS, MINUTE_MS};
use crate::domain::webhooks::{DeliveryType, State, Webhook};
use crate::store::list::{Cursor, Page};
use crate::store::outbox::{Attempt, Delivery};

fn sample(number: i64, description: &str, state: State) -> Webhook {
    Webhook {
        key: WebhookKey(number),
        webhook_id: format!("wh_{number}"),
        url: "https://hooks.quayside.example/rollcall?of=quayside".to_owned(),
        description: description.to_owned(),
        types: vec![DeliveryType::UserCreated, DeliveryType::EventTracked],
        events: vec!["Subscription cancelled".to_owned(), "<b>nobody</b>".to_owned()],
        secret: "whsec_Zm9ydHktdHdvIGlzIHRoZSBhbnN3ZXIgdG8gZXZlcnk=".to_owned(),
        old_secret: None,
        state,
        failing_since_ms: (state == State::Failing).then(|| now() - 3 * DAY_MS),
        created_ms: now() - 40 * DAY_MS,
    }
}

fn delivery(number: i64, kind: DeliveryType, last: Option<Attempt>, due_ms: Option<i64>) -> Delivery {
    Delivery {
        key: DeliveryKey(number),
        delivery_id: format!("msg_{number}"),
        kind: kind.as_str().to_owned(),
        body: format!(r#"{{"type":"{}","data":{{"user_id":"u_30418","name":"<img src=x>"}}}}"#, kind.as_str()),
        made_ms: now() - number * MINUTE_MS,
        due_ms,
        attempts: u32::from(last.is_some()),
        is_delivered: due_ms.is_none() && last.as_ref().is_some_and(|last| last.status == Some(204)),
        last,
    }
}

pub fn webhook_pages() -> Vec<(&'static str, Markup)> {
    let here = frame(Place::Settings, "/settings/webhooks");
    let viewer = samples::viewer(here.clone());
    let all = vec![
        sample(1, "Tells the CRM", State::Active),
        Webhook { failing_since_ms: Some(now() - MINUTE_MS), ..sample(2, "", State::Active) },
        sample(3, samples::LONG, State::Paused),
        sample(4, "Old chat", State::Gone),
        sample(5, "Warehouse", State::Failing),
    ];
    let attempt = |status: Option<u16>, answer: &str, problem: &str| {
        let (answer, problem) = (answer.to_owned(), problem.to_owned());
        Some(Attempt { at_ms: now() - MINUTE_MS, took_ms: 84, status, answer, problem })
    };
    let told = vec![
        delivery(1, DeliveryType::Test, None, Some(now())),
        delivery(
            2,
            DeliveryType::UserCreated,
            attempt(Some(503), "<b>nobody</b> is home", ""),
            Some(now() + 5 * MINUTE_MS),
        ),
        delivery(3, DeliveryType::EventTracked, attempt(Some(204), "", ""), None),
        Delivery { body: String::new(), ..delivery(4, DeliveryType::UserErased, attempt(Some(204), "", ""), None) },
        delivery(5, DeliveryType::UserCreated, attempt(None, "", "There was no answer within 10 seconds."), None),
    ];
    let deliveries = Page { rows: told, next: Some(Cursor { value: serde_json::Value::Null, key: 1 }) };
    let one =
        |number: usize| webhook::View { deliveries: deliveries.clone(), ..webhook::View::of(all[number].clone()) };
    let wrong = webhooks::View {
        form: webhooks::Form { url: "http://10.0.0.1/".to_owned(), ..webhooks::Form::default() },
        mistake: Some(Mistake::new("types", "A webhook asks for one type at least: user.created, user.updated.")),
        ..webhooks::View::default()
    };
    let made = webhook::View { secret: Some(all[0].secret.clone()), ..webhook::View::of(all[0].clone()) };
    vec![
        (
            "settings-webhooks",
            webhooks::page(&here, &webhooks::View { webhooks: all.clone(), ..webhooks::View::default() }),
        ),
        (
            "settings-webhooks-empty",
            webhooks::page(&viewer, &webhooks::View { removed: true, ..webhooks::View::default() }),
        ),
        ("settings-webhooks-wrong", webhooks::page(&here, &wrong)),
        ("settings-webhook", webhook::page(&here, &webhook::View { done: Some("Saved."), ..one(0) })),
        ("settings-webhook-made", webhook::page(&here, &made)),
        ("settings-webhook-failing", webhook::page(&here, &one(1))),
        ("settings-webhook-given-up", webhook::page(&here, &one(4))),
        ("settings-webhook-viewer", webhook::page(&viewer, &one(0))),
    ]
}
