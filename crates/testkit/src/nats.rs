//! A NATS server of one's own with JetStream, and as much of its protocol as tests need to fill a stream.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

/// How long the server is given to start, and to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that runs; killed when it is dropped. What it holds stays in its folder.
pub struct Nats {
    child: Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl Nats {
    /// Starts a server over a folder.
    ///
    /// # Errors
    /// When there is no `nats-server` (package nats-server), or it does not start.
    pub fn start(folder: PathBuf) -> io::Result<Nats> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = spawn(address, &folder)?;
        let nats = Nats { child, address, folder };
        nats.connect()?;
        Ok(nats)
    }

    /// The server's URL.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Kills the server and starts it again.
    ///
    /// # Errors
    /// When it does not start.
    pub fn restart(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        self.child = spawn(self.address, &self.folder)?;
        self.connect().map(drop)
    }

    /// A connection to it.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn connect(&self) -> io::Result<Publisher> {
        let until = Instant::now() + PATIENCE;
        loop {
            match TcpStream::connect(self.address).and_then(Publisher::new) {
                Err(_) if Instant::now() < until => std::thread::sleep(Duration::from_millis(20)),
                connected => return connected,
            }
        }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(address: SocketAddr, folder: &PathBuf) -> io::Result<Child> {
    // Debian puts it where the path of ordinary users does not lead.
    let path = format!("{}:/usr/sbin:/usr/local/sbin", std::env::var("PATH").unwrap_or_default());
    Command::new("nats-server")
        .env("PATH", path)
        .args(["-js", "-a", "127.0.0.1", "-p", &address.port().to_string(), "-sd"])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| {
            io::Error::other(format!("`nats-server` (package nats-server) cannot be run: {error}"))
        })
}

/// A connection that publishes.
pub struct Publisher {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
}

impl Publisher {
    fn new(stream: TcpStream) -> io::Result<Publisher> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut publisher = Publisher { reader: BufReader::new(stream.try_clone()?), writer: stream };
        publisher.line()?;
        publisher.writer.write_all(b"CONNECT {\"verbose\":false}\r\nSUB inbox 1\r\nPING\r\n")?;
        while publisher.line()? != "PONG" {}
        Ok(publisher)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    /// Publishes a text under a subject, and gives JetStream's answer, which comes once it is stored.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn ask(&mut self, subject: &str, text: &str) -> io::Result<Value> {
        write!(self.writer, "PUB {subject} inbox {}\r\n{text}\r\n", text.len())?;
        loop {
            let line = self.line()?;
            if line == "PING" {
                self.writer.write_all(b"PONG\r\n")?;
            }
            let Some(header) = line.strip_prefix("MSG ") else { continue };
            let length: usize =
                header.rsplit(' ').next().and_then(|text| text.parse().ok()).unwrap_or_default();
            let mut body = vec![0; length + 2];
            self.reader.read_exact(&mut body)?;
            return serde_json::from_slice(&body).map_err(io::Error::other);
        }
    }

    /// Makes a stream of all that is published under its name.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn create_stream(&mut self, name: &str) -> io::Result<()> {
        let config = format!(r#"{{"name":"{name}","subjects":["{name}.>"],"storage":"file"}}"#);
        // JetStream is ready a moment after the server is.
        let until = Instant::now() + PATIENCE;
        loop {
            let answer = self.ask(&format!("$JS.API.STREAM.CREATE.{name}"), &config)?;
            match answer.get("error") {
                None => return Ok(()),
                Some(_) if Instant::now() < until => std::thread::sleep(Duration::from_millis(50)),
                Some(error) => return Err(io::Error::other(error.to_string())),
            }
        }
    }
}
