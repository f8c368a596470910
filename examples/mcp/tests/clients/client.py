"""A client on MCP's Python SDK: `python client.py RESOURCE ISSUER`. Calls both tools, logs in where it is
told to, and prints the results."""

import asyncio
import json
import sys
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
)

REDIRECT_URI = "http://127.0.0.1/callback"
CLIENT = {
    "redirect_uris": [REDIRECT_URI],
    "token_endpoint_auth_method": "none",
    # For a refresh token, the SDK would add `offline_access` to each scope.
    "grant_types": ["authorization_code"],
}


class Storage:
    def __init__(self, issuer):
        self.tokens = None
        self.client = OAuthClientInformationFull(client_id="mcp", issuer=issuer, **CLIENT)

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


async def main(resource, issuer):
    scopes, callbacks = [], []

    async def redirect(url):
        scopes.append(parse_qs(urlsplit(url).query)["scope"][0])
        async with httpx2.AsyncClient(trust_env=False) as browser:
            answer = await browser.get(f"{issuer}/browser", params={"url": url})
        callbacks.append(parse_qs(urlsplit(answer.text).query))

    async def callback():
        parameters = {name: values[0] for name, values in callbacks.pop().items()}
        return AuthorizationCodeResult(**parameters)

    provider = OAuthClientProvider(
        server_url=resource,
        client_metadata=OAuthClientMetadata(**CLIENT),
        storage=Storage(issuer),
        redirect_handler=redirect,
        callback_handler=callback,
    )
    async with httpx2.AsyncClient(auth=provider, trust_env=False, timeout=60) as http:
        async with Client(streamable_http_client(resource, http_client=http)) as client:

            async def call(tool, parameters):
                result = await client.call_tool(tool, parameters)
                return result.content[0].text

            results = [
                await call("list_files", {}),
                await call("write_file", {"name": "a", "text": "b"}),
                await call("list_files", {}),
            ]
    print(json.dumps({"scopes": scopes, "results": results}))


asyncio.run(main(*sys.argv[1:]))
