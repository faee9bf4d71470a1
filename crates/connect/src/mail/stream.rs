//! The bytes to and from a mail server, in the clear or by TLS, and the first words until it is TLS.
//!
//! The upgrade is made here and not by the SMTP client: whatever a server (or whoever stands between) sends behind its
//! reply to STARTTLS is refused, instead of being read as if it had come by TLS (CVE-2011-0411).

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use lettre::transport::smtp::{client::AsyncTokioStream, extension::ClientId};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::session::{Failure, Reply, refused};

/// The longest reply that is read, in bytes.
const LONGEST: usize = 16 << 10;
/// What the SMTP client wants to hear first, where the server has said it already.
const GREETED: &[u8] = b"220 greeted before\r\n";

/// A stream to a mail server.
#[derive(Debug)]
pub(super) struct Stream {
    /// What is read before anything that comes.
    first: &'static [u8],
    transport: Transport,
}

#[derive(Debug)]
enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// By TLS from the first byte.
pub(super) async fn wrapped(
    tcp: TcpStream,
    name: &str,
    config: Arc<ClientConfig>,
) -> Result<Stream, Failure> {
    Ok(Stream { first: b"", transport: secure(tcp, name, config).await? })
}

/// In the clear until the server is asked for TLS. Without TLS it goes on only where `bare` allows it.
pub(super) async fn upgraded(
    mut tcp: TcpStream,
    name: &str,
    config: Arc<ClientConfig>,
    hello: &ClientId,
    bare: bool,
) -> Result<Stream, Failure> {
    let greeting = reply(&mut tcp).await?;
    positive(greeting)?;
    say(&mut tcp, &format!("EHLO {hello}\r\n")).await?;
    let known = positive(reply(&mut tcp).await?)?;
    let offered = known.text.lines().any(|line| line.trim().eq_ignore_ascii_case("STARTTLS"));
    if !offered {
        return match bare {
            true => Ok(Stream { first: GREETED, transport: Transport::Plain(tcp) }),
            false => {
                Err(refused("the mail server offers no TLS, and only a host under `private` may do without"))
            }
        };
    }
    say(&mut tcp, "STARTTLS\r\n").await?;
    positive(reply(&mut tcp).await?)?;
    Ok(Stream { first: GREETED, transport: secure(tcp, name, config).await? })
}

async fn secure(tcp: TcpStream, name: &str, config: Arc<ClientConfig>) -> Result<Transport, Failure> {
    let server = ServerName::try_from(name.to_owned())
        .map_err(|_| refused(format!("`{name}` cannot be the name in a certificate")))?;
    let connected = TlsConnector::from(config).connect(server, tcp).await;
    let stream = connected.map_err(|error| refused(format!("no TLS with the mail server: {error}")))?;
    Ok(Transport::Tls(Box::new(stream)))
}

fn positive(reply: Reply) -> Result<Reply, Failure> {
    if (200..300).contains(&reply.status) { Ok(reply) } else { Err(Failure::Reply(reply)) }
}

async fn say(tcp: &mut TcpStream, line: &str) -> Result<(), Failure> {
    tcp.write_all(line.as_bytes()).await.map_err(|error| refused(format!("the connection broke: {error}")))
}

/// One reply, and not a byte more.
async fn reply(tcp: &mut TcpStream) -> Result<Reply, Failure> {
    let mut came = Vec::new();
    let mut chunk = [0; 1024];
    loop {
        let length = tcp.read(&mut chunk).await;
        let length = length.map_err(|error| refused(format!("the connection broke: {error}")))?;
        if length == 0 {
            return Err(refused("the mail server closed the connection"));
        }
        came.extend_from_slice(chunk.get(..length).unwrap_or_default());
        if came.len() > LONGEST {
            return Err(refused("the mail server says more than a reply"));
        }
        if let Some(reply) = whole(&came)? {
            return Ok(reply);
        }
    }
}

/// The reply that these bytes are; none if it has not ended. What stands behind its end belongs to nobody.
fn whole(came: &[u8]) -> Result<Option<Reply>, Failure> {
    if !came.ends_with(b"\n") {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(came);
    let lines: Vec<&str> = text.lines().collect();
    let mut said = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let status = line.get(..3).and_then(|code| code.parse::<u16>().ok());
        let Some(status) = status else { return Err(refused("what answers there is no mail server")) };
        said.push(line.get(4..).unwrap_or_default());
        if line.as_bytes().get(3) != Some(&b'-') {
            return match index + 1 == lines.len() {
                true => Ok(Some(Reply { status, text: said.join("\n") })),
                false => Err(refused("the mail server says more than one reply at a time")),
            };
        }
    }
    Ok(None)
}

impl AsyncTokioStream for Stream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.transport {
            Transport::Plain(tcp) => tcp.peer_addr(),
            Transport::Tls(tls) => tls.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.first.is_empty() {
            let (now, later) = self.first.split_at(self.first.len().min(into.remaining()));
            into.put_slice(now);
            self.first = later;
            return Poll::Ready(Ok(()));
        }
        match &mut self.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_read(cx, into),
            Transport::Tls(tls) => Pin::new(tls).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_write(cx, from),
            Transport::Tls(tls) => Pin::new(tls).poll_write(cx, from),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Transport::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Transport::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
