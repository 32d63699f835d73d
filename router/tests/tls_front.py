"""TLS with a certificate of its own before a server that has none.

    python tls_front.py FOLDER PORT

FOLDER gets the certificate of its authority (ca.pem). The port is printed.
"""
import asyncio, ssl, subprocess, sys
folder, port = sys.argv[1], int(sys.argv[2])
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
async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
async def front(reader, writer):
    back = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.gather(copy(reader, back[1]), copy(back[0], writer))
async def main():
    server = await asyncio.start_server(front, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
