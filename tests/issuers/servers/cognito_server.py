"""Amazon Cognito user pools in moto, behind moto's proxy: the issuer is the URL at Amazon, reached
over TLS, and no request leaves this machine."""

import lines

import os
import threading
from http.server import ThreadingHTTPServer

import boto3
from botocore.config import Config
from moto.moto_proxy.proxy3 import CertificateCreator, ProxyRequestHandler

REGION = "eu-central-1"
PASSWORD = "Correct-horse-1"

ProxyRequestHandler.validate()
server = ThreadingHTTPServer(("127.0.0.1", 0), ProxyRequestHandler)
port = server.server_address[1]
os.environ.update(MOTO_PORT=str(port), TEST_PROXY_MODE="true")
threading.Thread(target=server.serve_forever, daemon=True).start()
proxy = f"http://127.0.0.1:{port}"

cognito = boto3.client(
    "cognito-idp",
    region_name=REGION,
    aws_access_key_id="none",
    aws_secret_access_key="none",
    verify=CertificateCreator.cacert,
    config=Config(proxies={"https": proxy}),
)


class Pool:
    def __init__(self, name):
        self.id = cognito.create_user_pool(PoolName=name)["UserPool"]["Id"]
        self.client_id = self.new_client("web")
        cognito.admin_create_user(UserPoolId=self.id, Username="alice", MessageAction="SUPPRESS")
        cognito.admin_set_user_password(
            UserPoolId=self.id, Username="alice", Password=PASSWORD, Permanent=True
        )

    def new_client(self, name):
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        client = cognito.create_user_pool_client(
            UserPoolId=self.id, ClientName=name, ExplicitAuthFlows=flows
        )
        return client["UserPoolClient"]["ClientId"]

    def issuer(self):
        return f"https://cognito-idp.{REGION}.amazonaws.com/{self.id}"

    def tokens(self, client_id):
        answer = cognito.initiate_auth(
            ClientId=client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD},
        )["AuthenticationResult"]
        return {"access": answer["AccessToken"], "id": answer["IdToken"]}


pool, other_pool = Pool("ours"), Pool("another")
mobile = pool.new_client("mobile")

lines.serve(
    {
        "issuer": pool.issuer(),
        "other_issuer": other_pool.issuer(),
        "client_id": pool.client_id,
        "other_pools_client_id": other_pool.client_id,
        "proxy": proxy,
        "certificates": CertificateCreator.cacert,
    },
    {
        "tokens": lambda: pool.tokens(pool.client_id),
        "tokens_of_the_other_client": lambda: pool.tokens(mobile),
        "tokens_of_the_other_pool": lambda: other_pool.tokens(other_pool.client_id),
    },
)
lines.end()
