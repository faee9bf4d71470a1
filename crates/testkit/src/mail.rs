//! A mail server that records every mail and answers as it is told: in the clear, by STARTTLS, or by TLS from the
//! beginning, with or without accounts.
//!
//! It takes SMTP literally: lines end with CR LF, a mail ends with a dot on a line of its own, and a dot that is doubled
//! is one. So what breaks out of its place is seen as what it became.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::tls;

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// In the clear; it offers nothing else.
    Plain,
    /// In the clear until STARTTLS.
    StartTls,
    /// By TLS from the first byte.
    Tls,
}

/// A mail as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// The mail, its dots no longer doubled.
    pub data: Vec<u8>,
    /// The account and its password, if somebody logged in.
    pub login: Option<(String, String)>,
    /// Whether it came by TLS.
    pub secure: bool,
    /// The number of the connection, from 0.
    pub session: usize,
}

/// What the server does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// What a server says that has nothing against it.
    Usual,
    /// This line.
    Line(String),
    /// This line, and no more after it.
    Last(String),
    /// Nothing; the connection ends.
    Close,
    /// Nothing, for so long; then the connection ends.
    Hang(Duration),
}

impl Said {
    /// A line.
    pub fn line(text: &str) -> Said {
        Said::Line(text.to_owned())
    }
}

type Script = dyn Fn(&str, usize) -> Said + Send + Sync;

/// A mail server that runs until the process ends.
pub struct MailServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// The authority of its certificate for `127.0.0.1` and `localhost`, in PEM.
    pub authority: String,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    mails: Vec<Delivery>,
    /// Every line that came, without what is secret of it.
    lines: Vec<String>,
    sessions: usize,
}

struct Shared {
    seen: Arc<Mutex<Seen>>,
    script: Box<Script>,
    security: Security,
    tls: Arc<ServerConfig>,
}

