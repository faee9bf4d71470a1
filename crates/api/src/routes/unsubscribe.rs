//! `/u/{token}`: the page where a person says what they want to get, behind the link that their messages hold.
//!
//! It needs no key, for the link is one: only this deployment can write it. Looking at the page changes nothing, since
//! mail programs and scanners follow links; a mail program's own button sends `List-Unsubscribe=One-Click` instead
//! ([RFC 8058](https://www.rfc-editor.org/rfc/rfc8058)). The page has no script and asks nobody else for anything.

use std::fmt::Write as _;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use graph::{Name, library::encode::html};
use runtime::{Error, Subscription, WayBack};
use url::form_urlencoded;

use crate::App;

/// What a mail program's button sends.
const ONE_CLICK: (&str, &str) = ("List-Unsubscribe", "One-Click");

/// The page, as it is before anything is changed.
pub(super) async fn get(State(app): State<App>, Path(token): Path<String>) -> Response {
    let Some(back) = app.runtime.read_link(&token) else { return unknown() };
    match app.runtime.subscriptions(&back.profile).await {
        Ok(subscriptions) => page(&ask(&back, &subscriptions), StatusCode::OK),
        Err(error) => failed(&error),
    }
}

/// A change: by a mail program's button, by the page's, or by its list.
pub(super) async fn post(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(back) = app.runtime.read_link(&token) else { return unknown() };
    match change(&app, &back, &headers, &body).await {
        Ok(subscriptions) => page(&said(&back, &subscriptions), StatusCode::OK),
        Err(error) => failed(&error),
    }
}

/// Carries a change out; gives how everything is after it.
async fn change(
    app: &App,
    back: &WayBack,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Vec<Subscription>, Error> {
    let mut subscriptions = app.runtime.subscriptions(&back.profile).await?;
    let (wanted, via) = wanted(back, headers, body, &subscriptions);
    let changed = |(name, on): &(Name, bool)| {
        subscriptions.iter().any(|one| one.policy == *name && one.subscribed != *on)
    };
    let changes: Vec<(Name, bool)> = wanted.into_iter().filter(changed).collect();
    if !changes.is_empty() {
        app.runtime.subscribe(back, &changes, via).await?;
    }
    for one in &mut subscriptions {
        let changed = changes.iter().find(|(name, _)| *name == one.policy);
        one.subscribed = changed.map_or(one.subscribed, |(_, on)| *on);
    }
    Ok(subscriptions)
}

/// What is to be subscribed to and what is not, and by which way that came.
fn wanted(
    back: &WayBack,
    headers: &HeaderMap,
    body: &[u8],
    subscriptions: &[Subscription],
) -> (Vec<(Name, bool)>, &'static str) {
    let fields: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    let has = |name: &str, value: &str| fields.iter().any(|(field, given)| field == name && given == value);
    if has(ONE_CLICK.0, ONE_CLICK.1) || is_one_click_in_parts(headers, body) {
        return (back.policy.iter().map(|policy| (policy.clone(), false)).collect(), "one-click");
    }
    let all = has("choose", "all");
    let one = |one: &Subscription| {
        let policy = one.policy.clone();
        if all {
            let keep = has("keep", &policy);
            Some((policy, keep))
        } else if has("leave", &policy) {
            Some((policy, false))
        } else if has("join", &policy) {
            Some((policy, true))
        } else {
            None
        }
    };
    (subscriptions.iter().filter_map(one).collect(), "page")
}

/// Mail programs may send the same field as `multipart/form-data`; there is nothing else in it.
fn is_one_click_in_parts(headers: &HeaderMap, body: &[u8]) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let text = String::from_utf8_lossy(body);
    kind.starts_with("multipart/form-data") && text.contains(ONE_CLICK.0) && text.contains(ONE_CLICK.1)
}

