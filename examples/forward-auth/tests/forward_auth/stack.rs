//! The whole chain on loopback ports: test issuer, forward-auth server, an application, and the proxies
//! with the configurations shipped here.

use std::{
    env, fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokenring::{Guard, RemoteJwks, ResourceMetadata};
use tokenring_forward_auth::{Certificates, ForwardAuth, decisions, probes};
use tokenring_oracle::{
    http::{FOREVER, get, values},
    issued::Issued,
    program::Started,
};
use tokio::runtime::{Builder, Runtime};

/// The application behind the proxies.
pub enum Application {
    /// The Flask API of this package.
    Flask { address: SocketAddr, _program: Started },
    /// A server that keeps each request as it was sent: no framework hides anything.
    Recorder(Recorder),
}

impl Application {
    pub fn flask() -> Self {
        let mut command = Command::new(python_with_flask());
        command
            .arg("-B")
            .arg(package().join("tests/forward_auth/echo.py"))
            .env("PYTHONPATH", package());
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = Started(command.spawn().unwrap());
        let port = child.lines().next().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port.trim().parse().unwrap()));
        Self::Flask { address, _program: child }
    }

    pub fn recorder() -> Self {
        Self::Recorder(Recorder::start())
    }

    fn address(&self) -> SocketAddr {
        match self {
            Self::Flask { address, .. } => *address,
            Self::Recorder(recorder) => recorder.address,
        }
    }
}

/// The forward-auth server on a runtime of two threads, and its issuer.
pub struct Service {
    pub issued: Issued,
    /// The proxies' port.
    pub decisions: SocketAddr,
    pub probes: SocketAddr,
    runtime: Runtime,
}

impl Service {
    /// Starts it. `scope` is required, if there is one.
    pub fn start(scope: Option<&str>) -> Self {
        Self::with(Certificates::Ignored, |guard| match scope {
            Some(scope) => guard.require_scope(scope),
            None => guard,
        })
    }

    /// Starts it with these settings of its guard.
    pub fn with(
        certificates: Certificates,
        settings: impl FnOnce(Guard<RemoteJwks>) -> Guard<RemoteJwks>,
    ) -> Self {
        let issued = Issued::start();
        let guard = settings(Guard::new(issued.verifier()));
        Self::serving(issued, guard, certificates, None)
    }

    /// Starts it with the metadata of this resource, if there is one.
    pub fn with_resource(resource: Option<&str>) -> Self {
        let issued = Issued::start();
        let guard = Guard::new(issued.verifier());
        let metadata = resource.map(|resource| {
            // Not the test issuer, whose URL is one of this machine.
            let metadata = ResourceMetadata::new(resource);
            metadata.authorization_server("https://login.example.com").build().unwrap()
        });
        Self::serving(issued, guard, Certificates::Ignored, metadata.as_ref())
    }

    fn serving(
        issued: Issued,
        guard: Guard<RemoteJwks>,
        certificates: Certificates,
        metadata: Option<&ResourceMetadata>,
    ) -> Self {
        let service = ForwardAuth::new(guard, certificates);
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_io().build().unwrap();
        let serve = |router| {
            let bound = tokio::net::TcpListener::bind("127.0.0.1:0");
            let listener = runtime.block_on(bound).unwrap();
            let address = listener.local_addr().unwrap();
            runtime.spawn(async move { axum::serve(listener, router).await });
            address
        };
        let decisions = serve(decisions(service.clone(), metadata));
        let probes = serve(probes(service));
        Self { issued, decisions, probes, runtime }
    }

    /// Stops it, and closes its connections.
    pub fn stop(self) {
        self.runtime.shutdown_timeout(FOREVER);
    }
}

