//! Frames as RFC 6455 has them, and what is none.

use super::*;
use std::cell::RefCell;
use std::net::TcpListener;
use std::thread;

/// A frame as a server sends it.
fn served(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..126 => bytes.push(short as u8),
        middle @ 126..65536 => {
            bytes.push(126);
            bytes.extend((middle as u16).to_be_bytes());
        }
        long => {
            bytes.push(127);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    bytes.extend(payload);
    bytes
}

fn message_in(bytes: &[u8]) -> Result<String, String> {
    next_message(&mut &bytes[..], |_| Ok(())).map_err(|error| error.to_string())
}

#[test]
fn frames_of_a_client_are_masked() {
    // The example of section 5.7.
    let masked = frame(TEXT, b"Hello", [0x37, 0xfa, 0x21, 0x3d]);
    assert_eq!(
        masked,
        [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
    );
    for (length, head) in [
        (125, &[0x81, 0x80 | 125][..]),
        (126, &[0x81, 0x80 | 126, 0, 126]),
        (65535, &[0x81, 0x80 | 126, 0xff, 0xff]),
        (65536, &[0x81, 0x80 | 127, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        let bytes = frame(TEXT, &vec![b'a'; length], [0; 4]);
        assert_eq!(bytes[..head.len()], *head);
        assert_eq!(bytes.len(), head.len() + 4 + length);
    }
}

#[test]
fn messages_of_each_length_are_read() {
    for length in [0, 1, 125, 126, 65535, 65536, 200_000] {
        let text = "a".repeat(length);
        assert_eq!(message_in(&served(0x81, text.as_bytes())), Ok(text));
    }
}

#[test]
fn fragments_are_one_message_and_pings_between_them_are_answered() {
    let bytes = [
        served(0x01, b"Hel"),
        served(0x89, b"are you there"),
        served(0x8a, b""),
        served(0x00, b"l"),
        served(0x80, b"o"),
        served(0x81, b"next"),
    ]
    .concat();
    let answered = RefCell::new(Vec::new());
    let mut reader = &bytes[..];
    let mut next = || {
        next_message(&mut reader, |payload| {
            answered.borrow_mut().push(payload.to_vec());
            Ok(())
        })
    };
    assert_eq!(next().unwrap(), "Hello");
    assert_eq!(next().unwrap(), "next");
    assert_eq!(answered.into_inner(), [b"are you there".to_vec()]);
}

#[test]
fn what_is_no_message_is_an_error() {
    let too_long = [&[0x81, 127][..], &u64::MAX.to_be_bytes()].concat();
    for (bytes, expected) in [
        (vec![], "the connection is closed"),
        (vec![0x81], "the connection is closed"),
        (vec![0x81, 126, 0], "the connection is closed"),
        (vec![0x81, 5, b'a'], "a frame is cut off"),
        (served(0x88, b"\x03\xe8"), "it closed the connection"),
        (served(0x82, b"a"), "a message is not text"),
        (served(0x81, b"\xff"), "a message is not text"),
        (served(0x80, b"a"), "a frame of kind 0 is out of place"),
        (served(0x83, b"a"), "a frame of kind 3 is out of place"),
        (
            [served(0x01, b"a"), served(0x81, b"a")].concat(),
            "a frame of kind 1 is out of place",
        ),
        (served(0xc1, b"a"), "a frame has an extension"),
        (vec![0x81, 0x81, 0, 0, 0, 0, b'a'], "a frame is masked"),
        (served(0x09, b"a"), "a control frame is too long"),
        (served(0x89, &[0; 126]), "a control frame is too long"),
        (too_long, "a message of 18446744073709551615 bytes is too long"),
    ] {
        assert_eq!(message_in(&bytes), Err(expected.to_owned()), "{bytes:?}");
    }
}

/// What the client makes of a server that answers the handshake with `answer`.
fn opened(answer: &'static [u8]) -> Result<String, String> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        while reader.read_line(&mut line).unwrap() > 2 {
            line.clear();
        }
        stream.write_all(answer).unwrap();
    });
    let stream = TcpStream::connect(address).unwrap();
    let message = open(stream, "/socket", Duration::from_secs(20)).and_then(|mut reader| reader.next());
    server.join().unwrap();
    message.map_err(|error| error.to_string())
}

#[test]
fn a_handshake_is_accepted_or_said_to_be_refused() {
    let message = opened(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02hi");
    assert_eq!(message, Ok("hi".to_owned()));
    for (answer, expected) in [
        (
            &b"HTTP/1.1 404 Not Found\r\n\r\n"[..],
            "the handshake was answered by `HTTP/1.1 404 Not Found`",
        ),
        (b"", "the handshake was answered by ``"),
        (b"HTTP/1.1 101 S\r\nA: b\r\n", "the answer to the handshake has no end"),
    ] {
        assert_eq!(opened(answer), Err(expected.to_owned()));
    }
}
