"""The usual protected API, without the code that protects it: the proxy in front has checked the token."""

from flask import Flask, jsonify, request

app = Flask(__name__)


@app.get("/api/v1/")
def hello():
    subject = request.headers.get("X-Auth-Subject") or "nobody"
    return jsonify(message=f"Hello, {subject}")