/// The proxies in front of an application.
pub struct Stack {
    pub application: Application,
    proxies: Vec<(&'static str, Started, SocketAddr)>,
    // Last, so that the programs that write into it end first.
    _directory: Directory,
}

impl Stack {
    /// Starts them with the configurations as they are shipped.
    pub fn start(service: &Service, application: Application) -> Self {
        let mut stack =
            Self::with(service, application, shipped("nginx.conf"), shipped("Caddyfile"));
        let application = stack.application.address();
        let directory = &stack._directory;
        stack.proxies.push(start_envoy(directory, service.decisions, application));
        stack.proxies.push(start_traefik(directory, service.decisions, application));
        stack
    }

    /// Starts nginx and Caddy with the lines for preflights turned on.
    pub fn with_preflights(service: &Service, application: Application) -> Self {
        let nginx = turned_on(&shipped("nginx.conf"), "\"~^OPTIONS", " 1;");
        let caddy = turned_on(&shipped("Caddyfile"), "@preflight {", "127.0.0.1:5000}");
        Self::with(service, application, nginx, caddy)
    }

    /// Starts nginx alone, for TLS with client certificates of any authority.
    pub fn with_client_certificates(service: &Service, application: Application) -> Self {
        let nginx = turned_on(&shipped("nginx.conf"), "ssl_verify_client", ";");
        let vectors = package().join("../../tests/vectors/tls");
        let file = |name: &str| vectors.join(name).display().to_string();
        let tls = format!(
            "listen 127.0.0.1:8080 ssl;\n    ssl_certificate {};\n    ssl_certificate_key {};",
            file("loopback.pem"),
            file("server-key.pem")
        );
        // `start_nginx` replaces the address.
        let nginx = nginx.replace("listen 127.0.0.1:8080;", &tls);
        let directory = Directory::new();
        let address = application.address();
        let proxies = vec![start_nginx(&directory, nginx, service.decisions, address)];
        Self { application, proxies, _directory: directory }
    }

    fn with(service: &Service, application: Application, nginx: String, caddy: String) -> Self {
        let directory = Directory::new();
        let proxies = vec![
            start_nginx(&directory, nginx, service.decisions, application.address()),
            start_caddy(&directory, caddy, service.decisions, application.address()),
        ];
        Self { application, proxies, _directory: directory }
    }

