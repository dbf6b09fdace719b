/** Two pages that call each other by WebRTC, in the browser's own way: the comparison for the phone in the browser. */

import type { Page } from "playwright-core";
import { openBrowser } from "../../testing/browser.ts";
import type { CallSetup, PhoneProgram, VoiceCall } from "./voice_call.ts";

/** Chromium finds no addresses but loopback on a machine without a network. */
const LOOPBACK = ["--allow-loopback-in-peer-connection", "--disable-features=WebRtcHideLocalIpsWithMdns"];

/** The whole page. Its functions take and give descriptions of a side (RFC 8829), with all addresses in them. */
const PAGE = `<!DOCTYPE html>
<audio autoplay></audio>
<script>
const peer = new RTCPeerConnection();
peer.ontrack = ({ streams: [stream] }) => document.querySelector("audio").srcObject = stream;
async function prepare() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  for (const track of stream.getTracks()) peer.addTrack(track, stream);
}
async function describe(kind) {
  await peer.setLocalDescription(kind === "offer" ? await peer.createOffer() : await peer.createAnswer());
  while (peer.iceGatheringState !== "complete") await new Promise((done) => peer.onicegatheringstatechange = done);
  return peer.localDescription.toJSON();
}
</script>
`;

/** Two browsers, one page each, with an `RTCPeerConnection` and nothing else. */
export class WebRtcProgram implements PhoneProgram {
  readonly name = "WebRTC in Chromium";

  async startCall({ callerCard, calleeCard }: CallSetup): Promise<VoiceCall> {
    await using parts = new AsyncDisposableStack();
    const end = new AbortController();
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, signal: end.signal, onListen() {} },
      () => new Response(PAGE, { headers: { "content-type": "text/html" } }),
    );
    parts.defer(() => end.abort());
    const [caller, callee] = await Promise.all([callerCard, calleeCard].map(async (env) => {
      const browser = parts.use(await openBrowser({ env, sound: true, args: LOOPBACK }));
      const { page } = await browser.newPage();
      await page.goto(`http://127.0.0.1:${server.addr.port}/`);
      await page.evaluate("prepare()");
      return page;
    }));
    const offer = await describe(caller!, "offer");
    await accept(callee!, offer);
    await accept(caller!, await describe(callee!, "answer"));
    for (const page of [caller!, callee!]) {
      await page.waitForFunction(`peer.connectionState === "connected"`);
    }
    const owned = parts.move();
    return {
      pids: [],
      begin() {},
      network: () => Promise.resolve(undefined),
      hangUp: () => Promise.resolve({}),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  }
}

/** The description of one side. */
async function describe(page: Page, kind: "offer" | "answer"): Promise<unknown> {
  return await page.evaluate(`describe("${kind}")`);
}

async function accept(page: Page, description: unknown): Promise<void> {
  await page.evaluate(`peer.setRemoteDescription(${JSON.stringify(description)})`);
}
