//! The flags of Chromium.

/// Flags that it always gets, each with what for.
const FLAGS: &[(&str, &str)] = &[
    ("--headless", "no display"),
    ("--remote-debugging-pipe", "what this file speaks"),
    ("--no-startup-window", "the first page is opened by a command"),
    ("--no-first-run", "no page of welcome"),
    ("--no-default-browser-check", "no question"),
    ("--no-proxy-server", "a proxy cannot reach this machine's own server"),
    (
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        "nothing leaves the machine",
    ),
    (
        "--disable-background-networking",
        "no updates, no safe browsing, no field trials",
    ),
    ("--disable-component-update", "no downloads of components"),
    ("--disable-domain-reliability", "no reports"),
    ("--disable-sync", "no account"),
    ("--disable-breakpad", "no reports of crashes"),
    ("--disable-crash-reporter", "no process for them"),
    ("--disable-default-apps", "nothing of its own runs beside the page"),
    ("--disable-extensions", "nothing of its own runs beside the page"),
    ("--metrics-recording-only", "no reports"),
    ("--no-pings", "no reports"),
    (
        "--disable-features=OptimizationHints,MediaRouter,Translate,CertificateTransparencyComponentUpdater,DialMediaRouteProvider",
        "no downloads, no search for other devices",
    ),
    (
        "--disable-background-timer-throttling",
        "timers run as in a page that is seen",
    ),
    (
        "--disable-backgrounding-occluded-windows",
        "a page runs as one that is seen",
    ),
    ("--disable-renderer-backgrounding", "a page runs as one that is seen"),
    (
        "--disable-hang-monitor",
        "a page that is busy is no trouble: the case has limits",
    ),
    ("--disable-ipc-flooding-protection", "a page may do the same often"),
    (
        "--disable-dev-shm-usage",
        "containers have little of it, and a page would crash",
    ),
    ("--disable-gpu", "no process that draws"),
    ("--mute-audio", "no device"),
    ("--password-store=basic", "no keyring"),
    ("--use-mock-keychain", "no keyring of macOS"),
];

/// What its `--js-flags` always have: scripts can start a collection.
const JS_FLAGS: &str = "--expose-gc";

/// The flags of the browser, with the user's after our own. V8's flags are one of them, of which the last counts: the
/// user's are put beside ours.
pub fn flags(users: &[String], is_root: bool) -> Vec<String> {
    let mut all: Vec<String> = FLAGS.iter().map(|(flag, _)| (*flag).to_owned()).collect();
    // Without it root cannot start it.
    all.extend(is_root.then(|| "--no-sandbox".to_owned()));
    let mut of_engine = JS_FLAGS.to_owned();
    for flag in users {
        match flag.strip_prefix("--js-flags=") {
            Some(more) => of_engine += &format!(" {more}"),
            None => all.push(flag.clone()),
        }
    }
    all.push(format!("--js-flags={of_engine}"));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_s_flags_of_v8_are_put_beside_ours() {
        let users = ["--js-flags=--stress", "--lang=de", "--js-flags=--trace-gc"].map(str::to_owned);
        let all = flags(&users, false);
        assert!(all.contains(&"--lang=de".to_owned()) && !all.contains(&"--no-sandbox".to_owned()));
        let of_engine: Vec<&String> = all.iter().filter(|flag| flag.starts_with("--js-flags")).collect();
        assert_eq!(of_engine, ["--js-flags=--expose-gc --stress --trace-gc"]);
        assert!(flags(&[], true).contains(&"--no-sandbox".to_owned()));
    }
}
