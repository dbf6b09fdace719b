#!/bin/sh
# Deno: refuses the certificate that `openssl req -x509` makes by default, even where it is trusted by name.
#
# Version:    Deno 2.6.8 and 2.9.6 from npm; OpenSSL 3.0.19; Node.js 20.20.2 for comparison.
# Behaviour:  `openssl req -x509` marks its certificate as a CA (basicConstraints CA:TRUE). Given in caCerts, Node.js
#             accepts it from a server; Deno (rustls, webpki) does not, with an error that does not name the remedy:
#             -addext basicConstraints=critical,CA:FALSE. Known upstream: https://github.com/denoland/deno/issues/23487,
#             https://github.com/rustls/webpki/issues/205.
# Seen:       2.6.8 CA:TRUE: invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))
#             2.6.8 CA:FALSE: connected
#             2.9.6 CA:TRUE: invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))
#             2.9.6 CA:FALSE: connected
#             Node.js CA:TRUE: connected
# Matters to: docs/security.md, "A certificate for the registry": the command there has CA:FALSE.
#
# Exit status 0: still so. 1: it changed. Needs npm and its registry, node and openssl.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for ca in TRUE FALSE; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -addext "basicConstraints=critical,CA:$ca" \
    -keyout "$ca.key" -out "$ca.crt" 2>/dev/null
done
cat >connect.ts <<'EOF'
const [name] = Deno.args;
const [cert, key] = ["crt", "key"].map((kind) => Deno.readTextFileSync(`${name}.${kind}`));
const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert: cert!, key: key! });
listener.accept().then((connection) => connection.handshake()).catch(() => {});
try {
  const { port } = listener.addr as Deno.NetAddr;
  const connection = await Deno.connectTls({ hostname: "localhost", port, caCerts: [cert!] });
  await connection.handshake();
  console.log("connected");
} catch (error) {
  console.log((error as Error).message);
}
Deno.exit();
EOF
cat >connect.cjs <<'EOF'
const [tls, fs] = [require("node:tls"), require("node:fs")];
const [cert, key] = [fs.readFileSync("TRUE.crt"), fs.readFileSync("TRUE.key")];
const server = tls.createServer({ cert, key }).listen(0, "127.0.0.1", () => {
  const told = (text) => (console.log(text), process.exit());
  tls.connect({ host: "127.0.0.1", servername: "localhost", port: server.address().port, ca: [cert] }, () => told("connected"))
    .on("error", (error) => told(error.message));
});
EOF
for version in 2.6.8 2.9.6; do
  npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error --prefix "$version" "deno@$version" >/dev/null
  deno=$(echo "$folder/$version"/node_modules/@deno/*/deno)
  true=$("$deno" run -A connect.ts TRUE)
  false=$("$deno" run -A connect.ts FALSE)
  printf '%s\n' "$version CA:TRUE: $true" "$version CA:FALSE: $false"
  [ "$true" = 'invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))' ]
  [ "$false" = connected ]
done
node=$(node connect.cjs)
echo "Node.js CA:TRUE: $node"
[ "$node" = connected ]