/// Asks whether somebody wants to unsubscribe.
fn ask(back: &WayBack, subscriptions: &[Subscription]) -> String {
    let own = subscriptions.iter().find(|one| Some(&one.policy) == back.policy.as_ref());
    match own {
        Some(own) if own.subscribed => {
            let title = html(&own.title);
            let button = button("leave", &own.policy, "Unsubscribe");
            format!("<h1>Unsubscribe from “{title}”?</h1>{button}{}", list(subscriptions, false))
        }
        Some(_) => said(back, subscriptions),
        None => format!("<h1>What you get from us</h1>{}", list(subscriptions, true)),
    }
}

/// Says how it is now.
fn said(back: &WayBack, subscriptions: &[Subscription]) -> String {
    let own = subscriptions.iter().find(|one| Some(&one.policy) == back.policy.as_ref());
    let head = match own {
        Some(own) if !own.subscribed => {
            let title = html(&own.title);
            let button = button("join", &own.policy, "Subscribe again");
            format!("<h1>You are unsubscribed</h1><p>You get nothing of “{title}” any more.</p>{button}")
        }
        _ => "<h1>Your choice is kept</h1>".to_owned(),
    };
    format!("{head}{}", list(subscriptions, true))
}

fn button(name: &str, policy: &str, label: &str) -> String {
    let policy = html(policy);
    format!(
        r#"<form method="post"><input type="hidden" name="{name}" value="{policy}"><button>{label}</button></form>"#
    )
}

/// Everything that there is to choose from.
fn list(subscriptions: &[Subscription], open: bool) -> String {
    let mut boxes = String::new();
    for one in subscriptions {
        let (policy, title) = (html(&one.policy), html(&one.title));
        let checked = if one.subscribed { " checked" } else { "" };
        let _ = write!(
            boxes,
            r#"<label><input type="checkbox" name="keep" value="{policy}"{checked}> {title}</label>"#
        );
    }
    let open = if open { " open" } else { "" };
    format!(
        r#"<details{open}><summary>Everything you can choose</summary><form method="post">
<input type="hidden" name="choose" value="all">{boxes}<button class="quiet">Save</button></form></details>"#
    )
}

fn unknown() -> Response {
    let text = "<h1>This link leads nowhere</h1><p>It is not whole. Open it from the message itself, or copy all of it.</p>";
    page(text, StatusCode::NOT_FOUND)
}

/// Says that nothing was changed.
fn failed(error: &Error) -> Response {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "a subscription could not be looked up or changed"
    );
    let text = "<h1>That did not work</h1><p>Nothing was changed. Please try again in a minute.</p>";
    let mut response = page(text, StatusCode::SERVICE_UNAVAILABLE);
    response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("5"));
    response
}

fn page(content: &str, status: StatusCode) -> Response {
    let whole = format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>Subscriptions</title><style>{STYLE}</style></head><body><main>{content}</main></body></html>"#
    );
    (status, [(header::CACHE_CONTROL, "no-store")], Html(whole)).into_response()
}

const STYLE: &str = ":root{color-scheme:light dark;--ink:#1d2433;--paper:#fff;--ground:#f4f5f7;--line:#d8dce4;--strong:#2446c8}\
@media(prefers-color-scheme:dark){:root{--ink:#e7eaf0;--paper:#1b202b;--ground:#11151d;--line:#353c4a;--strong:#8ea6ff}}\
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\
main{box-sizing:border-box;max-width:30rem;margin:10vh auto;padding:2rem;background:var(--paper);border:1px solid var(--line);border-radius:12px}\
h1{margin:0 0 1rem;font-size:1.4rem;line-height:1.3}form{margin:1rem 0}\
button{font:inherit;padding:.6rem 1.2rem;border:1px solid var(--strong);border-radius:8px;background:var(--strong);color:var(--paper);cursor:pointer}\
button.quiet{background:none;color:inherit;border-color:var(--line);margin-top:.5rem}\
label{display:block;padding:.4rem 0}summary{cursor:pointer;margin-top:1.5rem}";
