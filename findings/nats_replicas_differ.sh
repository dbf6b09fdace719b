#!/bin/sh
# NATS JetStream 2.9 with three replicas: after one server is killed and started again, replicas number the same messages
# differently if a write with an expected revision was ever refused; purges by subject leave them with different messages.
#
# Version:    nats-server 2.9.10 (Debian 12), three servers, a bucket with three replicas.
# Behaviour:  a refused write ("wrong last sequence") takes a place in the log of Raft and none in the stream. A server that is
#             started again counts those places wrongly: its sequence numbers are smaller or larger from then on, for good.
#             So one revision means another message at each server, and what is purged "up to" it is another one.
# Seen:       plain: 0 refused or lost, last sequences 1600, 1600, 1600
#             refused: 527 refused or lost, last sequences 1073, 1291, 1073
#             In longer trials with one server killed every 7 s: plain messages, seven SIGKILLs and SIGSTOPs, none of 1398 lost and all
#             sequences equal; with purges by subject besides, six SIGKILLs, 540 to 890 of 917 confirmed ones lost at every server.
# Matters to: names given by compare-and-set or removed by purge; lib/registrar/cluster/ writes plain messages only.
#
# Exit status 0: still so. 1: it changed. Needs nats-server and the tree's Deno.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/try.ts" <<'END'
const root = Deno.args[0];
const { NatsCluster } = await import(`file://${root}/testing/nats.ts`);
const { freePorts } = await import(`file://${root}/testing/free_ports.ts`);
const { loadNats } = await import(`file://${root}/lib/registrar/cluster/nats_engine.ts`);
const { pause } = await import(`file://${root}/lib/util/pause.ts`);
const refuse = Deno.args[1] === "refused";
const monitor = freePorts(3);
await using nats = await NatsCluster.start(3, [0, 1, 2].map((n) => ({ args: ["-m", `${monitor + n}`] })));
const { transport, jetstream, kv } = await loadNats();
const connection = await transport.connect({ servers: nats.urls.split(","), maxReconnectAttempts: -1, reconnectTimeWait: 100 });
const stream = jetstream.jetstream(connection, { timeout: 2000 });
for (;;) {
  try {
    await new kv.Kvm(connection).create("T", { history: 1, replicas: 3 });
    break;
  } catch {
    await pause(300);
  }
}
let refused = 0;
async function write(count: number) {
  for (let n = 0; n < count; n++) {
    const expect = refuse && n % 3 === 0 ? { expect: { lastSubjectSequence: 0 } } : {};
    try {
      await stream.publish(`$KV.T.k${n % 20}`, `${n}`, { timeout: 2000, ...expect });
    } catch {
      refused++;
    }
  }
}
await write(1000);
const [, node] = nats.nodes;
await node.kill();
await write(300);
await node.restart();
await pause(5000);
await write(300);
await pause(5000);
const last: number[] = [];
for (let n = 0; n < 3; n++) {
  const answer = await fetch(`http://127.0.0.1:${monitor + n}/jsz?accounts=true&streams=true`);
  last.push((await answer.json()).account_details[0].stream_detail[0].state.last_seq);
}
await connection.close();
console.log(`${Deno.args[1]}: ${refused} refused or lost, last sequences ${last.join(", ")}`);
Deno.exit(new Set(last).size === 1 ? 0 : 1);
END
try() { NO_COLOR=1 sh tools/deno.sh run -q -A --no-check --config deno.json "$folder/try.ts" "$PWD" "$1"; }
try plain
! try refused
