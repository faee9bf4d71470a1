//! A partner that records every request and answers as it is told.
//!
//! It keeps what it saw in memory of the test's process, so it outlives the server under test, whatever kills that.

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::tls;

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Method and target, as in `GET /a?b=c`.
    pub line: String,
    /// Header names in small letters, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Recorded {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What the partner answers.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Further headers, each line whole and with its end.
    pub headers: String,
    /// The body, JSON.
    pub body: String,
    /// How long it takes.
    pub delay: Duration,
}

impl Reply {
    /// 200 with this body.
    pub fn ok(body: &str) -> Reply {
        Reply { status: 200, headers: String::new(), body: body.to_owned(), delay: Duration::ZERO }
    }

    /// This status with an empty object.
    pub fn status(status: u16) -> Reply {
        Reply { status, ..Reply::ok("{}") }
    }
}

type Script = dyn Fn(&Recorded, usize) -> Reply + Send + Sync;

/// A partner that runs until the process ends.
pub struct Partner {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

/// What came, and how often each line did.
#[derive(Default)]
struct Seen {
    requests: Vec<Recorded>,
    lines: HashMap<String, usize>,
}

impl Partner {
    /// Starts a partner. The script is given each request and how often one with its line came before.
    ///
    /// # Errors
    /// When it cannot listen.
    pub fn start(script: impl Fn(&Recorded, usize) -> Reply + Send + Sync + 'static) -> io::Result<Partner> {
        Partner::listen(None, Arc::new(script))
    }

    /// Starts a partner that speaks TLS and has a certificate for these names. Gives its authority too, in PEM.
    ///
    /// # Errors
    /// When it cannot listen, or has no certificate.
    pub fn start_secure(
        names: &[&str],
        script: impl Fn(&Recorded, usize) -> Reply + Send + Sync + 'static,
    ) -> io::Result<(Partner, String)> {
        let (tls, authority) = tls::certificate(names)?;
        Ok((Partner::listen(Some(tls), Arc::new(script))?, authority))
    }

    fn listen(tls: Option<Arc<ServerConfig>>, script: Arc<Script>) -> io::Result<Partner> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let recorder = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (recorder, script, tls) = (recorder.clone(), script.clone(), tls.clone());
                // A connection that breaks is the client's affair.
                std::thread::spawn(move || drop(welcome(stream, tls, &recorder, &*script)));
            }
        });
        Ok(Partner { address, seen })
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Recorded> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).requests.clone()
    }

    /// The requests whose line begins like this.
    pub fn seen_at(&self, line: &str) -> Vec<Recorded> {
        self.seen().into_iter().filter(|request| request.line.starts_with(line)).collect()
    }

    /// Waits until so many requests with such a line came, and gives them.
    ///
    /// # Panics
    /// When they do not come within half a minute.
    #[expect(clippy::panic, reason = "a test that waits in vain must fail")]
    pub fn wait_for(&self, line: &str, count: usize) -> Vec<Recorded> {
        for _ in 0..3_000 {
            let seen = self.seen_at(line);
            if seen.len() >= count {
                return seen;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{count} requests `{line}` did not come; seen were {:#?}", self.seen());
    }

    /// How often each effect was done: requests whose line begins like this, counted once per `Idempotency-Key`.
    pub fn effects(&self, line: &str) -> HashMap<String, usize> {
        let mut attempts = HashMap::new();
        for request in self.seen_at(line) {
            *attempts.entry(request.header("idempotency-key").unwrap_or_default().to_owned()).or_default() +=
                1;
        }
        attempts
    }
}

fn welcome(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    seen: &Mutex<Seen>,
    script: &Script,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match tls {
        None => converse(stream, seen, script),
        Some(tls) => {
            let session = ServerConnection::new(tls).map_err(io::Error::other)?;
            converse(StreamOwned::new(session, stream), seen, script)
        }
    }
}

fn converse(stream: impl Read + Write, seen: &Mutex<Seen>, script: &Script) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_request(&mut stream)? {
        let before = {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            let count = seen.lines.entry(request.line.clone()).or_default();
            *count += 1;
            let before = *count - 1;
            seen.requests.push(request.clone());
            before
        };
        let reply = script(&request, before);
        std::thread::sleep(reply.delay);
        let answer = format!(
            "HTTP/1.1 {} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{}\r\n{}",
            reply.status,
            reply.body.len(),
            reply.headers,
            reply.body
        );
        stream.get_mut().write_all(answer.as_bytes())?;
    }
    Ok(())
}

fn read_request(stream: &mut BufReader<impl Read>) -> io::Result<Option<Recorded>> {
    let read = read_bytes(stream)?;
    Ok(read.map(|(request, body)| Recorded { body: String::from_utf8_lossy(&body).into_owned(), ..request }))
}

/// A request whose body need not be text, which stands beside it.
pub(crate) fn read_bytes(stream: &mut BufReader<impl Read>) -> io::Result<Option<(Recorded, Vec<u8>)>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length =
        headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let mut body = Vec::new();
    stream.take(length.unwrap_or(0)).read_to_end(&mut body)?;
    let line = line.rsplit_once(" HTTP/").map_or(line.as_str(), |(line, _)| line).to_owned();
    Ok(Some((Recorded { line, headers, body: String::new() }, body)))
}