    /// The proxies' names and addresses.
    pub fn proxies(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> {
        self.proxies.iter().map(|(name, _, address)| (*name, *address))
    }

    pub fn recorder(&self) -> &Recorder {
        match &self.application {
            Application::Recorder(recorder) => recorder,
            Application::Flask { .. } => panic!("Flask records nothing"),
        }
    }
}

/// A configuration of this package.
fn shipped(name: &str) -> String {
    fs::read_to_string(package().join(name)).unwrap()
}

/// `configuration` without the `# ` of the lines from the one that begins with `first` to the one that
/// ends with `last`.
fn turned_on(configuration: &str, first: &str, last: &str) -> String {
    let start = configuration.find(&format!("# {first}")).unwrap();
    let (before, rest) = configuration.split_at(start);
    let (lines, after) = rest.split_at(rest.find(last).unwrap() + last.len());
    format!("{before}{}{after}", lines.replace("# ", ""))
}

/// nginx with this configuration, its three addresses replaced.
fn start_nginx(
    directory: &Directory,
    configuration: String,
    decisions: SocketAddr,
    application: SocketAddr,
) -> (&'static str, Started, SocketAddr) {
    let address = own_address();
    let configuration = with_addresses(
        &configuration,
        [
            ("server 127.0.0.1:9000;", format!("server {decisions};")),
            ("server 127.0.0.1:5000;", format!("server {application};")),
            ("listen 127.0.0.1:8080", format!("listen {address}")),
        ],
    );
    let path = directory.0.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path {path}/{name};\n"))
        .collect();
    // As root, nginx would change to a user without access to the directory.
    let user = if is_root() { "user root;" } else { "" };
    let around = format!(
        "{user}\nworker_processes 1;\npid {path}/nginx.pid;\nevents {{ }}\n\
         http {{\naccess_log off;\n{temporary}{configuration}\n}}\n"
    );
    let configuration = directory.write("nginx.conf", &around);
    let mut command = Command::new(program("nginx"));
    command.arg("-c").arg(configuration).args(["-e", "stderr", "-g", "daemon off;"]);
    ("nginx", start(command, address), address)
}

/// Caddy with this configuration.
fn start_caddy(
    directory: &Directory,
    configuration: String,
    decisions: SocketAddr,
    application: SocketAddr,
) -> (&'static str, Started, SocketAddr) {
    let address = own_address();
    let around = format!("{{\nadmin off\ndefault_bind {}\n}}\n{configuration}", address.ip());
    let configuration = directory.write("Caddyfile", &around);
    let mut command = Command::new(program("caddy"));
    command
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(configuration)
        .env("SITE", format!("http://{address}"))
        .env("FORWARD_AUTH", decisions.to_string())
        .env("APPLICATION", application.to_string())
        // Caddy keeps its files there.
        .env("HOME", &directory.0)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_DATA_HOME");
    ("caddy", start(command, address), address)
}

/// Envoy with the configuration shipped here, its three addresses replaced.
fn start_envoy(
    directory: &Directory,
    decisions: SocketAddr,
    application: SocketAddr,
) -> (&'static str, Started, SocketAddr) {
    let address = own_address();
    let socket =
        |address: SocketAddr| format!("address: {}, port_value: {}", address.ip(), address.port());
    let configuration = with_addresses(
        &shipped("envoy.yaml"),
        [
            ("address: 127.0.0.1, port_value: 9000", socket(decisions)),
            ("address: 127.0.0.1, port_value: 5000", socket(application)),
            ("address: 127.0.0.1, port_value: 8080", socket(address)),
        ],
    );
    let configuration = directory.write("envoy.yaml", &configuration);
    let mut command = Command::new(program("envoy"));
    // The tests run several at once, which must not meet in shared memory.
    command.arg("-c").arg(configuration).args(["--disable-hot-restart", "--concurrency", "1"]);
    ("envoy", start(command, address), address)
}

/// Traefik with the two files shipped here, their addresses replaced.
fn start_traefik(
    directory: &Directory,
    decisions: SocketAddr,
    application: SocketAddr,
) -> (&'static str, Started, SocketAddr) {
    let address = own_address();
    let routes = with_addresses(
        &shipped("traefik-routes.yaml"),
        [
            ("address: http://127.0.0.1:9000/", format!("address: http://{decisions}/")),
            ("url: http://127.0.0.1:9000 ", format!("url: http://{decisions} ")),
            ("url: http://127.0.0.1:5000 ", format!("url: http://{application} ")),
        ],
    );
    let routes = directory.write("traefik-routes.yaml", &routes);
    let configuration = with_addresses(
        &shipped("traefik.yaml"),
        [
            ("address: 127.0.0.1:8080", format!("address: {address}")),
            ("filename: traefik-routes.yaml", format!("filename: {}", routes.display())),
        ],
    );
    let configuration = directory.write("traefik.yaml", &configuration);
    let mut command = Command::new(program("traefik"));
    command.arg(format!("--configFile={}", configuration.display()));
    let started = start(command, address);
    // It listens before it has read its routes.
    let start = Instant::now();
    while get(address, "/", &[]).status == 404 {
        assert!(start.elapsed() < FOREVER, "Traefik has no routes");
        thread::sleep(Duration::from_millis(10));
    }
    ("traefik", started, address)
}

/// `configuration` with other addresses. Each stands in it once.
fn with_addresses<const N: usize>(configuration: &str, addresses: [(&str, String); N]) -> String {
    addresses.into_iter().fold(configuration.to_owned(), |configuration, (written, replacement)| {
        assert_eq!(configuration.matches(written).count(), 1, "{written}");
        configuration.replace(written, &replacement)
    })
}

/// Starts a proxy, and waits until it listens.
fn start(mut command: Command, address: SocketAddr) -> Started {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = Started(command.spawn().unwrap());
    let start = Instant::now();
    while TcpStream::connect(address).is_err() {
        let ended = child.0.try_wait().unwrap().is_some();
        if ended || start.elapsed() > FOREVER {
            let _ended = child.0.kill();
            let mut log = String::new();
            child.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
            panic!("{command:?} does not listen at {address}: {log}");
        }
        thread::sleep(Duration::from_millis(10));
    }
    // Otherwise it would block on output that is not read.
    let mut log = child.0.stderr.take().unwrap();
    thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    child
}

fn program(name: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    // Debian installs nginx in a directory that only root's path has, and `run-tests` installs Envoy and Traefik in
    // the other one.
    let installed = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../forward-auth/venv/bin");
    let directories = env::split_paths(&path).chain(["/usr/sbin".into(), installed]);
    let mut programs = directories.map(|directory| directory.join(name));
    let found = programs.find(|program| program.is_file());
    found.unwrap_or_else(|| panic!("{name} is not installed: ./run-tests installs it"))
}

fn python_with_flask() -> &'static str {
    let mut pythons = ["python3", "/usr/bin/python3"].into_iter();
    let has_flask = |python: &&str| {
        let import =
            Command::new(python).args(["-c", "import flask"]).stderr(Stdio::null()).status();
        import.is_ok_and(|status| status.success())
    };
    let found = pythons.find(has_flask);
    found.unwrap_or_else(|| panic!("no python3 here has Flask: ./run-tests installs it"))
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

fn package() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

/// An address that no other test uses. The proxies cannot say which port the system gave them, and
/// a port that was free a moment ago may be in use now. So each has its own loopback address, of which
/// Linux has sixteen million.
fn own_address() -> SocketAddr {
    static NUMBER: AtomicU8 = AtomicU8::new(1);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    SocketAddr::from(([127, high, low, NUMBER.fetch_add(1, Ordering::Relaxed)], 8080))
}

/// A directory that is removed when the test ends.
pub struct Directory(PathBuf);

impl Directory {
    pub fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("forward-auth-{}-{number}", std::process::id());
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Files that are left over do no harm.
        let _removed = fs::remove_dir_all(&self.0);
    }
}

/// See [`Application::Recorder`]. It accepts any upgrade of the connection, and then sends [`TUNNELLED`].
pub struct Recorder {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

/// The answer of the recorder over an upgraded connection.
pub const TUNNELLED: &str = "no longer HTTP";

impl Recorder {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let records = requests.clone();
        // The thread ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = receive(&stream);
                let response = match values(&request, "Upgrade").first() {
                    Some(protocol) => format!(
                        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\
                         Upgrade: {protocol}\r\n\r\n{TUNNELLED}"
                    ),
                    None => "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\n\
                             recorded"
                        .into(),
                };
                records.lock().unwrap().push(request);
                stream.write_all(response.as_bytes()).unwrap();
            }
        });
        Self { address, requests }
    }

    /// The requests since the last call.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

/// Reads a request to the end of its headers and, if it has chunks, of those.
fn receive(mut stream: &TcpStream) -> String {
    stream.set_read_timeout(Some(FOREVER)).unwrap();
    let mut request = String::new();
    let mut buffer = [0; 4096];
    let is_whole = |request: &str| match request.split_once("\r\n\r\n") {
        Some((head, body)) if head.to_lowercase().contains("\r\ntransfer-encoding: chunked") => {
            (body.starts_with("0\r\n") || body.contains("\r\n0\r\n")) && body.ends_with("\r\n\r\n")
        }
        Some(_) => true,
        None => false,
    };
    while !is_whole(&request) {
        let read = stream.read(&mut buffer).unwrap();
        assert_ne!(read, 0, "the request ended too early: {request}");
        request.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
    request
}
