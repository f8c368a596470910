"""An endpoint of keys that is not public: TLS by a private authority, and a client certificate.

Arguments: certificate and key of the server, certificate of the client, file with the key set.
"""

import ssl
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

certificate, key, client, key_set = sys.argv[1:]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        with open(key_set, "rb") as file:
            body = file.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client)
context.load_cert_chain(certificate, key)
context.verify_mode = ssl.CERT_REQUIRED
server = HTTPServer(("127.0.0.1", 0), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
