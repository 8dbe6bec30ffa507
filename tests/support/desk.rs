//! An operator at the dashboard, without a browser: pages are opened and forms are sent, as a browser
//! without scripts does.

use super::{OWNER, Rollcall, encoded};

/// Somebody who is signed in.
pub struct Desk<'a> {
    rollcall: &'a Rollcall,
    /// The cookie of the session.
    pub cookie: String,
}

/// What came of a form.
#[derive(Debug)]
pub struct Sent {
    /// The status.
    pub status: u16,
    /// Where it leads on; empty where it does not.
    pub to: String,
    /// The page.
    pub page: String,
}

impl Rollcall {
    /// Signs the owner in.
    pub async fn desk(&self) -> Desk<'_> {
        Desk { rollcall: self, cookie: self.session_cookie_of(OWNER).await }
    }

    /// Adds an operator, and signs them in.
    pub async fn desk_of(&self, email: &str, role: &str) -> Desk<'_> {
        let password = "another horse battery";
        self.shell_with_input(&["operator", "add", email, "--role", role, "--password-stdin", "--json"], password);
        Desk { rollcall: self, cookie: self.session_cookie_of((email, password)).await }
    }
}

impl Desk<'_> {
    /// Asks for a page: the status, and what is shown.
    pub async fn ask(&self, path: &str) -> (u16, String) {
        let request = self.rollcall.client.get(format!("{}{path}", self.rollcall.address));
        let response = request.header("cookie", &self.cookie).send().await.expect("an answer");
        (response.status().as_u16(), response.text().await.expect("a page"))
    }

    /// Opens a page; panics where there is none.
    pub async fn open(&self, path: &str) -> String {
        let (status, page) = self.ask(path).await;
        assert_eq!(status, 200, "{path}: {page}");
        page
    }

    /// Where an address leads at once; panics where it shows a page itself.
    pub async fn leads(&self, path: &str) -> String {
        let request = self.rollcall.client.get(format!("{}{path}", self.rollcall.address));
        let response = request.header("cookie", &self.cookie).send().await.expect("an answer");
        let to = response.headers().get("location").unwrap_or_else(|| panic!("{path} leads nowhere"));
        to.to_str().expect("an address").to_owned()
    }

    /// Sends a form.
    pub async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Sent {
        let pairs = fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        let request = self
            .rollcall
            .client
            .post(format!("{}{path}", self.rollcall.address))
            .header("cookie", &self.cookie)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(pairs.collect::<Vec<_>>().join("&"));
        let response = request.send().await.expect("an answer");
        let to = response.headers().get("location").map(|to| to.to_str().expect("an address").to_owned());
        let status = response.status().as_u16();
        Sent { status, to: to.unwrap_or_default(), page: response.text().await.expect("a page") }
    }

    /// Sends a form that is taken, and answers where it leads.
    pub async fn done(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let sent = self.send(path, fields).await;
        assert!(sent.status == 303, "{path}: {sent:?}");
        sent.to
    }

    /// Sends a form that is taken, and answers the page that it leads to.
    pub async fn does(&self, path: &str, fields: &[(&str, &str)]) -> String {
        self.open(&self.done(path, fields).await).await
    }

    /// Sends a form that is not taken, and answers the page that says why.
    pub async fn is_refused(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let sent = self.send(path, fields).await;
        assert_eq!(sent.status, 422, "{path}");
        sent.page
    }

    /// Presses Undo on a page, and answers the page after it.
    pub async fn undoes(&self, page: &str) -> String {
        let action = page.split("action=\"/changes/").nth(1).and_then(|rest| rest.split('"').next());
        let back = page.split("name=\"back\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let path = format!("/changes/{}", action.expect("an undo"));
        self.does(&path, &[("back", &back.expect("a way back").replace("&amp;", "&"))]).await
    }
}
