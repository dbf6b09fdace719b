import { assertEquals } from "@std/assert";
import { openNullSink } from "../../audio/synthetic.ts";
import { AudioDevices } from "../../audio/audio_devices.ts";
import type { PhoneEvent } from "../../lib/events/phone_events.ts";
import { randomPolicy } from "../../lib/call/encryption_policy.ts";
import { CallAudio } from "../../lib/phone/call_audio.ts";
import { Registration } from "../../lib/registration/registration.ts";
import { CallTransport } from "../../lib/transport/call_transport.ts";
import { UserAgent } from "../../lib/phone/user_agent.ts";
import type { PhoneOptions } from "../../lib/phone/options.ts";
import type { Screen } from "../../lib/phone/screen.ts";
import { startRegistry } from "../../lib/registrar/server.ts";

const OPTIONS = {
  host: "127.0.0.1",
  port: 0,
  answer: "accept",
  hangUpAfter: undefined,
  ip: undefined,
  encryption: "preferred",
  logKeys: undefined,
  voice: {
    frameMs: 20,
    errorCorrection: true,
    redundancy: true,
    stretching: true,
    echoCancel: false,
    noiseReduction: false,
    gain: false,
  },
} as const;

function optionsOf(registryPort: number, name: string, call?: string): PhoneOptions {
  return { ...OPTIONS, registryPort, name, call };
}

/** A screen that tells what it shows, and on which nobody types. */
function screenOf(onShow: (event: PhoneEvent) => void): Screen {
  return {
    show: onShow,
    status() {},
    names() {},
    lines: (async function* () {})(),
    interactive: false,
    broken: new Promise<void>(() => {}),
    flush: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function userAgentOf(options: PhoneOptions, screen: Screen, devices: AudioDevices): UserAgent {
  return new UserAgent(options, {
    screen,
    audio: new CallAudio({ devices, voice: options.voice, show: (event) => screen.show(event) }),
    connect: (...endpoint) => Registration.connect(...endpoint),
    openTransport: (ip, port, events) =>
      CallTransport.open(ip, port, randomPolicy(options.encryption), events),
  });
}

Deno.test("UserAgent that leaves while a recording is being opened waits until it is complete", async () => {
  await using registry = startRegistry({ host: "127.0.0.1", port: 0 });
  const silent = { microphone: "none", speaker: "none" };
  const told = Promise.withResolvers<void>();
  const maria = userAgentOf(
    optionsOf(registry.port, "maria"),
    screenOf((event) => event.event === "registered" && told.resolve()),
    new AudioDevices(silent),
  );
  const mariaRuns = maria.run();
  await told.promise;

  const steps: string[] = [];
  const opening = Promise.withResolvers<void>();
  const audioDevices = new AudioDevices(silent);
  await audioDevices.check();
  let checked = false;
  audioDevices.openSink = async () => {
    if (!checked) { // The first time is the look at what will not work.
      checked = true;
      return openNullSink();
    }
    steps.push("opening");
    await opening.promise;
    steps.push("open");
    return Object.assign(openNullSink(), {
      [Symbol.asyncDispose]: () => {
        steps.push("complete");
        return Promise.resolve();
      },
    });
  };
  const joao: UserAgent = userAgentOf(
    optionsOf(registry.port, "joão", "maria"),
    screenOf((event) => {
      if (event.event !== "call_started") return;
      joao.quit();
      // Long after everybody else has been told, as a slow disk may.
      setTimeout(opening.resolve, 300);
    }),
    audioDevices,
  );
  assertEquals(await joao.run(), 0);
  assertEquals(steps, ["opening", "open", "complete"]);
  maria.quit();
  assertEquals(await mariaRuns, 0);
});
