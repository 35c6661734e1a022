//! What is known of a page and its workers from the messages of WebKit's inspector, and the commands that are under way.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Where a command is carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    Page,
    /// A worker of this identity.
    Worker(String),
}

/// How deep a message lies: workers' messages lie in those of the page, and these in the connection's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    Connection,
    Page,
    Worker,
}

/// A command that waits for its answer, which comes from this depth.
#[derive(Debug)]
pub struct SentCommand {
    pub depth: Depth,
    pub answer: Option<Value>,
}

/// What is known from messages.
#[derive(Debug, Default)]
pub struct InspectorState {
    /// The page's target. Another one takes its place when it moves to another process.
    pub target: Option<String>,
    /// Its workers, the first one first, if they are watched.
    pub workers: Vec<String>,
    pub watches_workers: bool,
    /// The number of the last command.
    last: u64,
    pub sent: BTreeMap<u64, SentCommand>,
    /// What ended the page.
    pub lost: Option<&'static str>,
    /// Why there are no more messages.
    pub broken: Option<String>,
}

impl InspectorState {
    /// Takes in a message. Returns what has to be sent because of it.
    pub fn note(&mut self, message: &Value, depth: Depth) -> Vec<String> {
        if let Some(number) = message["id"].as_u64() {
            self.note_answer(number, message, depth);
            return Vec::new();
        }
        let parameters = &message["params"];
        let text = |name: &str| parameters[name].as_str().unwrap_or_default().to_owned();
        let inner = || serde_json::from_str(parameters["message"].as_str()?).ok();
        match (depth, message["method"].as_str().unwrap_or_default()) {
            (Depth::Connection, "Target.targetCreated") => {
                let created = &parameters["targetInfo"];
                if created["type"] == "page" && created["isProvisional"] != true {
                    return self.move_to(created["targetId"].as_str());
                }
            }
            (Depth::Connection, "Target.didCommitProvisionalTarget") => {
                return self.move_to(parameters["newTargetId"].as_str());
            }
            (Depth::Connection, "Target.targetDestroyed") if self.target == Some(text("targetId")) => {
                self.lost = Some("crashed or was closed");
            }
            (Depth::Connection, "Target.dispatchMessageFromTarget") if self.target == Some(text("targetId")) => {
                return inner().map_or_else(Vec::new, |inner| self.note(&inner, Depth::Page));
            }
            (Depth::Page, "Worker.dispatchMessageFromWorker") => {
                return inner().map_or_else(Vec::new, |inner| self.note(&inner, Depth::Worker));
            }
            (Depth::Page, "Worker.workerCreated") => {
                let worker = text("workerId");
                let begin = self.command_to_page("Worker.initialized", &json!({ "workerId": worker }));
                self.workers.push(worker);
                return begin.into_iter().collect();
            }
            (Depth::Page, "Worker.workerTerminated") => {
                let worker = text("workerId");
                self.workers.retain(|known| *known != worker);
            }
            _ => {}
        }
        Vec::new()
    }

    /// An answer. Those of the outer messages say only that the inner one is on its way; or that it is not.
    fn note_answer(&mut self, number: u64, answer: &Value, depth: Depth) {
        if let Some(sent) = self.sent.get_mut(&number)
            && (sent.depth == depth || answer.get("error").is_some())
        {
            sent.answer.get_or_insert_with(|| answer.clone());
        }
    }

    /// The page is another target, with none of the workers of the one before.
    fn move_to(&mut self, target: Option<&str>) -> Vec<String> {
        self.target = target.map(str::to_owned);
        self.workers.clear();
        if !self.watches_workers {
            return Vec::new();
        }
        self.command_to_page("Worker.enable", &json!({})).into_iter().collect()
    }

    /// A command that nobody waits for.
    fn command_to_page(&mut self, method: &str, parameters: &Value) -> Option<String> {
        let number = self.new_number();
        let target = self.target.as_deref()?;
        Some(command(number, target, &Recipient::Page, method, parameters))
    }

