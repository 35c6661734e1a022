//! Requests of real browsers: none leaves this machine.

use crate::browsers::in_each;
use crate::world::{Answer, World, repository};
use std::fs;
use std::io::Write;
use std::process::Command;

/// The calls by which something is sent over the network.
const CALLS: &str = "trace=connect,sendto,sendmsg,sendmmsg";

/// Whether a call sends something to another machine, or asks for the name of a host. Sockets are shown with their
/// protocol, and with both addresses once they are connected.
fn leaves(call: &str) -> bool {
    // What is asked of the kernel itself has addresses, too, and sockets of this machine alone have arrows.
    if ["AF_NETLINK", "<NETLINK", "<UNIX"].iter().any(|own| call.contains(own)) {
        return false;
    }
    let of_this = [
        "inet_addr(\"127.",
        "inet_pton(AF_INET6, \"::1\"",
        "inet_addr(\"0.0.0.0\")",
        "->127.",
        "->[::1]",
    ];
    let is_here = of_this.iter().any(|address| call.contains(address));
    let asks_for_names = call.contains("_port=htons(53)") || call.contains(":53]>");
    // To connect a socket for datagrams sends nothing. Chromium looks so whether there is a route for IPv6.
    if call.contains("connect(") && call.contains("<UDP") {
        return asks_for_names;
    }
    let has_address = call.contains("sa_family=AF_INET") || call.contains("->");
    has_address && (!is_here || asks_for_names)
}

#[test]
fn calls_that_leave_the_machine_are_told_from_others() {
    for (call, expected) in [
        (
            "connect(3, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr(\"23.219.91.27\")}, 16) = 0",
            true,
        ),
        (
            "connect(3, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr(\"127.0.0.53\")}, 16) = 0",
            true,
        ),
        (
            "connect(3, {sa_family=AF_INET6, sin6_port=htons(53), inet_pton(AF_INET6, \"2a02::1\", &sin6_addr)}, 28) = 0",
            true,
        ),
        (
            "connect(3, {sa_family=AF_INET, sin_port=htons(41000), sin_addr=inet_addr(\"127.0.0.1\")}, 16) = 0",
            false,
        ),
        (
            "connect(3, {sa_family=AF_UNIX, sun_path=@\"/tmp/.X11-unix/X0\"}, 20) = 0",
            false,
        ),
        (
            "connect(3<UDPv6:[7]>, {sa_family=AF_INET6, sin6_port=htons(443), inet_pton(AF_INET6, \"2001::8888\", &sin6_addr)}, 28) = 0",
            false,
        ),
        (
            "connect(3<UDP:[7]>, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr(\"10.0.0.1\")}, 16) = 0",
            true,
        ),
        (
            "sendto(3<UDPv6:[[2001::1]:5000->[2001::8888]:443]>, \"a\", 1, 0, NULL, 0) = 1",
            true,
        ),
        (
            "sendto(3<UDP:[127.0.0.1:5000->127.0.0.53:53]>, \"a\", 1, 0, NULL, 0) = 1",
            true,
        ),
        (
            "sendto(3<TCP:[127.0.0.1:5000->127.0.0.1:41000]>, \"a\", 1, 0, NULL, 0) = 1",
            false,
        ),
        ("sendmsg(3<UNIX-STREAM:[12->13]>, {msg_name=NULL}, 0) = 36", false),
        (
            "sendmsg(3, {msg_name={sa_family=AF_NETLINK}, inet_addr(\"23.219.91.27\")}, 0) = 36",
            false,
        ),
    ] {
        assert_eq!(leaves(call), expected, "{call}");
    }
}

#[test]
fn no_request_leaves_the_machine() {
    if which::which("strace").is_err() {
        let _ = writeln!(std::io::stderr(), "skipped: strace is missing");
        return;
    }
    in_each(|browser, place| {
        if place == "worker" {
            return;
        }
        let world = World::new().with_this_machine();
        let world = world.set("CARGO_TARGET_DIR", repository().join("target"));
        let log = world.file("calls");
        let own = world.xtask(&["test", "m0", "--engine", browser, "--timeout", "300"]);
        let mut command = Command::new("strace");
        command
            .args(["-f", "-qq", "-yy", "-e", CALLS, "-o"])
            .arg(&log)
            .arg(own.get_program())
            .args(own.get_args());
        for (name, value) in own.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let answer = Answer::of(command.current_dir(repository()).output().unwrap());
        answer.expect(0, &["1 cell: 1 ok"]);
        let text = fs::read(log).unwrap();
        let text = String::from_utf8_lossy(&text);
        // It was watched: the page talks to our server.
        assert!(text.contains("inet_addr(\"127.0.0.1\")"), "{browser}");
        let left: Vec<&str> = text.lines().filter(|call| leaves(call)).collect();
        assert_eq!(left, [] as [&str; 0], "{browser}");
    });
}
