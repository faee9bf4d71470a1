//! A small blocking HTTP client on a kept connection: enough to test and to measure a server on this machine.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// A client with one connection, opened when it is needed.
pub struct Client {
    server: SocketAddr,
    key: Option<String>,
    stream: Option<BufReader<TcpStream>>,
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header lines, names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body; what is no text in it is replaced.
    pub body: String,
}

impl Answer {
    /// The body as JSON; `null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Client {
    /// A client of a server, with a key to show if it asks for one.
    pub fn new(server: SocketAddr, key: Option<&str>) -> Client {
        Client { server, key: key.map(str::to_owned), stream: None }
    }

    /// Sends a request without a body.
    ///
    /// # Errors
    /// When the server cannot be reached or the connection breaks.
    pub fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.send("GET", path, "", b"")
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// When the server cannot be reached or the connection breaks.
    pub fn json(&mut self, method: &str, path: &str, body: &str) -> io::Result<Answer> {
        self.send(method, path, "application/json", body.as_bytes())
    }

    /// Sends a request.
    ///
    /// # Errors
    /// When the server cannot be reached or the connection breaks; the next request opens a new one.
    pub fn send(&mut self, method: &str, path: &str, content_type: &str, body: &[u8]) -> io::Result<Answer> {
        let named = [("content-type", content_type)];
        self.send_with(method, path, if content_type.is_empty() { &[] } else { &named }, body)
    }

    /// Sends a request with these headers.
    ///
    /// # Errors
    /// When the server cannot be reached or the connection breaks; the next request opens a new one.
    pub fn send_with(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let sent = self.try_send(method, path, headers, body);
        if sent.is_err() {
            self.stream = None;
        }
        sent
    }

    fn try_send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.server);
        if let Some(key) = &self.key {
            head += &format!("authorization: Bearer {key}\r\n");
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("content-length: {}\r\n\r\n", body.len());
        let mut request = head.into_bytes();
        request.extend_from_slice(body);
        let stream = match &mut self.stream {
            Some(stream) => stream,
            closed => {
                let stream = TcpStream::connect_timeout(&self.server, Duration::from_secs(5))?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(Duration::from_secs(60)))?;
                closed.insert(BufReader::new(stream))
            }
        };
        stream.get_mut().write_all(&request)?;
        let (answer, closes) = read_answer(stream)?;
        if closes {
            self.stream = None;
        }
        Ok(answer)
    }
}

fn read_answer(stream: &mut BufReader<TcpStream>) -> io::Result<(Answer, bool)> {
    let broken = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection"));
    }
    let status =
        line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| broken("no status"))?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let header =
        |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    let mut body = Vec::new();
    if header("transfer-encoding").is_some_and(|value| value == "chunked") {
        read_chunks(stream, &mut body)?;
    } else {
        let length = header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        stream.take(length).read_to_end(&mut body)?;
    }
    let closes = header("connection").is_some_and(|value| value == "close");
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok((Answer { status, headers, body }, closes))
}

fn read_chunks(stream: &mut BufReader<TcpStream>, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let length = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        stream.take(length).read_to_end(body)?;
        stream.read_line(&mut String::new())?;
        if length == 0 {
            return Ok(());
        }
    }
}