    pub fn new_number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

/// A command as it is sent. It has the same number at each depth.
pub fn command(number: u64, target: &str, recipient: &Recipient, method: &str, parameters: &Value) -> String {
    let command = json!({ "id": number, "method": method, "params": parameters });
    let to_page = match recipient {
        Recipient::Page => command,
        Recipient::Worker(worker) => json!({
            "id": number,
            "method": "Worker.sendMessageToWorker",
            "params": { "workerId": worker, "message": command.to_string() },
        }),
    };
    let to_target = json!({
        "id": number,
        "method": "Target.sendMessageToTarget",
        "params": { "targetId": target, "message": to_page.to_string() },
    });
    to_target.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_page(message: &Value) -> Value {
        json!({ "method": "Target.dispatchMessageFromTarget",
            "params": { "targetId": "page-1", "message": message.to_string() } })
    }

    fn from_worker(message: &Value) -> Value {
        from_page(&json!({ "method": "Worker.dispatchMessageFromWorker",
            "params": { "workerId": "w", "message": message.to_string() } }))
    }

    fn created(target: &str, is_provisional: bool) -> Value {
        json!({ "method": "Target.targetCreated",
            "params": { "targetInfo": { "targetId": target, "type": "page", "isProvisional": is_provisional } } })
    }

    /// A state after these messages, and what had to be sent because of them.
    fn after(messages: &[Value]) -> (InspectorState, Vec<Value>) {
        let mut state = InspectorState {
            watches_workers: true,
            ..InspectorState::default()
        };
        for (number, depth) in [(101, Depth::Page), (102, Depth::Worker)] {
            state.sent.insert(number, SentCommand { depth, answer: None });
        }
        let mut replies = Vec::new();
        for message in messages {
            for reply in state.note(message, Depth::Connection) {
                let reply: Value = serde_json::from_str(&reply).unwrap();
                let inner = reply["params"]["message"].as_str().unwrap();
                replies.push(serde_json::from_str(inner).unwrap());
            }
        }
        (state, replies)
    }

    #[test]
    fn an_answer_comes_from_the_depth_of_its_command() {
        let answer = |number: u64| json!({ "id": number, "result": { "a": 1 } });
        let refused = |number: u64| json!({ "id": number, "error": { "message": "no" } });
        for (message, number, is_answer) in [
            (answer(101), 101, false),
            (from_page(&answer(101)), 101, true),
            (from_page(&answer(102)), 102, false),
            (from_worker(&answer(102)), 102, true),
            (refused(101), 101, true),
            (refused(102), 102, true),
            (from_page(&refused(102)), 102, true),
            (from_page(&answer(7)), 101, false),
        ] {
            let (state, _) = after(&[created("page-1", false), message.clone()]);
            assert_eq!(state.sent[&number].answer.is_some(), is_answer, "{message}");
        }
    }

    #[test]
    fn a_page_that_moves_to_another_process_is_followed() {
        let commit = json!({ "method": "Target.didCommitProvisionalTarget",
            "params": { "oldTargetId": "page-1", "newTargetId": "page-2" } });
        let destroyed = |target| json!({ "method": "Target.targetDestroyed", "params": { "targetId": target } });
        let start = [created("page-1", false), created("page-2", true)];
        let (state, _) = after(&start);
        assert_eq!(state.target.as_deref(), Some("page-1"));
        let (state, replies) = after(&[&start[..], &[commit, destroyed("page-1")]].concat());
        assert_eq!(state.target.as_deref(), Some("page-2"));
        assert_eq!(state.lost, None);
        assert_eq!(
            replies
                .iter()
                .filter(|reply| reply["method"] == "Worker.enable")
                .count(),
            2
        );
        let (state, _) = after(&[created("page-1", false), destroyed("page-1")]);
        assert_eq!(state.lost, Some("crashed or was closed"));
    }

    #[test]
    fn a_new_worker_is_told_to_begin() {
        let new = from_page(&json!({ "method": "Worker.workerCreated", "params": { "workerId": "w" } }));
        let gone = from_page(&json!({ "method": "Worker.workerTerminated", "params": { "workerId": "w" } }));
        let (state, replies) = after(&[created("page-1", false), new.clone()]);
        assert_eq!(state.workers, ["w"]);
        assert_eq!(replies[1]["method"], "Worker.initialized");
        assert_eq!(replies[1]["params"]["workerId"], "w");
        let (state, _) = after(&[created("page-1", false), new, gone]);
        assert_eq!(state.workers, [] as [&str; 0]);
    }

    #[test]
    fn what_is_no_message_changes_nothing() {
        for message in [
            json!(null),
            json!([]),
            json!({ "id": -1 }),
            json!({ "method": 7 }),
            json!({ "method": "Target.targetDestroyed" }),
            json!({ "method": "Target.targetCreated", "params": 7 }),
            json!({ "method": "Target.dispatchMessageFromTarget", "params": { "targetId": "page-1", "message": "{" } }),
        ] {
            let (state, _) = after(&[created("page-1", false), message.clone()]);
            assert_eq!(state.target.as_deref(), Some("page-1"), "{message}");
            assert!(state.lost.is_none() && state.workers.is_empty(), "{message}");
        }
    }
}
