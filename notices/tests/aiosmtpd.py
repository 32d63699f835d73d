"""A real mail server: wants encryption (from the first byte, or by STARTTLS) and a login; and a web server
with the same certificate, which says what Slack says.

    python aiosmtpd.py FOLDER starttls|tls

FOLDER gets the certificate of its authority (ca.pem) and what was received (mails, a JSON line each). The
ports are printed, mail first.
"""
import asyncio, http.server, json, ssl, subprocess, sys, threading
from aiosmtpd.smtp import SMTP, AuthResult
folder, implicit = sys.argv[1], sys.argv[2] == "tls"
def openssl(*args):
    subprocess.run(["openssl", *args], check=True, stderr=subprocess.DEVNULL, cwd=folder)
openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test CA",
    "-keyout", "ca.key", "-out", "ca.pem")
openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "request.pem")
open(folder + "/names", "w").write("subjectAltName=DNS:localhost")
openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
    "-extfile", "names", "-out", "cert.pem")
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
class Handler:
    async def handle_DATA(self, server, session, envelope):
        with open(folder + "/mails", "a") as mails:
            mails.write(json.dumps([envelope.rcpt_tos, envelope.content.decode()]) + "\n")
        return "250 2.0.0 Ok: queued as AIO1"
def login(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"tapline", b"hush"), handled=False)
class Web(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *args):
        pass
web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
web.socket = context.wrap_socket(web.socket, server_side=True)
threading.Thread(target=web.serve_forever, daemon=True).start()
async def main():
    def smtp():
        tls = {} if implicit else dict(tls_context=context, require_starttls=True)
        return SMTP(Handler(), authenticator=login, auth_required=True, auth_require_tls=not implicit, **tls)
    server = await asyncio.get_running_loop().create_server(smtp, "127.0.0.1", 0, ssl=context if implicit else None)
    print(server.sockets[0].getsockname()[1], web.server_port, flush=True)
    await server.serve_forever()
asyncio.run(main())
