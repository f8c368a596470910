"""A protected API without code for tokens: the proxy in front of it has checked the token."""

from flask import Flask, jsonify, request

app = Flask(__name__)


@app.get("/api/v1/")
def hello():
    subject = request.headers.get("X-Auth-Subject") or "nobody"
    return jsonify(message=f"Hello, {subject}")
