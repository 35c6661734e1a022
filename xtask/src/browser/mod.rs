//! Browsers: started, told what to do from outside, and served the scripts that their pages run.
//!
//! In: a program, a stage, and the scripts to run there in a page or in a worker.
//! Out: what they print, as a shell prints it, and an exit status.
//! It knows no engine, no case and no result.

pub mod child;
pub mod chromium;
pub mod chromium_flags;
pub mod display;
pub mod driver;
pub mod firefox;
pub mod firefox_census;
pub mod firefox_heap;
pub mod firefox_preferences;
pub mod http;
pub mod inspector;
pub mod inspector_heap;
pub mod inspector_state;
pub mod kind;
pub mod marionette;
pub mod page;
pub mod pipe;
pub mod place;
pub mod running;
pub mod server;
pub mod webkit_log;
pub mod upstream;
pub mod users_page;
pub mod webkitgtk;
pub mod websocket;

use anyhow::Result;
use driver::{Driver, Start};
use kind::BrowserKind;

/// Starts a browser. The error names it, and what was being done.
pub fn start(browser: BrowserKind, start: &Start) -> Result<Box<dyn Driver>> {
    match browser {
        BrowserKind::Chromium => Ok(Box::new(chromium::Chromium::start(start)?)),
        BrowserKind::Firefox => Ok(Box::new(firefox::Firefox::start(start)?)),
        BrowserKind::WebKitGtk => Ok(Box::new(webkitgtk::WebKitGtk::start(start)?)),
    }
}
