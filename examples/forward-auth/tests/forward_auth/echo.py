"""The application, and what a test wants to know about a request that reached it."""

from app import app
from flask import jsonify, request
from werkzeug.serving import make_server

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@app.route("/echo/<path:path>", methods=METHODS, provide_automatic_options=False)
def echo(path):
    environ = {name: value for name, value in request.environ.items() if name.startswith("HTTP_")}
    body = request.get_data(as_text=True)
    return jsonify(method=request.method, path=request.full_path, body=body, environ=environ)


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(server.server_port, flush=True)
    server.serve_forever()