impl MailServer {
    /// Starts a server. The script is given each command as it came, `CONNECT` for a new connection and `.` for the end of
    /// a mail, and how often its first word came before.
    ///
    /// # Errors
    /// When it cannot listen, or has no certificate.
    pub fn start(
        security: Security,
        script: impl Fn(&str, usize) -> Said + Send + Sync + 'static,
    ) -> io::Result<MailServer> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (tls, authority) = tls::certificate(&["127.0.0.1", "localhost"])?;
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let shared = Arc::new(Shared { seen: seen.clone(), script: Box::new(script), security, tls });
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                // A connection that breaks is the client's affair.
                std::thread::spawn(move || drop(Session::run(stream, &shared)));
            }
        });
        Ok(MailServer { address, authority, seen })
    }

    /// A server that has nothing against anything.
    ///
    /// # Errors
    /// As [`MailServer::start`].
    pub fn friendly(security: Security) -> io::Result<MailServer> {
        MailServer::start(security, |_, _| Said::Usual)
    }

    /// Its address as a connection has it.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Every mail so far that came to its end, whatever was answered.
    pub fn mails(&self) -> Vec<Delivery> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).mails.clone()
    }

    /// Every command so far.
    pub fn lines(&self) -> Vec<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).lines.clone()
    }

    /// Waits until so many mails came, and gives them.
    ///
    /// # Panics
    /// When they do not come within half a minute.
    #[expect(clippy::panic, reason = "a test that waits in vain must fail")]
    pub fn wait_for(&self, count: usize) -> Vec<Delivery> {
        for _ in 0..3_000 {
            let mails = self.mails();
            if mails.len() >= count {
                return mails;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{count} mails did not come; the lines were {:#?}", self.lines());
    }
}

enum Transport {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

struct Session<'a> {
    shared: &'a Shared,
    transport: Transport,
    /// What came and was not looked at.
    came: Vec<u8>,
    number: usize,
    login: Option<(String, String)>,
    from: Option<String>,
    to: Vec<String>,
    /// Whether the last reply lets a mail begin.
    begun: bool,
}

impl Session<'_> {
    fn run(stream: TcpStream, shared: &Shared) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let number = {
            let mut seen = shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.sessions += 1;
            seen.sessions - 1
        };
        let transport = match shared.security {
            Security::Tls => secure(stream, shared)?,
            Security::Plain | Security::StartTls => Transport::Plain(stream),
        };
        let came = Vec::new();
        let (login, from, to) = (None, None, Vec::new());
        let mut session = Session { shared, transport, came, number, login, from, to, begun: false };
        if !session.answer("CONNECT", "220 mail.example.com ESMTP")? {
            return Ok(());
        }
        while let Some(line) = session.line()? {
            if !session.command(&line)? {
                break;
            }
        }
        Ok(())
    }

    fn command(&mut self, line: &str) -> io::Result<bool> {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let path =
            || line.split_once('<').and_then(|(_, rest)| rest.rsplit_once('>')).map_or("", |(path, _)| path);
        match verb.as_str() {
            "EHLO" => self.answer(line, &self.features()),
            "STARTTLS" if self.shared.security == Security::StartTls => {
                if !self.answer(line, "220 go ahead")? {
                    return Ok(false);
                }
                if let Transport::Plain(stream) = &self.transport {
                    self.transport = secure(stream.try_clone()?, self.shared)?;
                }
                Ok(true)
            }
            "AUTH" => self.auth(line),
            "MAIL" => {
                (self.from, self.to) = (Some(path().to_owned()), Vec::new());
                self.answer(line, "250 2.1.0 fine")
            }
            "RCPT" => {
                self.to.push(path().to_owned());
                self.answer(line, "250 2.1.5 fine")
            }
            "DATA" => {
                let goes_on = self.answer(line, "354 go ahead")?;
                if goes_on && self.begun { self.data() } else { Ok(goes_on) }
            }
            "RSET" | "NOOP" => self.answer(line, "250 2.0.0 fine"),
            "QUIT" => {
                self.answer(line, "221 2.0.0 bye")?;
                Ok(false)
            }
            _ => self.answer(line, "500 5.5.2 what?"),
        }
    }

    fn features(&self) -> String {
        let offers_tls =
            matches!((&self.transport, self.shared.security), (Transport::Plain(_), Security::StartTls));
        let tls = if offers_tls { "250-STARTTLS\r\n" } else { "" };
        format!("250-mail.example.com\r\n{tls}250-AUTH PLAIN LOGIN\r\n250-8BITMIME\r\n250 SMTPUTF8")
    }

    fn auth(&mut self, line: &str) -> io::Result<bool> {
        let code = line.rsplit(' ').next().unwrap_or_default();
        let text = STANDARD.decode(code).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut words = text.split('\0').skip(1).map(str::to_owned);
        self.login = words.next().zip(words.next());
        self.answer("AUTH", "235 2.7.0 welcome")
    }

    fn data(&mut self) -> io::Result<bool> {
        let mut data = Vec::new();
        loop {
            let Some(line) = self.bytes_of_line()? else { return Ok(false) };
            if line == b"." {
                break;
            }
            data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            data.extend_from_slice(b"\r\n");
        }
        let mail = Delivery {
            from: self.from.take().unwrap_or_default(),
            to: std::mem::take(&mut self.to),
            data,
            login: self.login.clone(),
            secure: matches!(self.transport, Transport::Tls(_)),
            session: self.number,
        };
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).mails.push(mail);
        self.answer(".", "250 2.0.0 queued as 1")
    }

    /// Says what the script wants, or this. False when the connection ends.
    fn answer(&mut self, line: &str, usual: &str) -> io::Result<bool> {
        let verb = |line: &str| line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        let before = {
            let mut seen = self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let before = seen.lines.iter().filter(|one| verb(one) == verb(line)).count();
            seen.lines.push(line.to_owned());
            before
        };
        let (text, goes_on) = match (self.shared.script)(line, before) {
            Said::Usual => (usual.to_owned(), true),
            Said::Line(text) => (text, true),
            Said::Last(text) => (text, false),
            Said::Close => return Ok(false),
            Said::Hang(time) => {
                std::thread::sleep(time);
                return Ok(false);
            }
        };
        let text = format!("{text}\r\n");
        match &mut self.transport {
            Transport::Plain(stream) => stream.write_all(text.as_bytes())?,
            Transport::Tls(stream) => {
                stream.write_all(text.as_bytes())?;
                stream.flush()?;
            }
        }
        self.begun = text.starts_with("354");
        Ok(goes_on && !text.starts_with("421"))
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        Ok(self.bytes_of_line()?.map(|line| String::from_utf8_lossy(&line).into_owned()))
    }

    fn bytes_of_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(at) = self.came.windows(2).position(|two| two == b"\r\n") {
                let rest = self.came.split_off(at + 2);
                let mut line = std::mem::replace(&mut self.came, rest);
                line.truncate(at);
                return Ok(Some(line));
            }
            let mut chunk = [0; 4096];
            let length = match &mut self.transport {
                Transport::Plain(stream) => stream.read(&mut chunk)?,
                Transport::Tls(stream) => stream.read(&mut chunk)?,
            };
            if length == 0 {
                return Ok(None);
            }
            self.came.extend_from_slice(chunk.get(..length).unwrap_or_default());
        }
    }
}

fn secure(stream: TcpStream, shared: &Shared) -> io::Result<Transport> {
    let connection = ServerConnection::new(shared.tls.clone()).map_err(io::Error::other)?;
    Ok(Transport::Tls(Box::new(StreamOwned::new(connection, stream))))
}
