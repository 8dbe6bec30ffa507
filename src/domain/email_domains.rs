//! What an e-mail's domain says of a company (C9).

use crate::domain::settings::DomainRule;

/// Hosts where anybody gets an address, and hosts whose addresses are thrown away, sorted by bytes;
/// `data/renew` says where they come from.
const NOBODY_S: [&str; 2] =
    [include_str!("../../data/free_email_hosts.txt"), include_str!("../../data/disposable_email_hosts.txt")];

/// What a host names by its registrable domain: `mail.acme.co.uk` is of `acme.co.uk`. None for what
/// nobody can register: a suffix alone, an address in numbers, a name within a network.
pub fn registrable(host: &str) -> Option<String> {
    let host = host.trim().trim_end_matches('.').to_lowercase();
    let domain = psl::domain_str(&host)?;
    let is_name = domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte) || !byte.is_ascii());
    let is_number = domain.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    (is_name && !is_number).then(|| domain.to_owned())
}

/// The registrable domain of what people write as a domain or a website: with or without a scheme,
/// a path, a port.
pub fn of_website(text: &str) -> Option<String> {
    let after_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    registrable(host.split(':').next()?)
}

/// The registrable domain that an e-mail address is at.
pub fn at(email: &str) -> Option<String> {
    registrable(email.rsplit_once('@')?.1)
}

/// The registrable domain of an e-mail address that a company can have: free-mail and disposable
/// hosts are nobody's.
pub fn of_email(email: &str) -> Option<String> {
    let domain = at(email)?;
    let host = email.rsplit_once('@')?.1.to_lowercase();
    let is_nobody_s = NOBODY_S.iter().any(|list| has_line(list, &host) || has_line(list, &domain));
    (!is_nobody_s).then_some(domain)
}

/// Whether a text of lines sorted by bytes has this one.
fn has_line(sorted: &str, line: &str) -> bool {
    let (mut low, mut high) = (0, sorted.len());
    while low < high {
        let middle = low + (high - low) / 2;
        // The line in which the middle is: newlines are single bytes, so both ends are boundaries.
        let start = sorted.as_bytes()[..middle].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end =
            sorted.as_bytes()[middle..].iter().position(|byte| *byte == b'\n').map_or(sorted.len(), |at| middle + at);
        match sorted.as_bytes()[start..end].cmp(line.as_bytes()) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

/// What is known of a user's domain when the rule is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// It is the workspace's own, or on the ignore list.
    pub is_left_out: bool,
    /// The user is or was a member of a company.
    pub has_membership: bool,
    /// Companies that have the domain; the only one of them is joined.
    pub companies: usize,
    /// A person or this rule gave the domain to its only company.
    pub is_accepted: bool,
}

/// What the rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Nothing,
    /// The user waits until a person has decided about the domain.
    Suggest,
    /// The user becomes a member of the only company that has the domain.
    Join,
    /// A company is made of the domain, and the user becomes its member.
    Create,
}

/// Decides what follows from a user's domain (C9). It never moves anyone who has a membership; where
/// several companies have the domain a person decides.
pub fn decide(rule: DomainRule, facts: Facts) -> Verdict {
    if rule == DomainRule::Off || facts.is_left_out || facts.has_membership {
        return Verdict::Nothing;
    }
    match (rule, facts.companies) {
        (_, 1) if facts.is_accepted => Verdict::Join,
        (DomainRule::Create, 0) => Verdict::Create,
        (DomainRule::Create, 1) => Verdict::Join,
        _ => Verdict::Suggest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registrable_domain_is_what_someone_can_register() {
        for (host, expected) in [
            ("acme.test", Some("acme.test")),
            ("Mail.ACME.co.uk.", Some("acme.co.uk")),
            ("a.b.acme.com.pl", Some("acme.com.pl")),
            ("żabka.pl", Some("żabka.pl")),
            ("co.uk", None),
            ("localhost", None),
            ("192.168.0.1", None),
            ("", None),
        ] {
            assert_eq!(registrable(host).as_deref(), expected, "{host}");
        }
        for text in ["acme.test", "https://www.acme.test/about?x=1", "http://user@acme.test:8080", "www.acme.test/"] {
            assert_eq!(of_website(text).as_deref(), Some("acme.test"), "{text}");
        }
        assert_eq!(of_website("not a site"), None);
    }

    #[test]
    fn case_28_free_mail_and_disposable_hosts_are_no_company_s() {
        for host in ["gmail.com", "wp.pl", "o2.pl", "proton.me", "outlook.com", "mailinator.com", "GMail.com"] {
            assert_eq!(of_email(&format!("ann@{host}")), None, "{host}");
        }
        assert_eq!(of_email("ann@sales.acme.test").as_deref(), Some("acme.test"));
        assert_eq!(of_email("ann"), None);
    }

    #[test]
    fn the_lists_are_sorted_by_bytes_and_every_line_is_found() {
        for list in NOBODY_S {
            let lines: Vec<&str> = list.lines().collect();
            assert!(lines.is_sorted() && lines.len() > 1_000);
            assert!(lines.iter().all(|line| has_line(list, line) && !line.is_empty()));
            assert!(!has_line(list, "acme.test") && !has_line(list, "") && !has_line(list, "zzzz.zzzz"));
        }
    }

    #[test]
    fn c9_the_rule_never_moves_anyone_and_a_person_decides_between_several() {
        let open = Facts { is_left_out: false, has_membership: false, companies: 0, is_accepted: false };
        assert_eq!(decide(DomainRule::Off, open), Verdict::Nothing);
        assert_eq!(decide(DomainRule::Suggest, open), Verdict::Suggest);
        assert_eq!(decide(DomainRule::Create, open), Verdict::Create);
        let one = Facts { companies: 1, ..open };
        assert_eq!(decide(DomainRule::Suggest, one), Verdict::Suggest);
        assert_eq!(decide(DomainRule::Create, one), Verdict::Join);
        assert_eq!(decide(DomainRule::Suggest, Facts { is_accepted: true, ..one }), Verdict::Join);
        assert_eq!(decide(DomainRule::Create, Facts { companies: 2, ..open }), Verdict::Suggest);
        for rule in [DomainRule::Suggest, DomainRule::Create] {
            assert_eq!(decide(rule, Facts { has_membership: true, ..one }), Verdict::Nothing);
            assert_eq!(decide(rule, Facts { is_left_out: true, ..open }), Verdict::Nothing);
        }
    }
}
