//! The preferences of Firefox's profile.

use serde_json::json;

/// A value of a preference.
#[derive(Debug, Clone, Copy)]
enum Preference {
    Flag(bool),
    Number(i64),
    Text(&'static str),
}

use Preference::{Flag, Number, Text};

/// Preferences of the profile, each with what for.
const PREFERENCES: &[(&str, Preference, &str)] = &[
    ("marionette.port", Number(0), "a port that is free"),
    ("app.update.auto", Flag(false), "no updates"),
    ("app.update.disabledForTesting", Flag(true), "no updates"),
    ("app.normandy.enabled", Flag(false), "no studies"),
    ("browser.aboutConfig.showWarning", Flag(false), "no question"),
    (
        "browser.newtabpage.enabled",
        Flag(false),
        "nothing is loaded but the page",
    ),
    ("browser.region.network.url", Text(""), "no search for where it is"),
    (
        "browser.safebrowsing.downloads.enabled",
        Flag(false),
        "no safe browsing",
    ),
    ("browser.safebrowsing.malware.enabled", Flag(false), "no safe browsing"),
    ("browser.safebrowsing.phishing.enabled", Flag(false), "no safe browsing"),
    ("browser.search.update", Flag(false), "no updates"),
    ("browser.shell.checkDefaultBrowser", Flag(false), "no question"),
    (
        "browser.startup.homepage",
        Text("about:blank"),
        "nothing is loaded but the page",
    ),
    (
        "browser.startup.homepage_override.mstone",
        Text("ignore"),
        "no page of news",
    ),
    ("browser.topsites.contile.enabled", Flag(false), "no advertisements"),
    ("browser.uitour.enabled", Flag(false), "no page of welcome"),
    ("datareporting.healthreport.uploadEnabled", Flag(false), "no reports"),
    ("datareporting.policy.dataSubmissionEnabled", Flag(false), "no reports"),
    ("dom.ipc.processPrelaunch.enabled", Flag(false), "no process in reserve"),
    (
        "dom.max_script_run_time",
        Number(0),
        "a script may take long: the case has limits",
    ),
    (
        "dom.min_background_timeout_value",
        Number(4),
        "timers run as in a page that is seen",
    ),
    (
        "dom.timeout.enable_budget_timer_throttling",
        Flag(false),
        "timers run as in a page that is seen",
    ),
    ("extensions.getAddons.cache.enabled", Flag(false), "no updates"),
    ("extensions.update.enabled", Flag(false), "no updates"),
    ("media.gmp-manager.updateEnabled", Flag(false), "no downloads"),
    ("network.captive-portal-service.enabled", Flag(false), "no requests"),
    ("network.connectivity-service.enabled", Flag(false), "no requests"),
    ("network.dns.disabled", Flag(true), "nothing leaves the machine"),
    ("network.dns.disablePrefetch", Flag(true), "no requests"),
    ("network.prefetch-next", Flag(false), "no requests"),
    (
        "network.proxy.type",
        Number(0),
        "a proxy cannot reach this machine's own server",
    ),
    (
        "services.settings.server",
        Text("data:,#remote-settings-dummy/v1"),
        "no downloads",
    ),
    ("toolkit.telemetry.enabled", Flag(false), "no reports"),
    ("toolkit.telemetry.server", Text(""), "no reports"),
    ("toolkit.telemetry.unified", Flag(false), "no reports"),
];

/// The text of `user.js`.
pub fn user_preferences() -> String {
    let line = |(name, value, _): &(&str, Preference, &str)| {
        let value = match value {
            Flag(flag) => json!(flag),
            Number(number) => json!(number),
            Text(text) => json!(text),
        };
        format!("user_pref({}, {value});\n", json!(name))
    };
    PREFERENCES.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_are_lines_of_a_script() {
        let text = user_preferences();
        assert_eq!(text.lines().count(), PREFERENCES.len());
        for line in [
            "user_pref(\"marionette.port\", 0);\n",
            "user_pref(\"app.update.auto\", false);\n",
            "user_pref(\"browser.startup.homepage\", \"about:blank\");\n",
        ] {
            assert!(text.contains(line), "{line}");
        }
    }
}
