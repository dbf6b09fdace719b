/**
 * A phone: joins the room as somebody, calls and is called.
 *
 * Usage: `phone REGISTRY NAME [PORT] [options]`; `phone --help` lists them, and the exit statuses.
 */

import { AudioError } from "./audio/audio_io.ts";
import { quietStderr } from "./audio/portaudio/quiet.ts";
import { AudioDevices, browserSides, orBrowser, soundFiles, soundNeeds } from "./audio/audio_devices.ts";
import { type NamedFile, refuseOtherThanFile, refuseSharedFiles } from "./lib/cli/files.ts";
import { onEndSignal, onFailure, signalsAtStart, surviveFileLimit } from "./lib/cli/signals.ts";
import { jsonLine } from "./lib/ui/json_line.ts";
import { chooseLanguage, type Language } from "./lib/ui/texts/language.ts";
import { openScreen } from "./lib/ui/open_screen.ts";
import { forOutput } from "./lib/ui/terminal_size.ts";
import { ExactWriter, FAREWELL_MS, readerHasGone } from "./lib/ui/output.ts";
import { isBackground } from "./lib/ui/trace_line.ts";
import { terminalModes } from "./lib/ui/terminal_modes.ts";
import { giveUpOtherPermissions, neededPermissions } from "./lib/cli/permissions.ts";
import { randomPolicy } from "./lib/call/encryption_policy.ts";
import { CallAudio } from "./lib/phone/call_audio.ts";
import { EXIT, UserAgent } from "./lib/phone/user_agent.ts";
import { Registration } from "./lib/registration/registration.ts";
import { CallTransport } from "./lib/transport/call_transport.ts";
import { LinuxUdp } from "./lib/transport/linux_udp.ts";
import { runtimeUdp } from "./lib/transport/runtime_udp.ts";
import type { UdpDriver } from "./lib/transport/udp_socket.ts";
import { chooseLibopus } from "./lib/codec/libopus.ts";
import { chooseAesGcm } from "./lib/srtp/aes_gcm.ts";
import { type OutputOptions, UsageError } from "./lib/cli/arguments.ts";
import {
  parsePhoneOptions,
  type PhoneAccess,
  type SoundOptions,
  type WebOptions,
} from "./lib/cli/phone_args.ts";
import { JoinedScreen } from "./lib/web_phone/joined_screen.ts";
import type { WebPhone } from "./lib/web_phone/web_phone.ts";
import type { PhoneOptions } from "./lib/phone/options.ts";
import { openPage } from "./lib/cli/open_page.ts";
import { raisePriority } from "./lib/cli/priority.ts";
import { readCertificates, readRoomPassword } from "./lib/cli/secrets.ts";
import { phoneHelp, sentence } from "./lib/ui/sentences.ts";
import type { Telling } from "./lib/ui/texts/shape.ts";
import { PHONE_TEXTS } from "./lib/ui/texts/texts.ts";
import { environmentVariable } from "./lib/util/environment.ts";
import { type HostNetwork, runtimeNetwork } from "./lib/util/host_addresses.ts";
import { listenError, systemError } from "./lib/util/system_error.ts";
import { within } from "./lib/util/time_limit.ts";
import { VERSION } from "./lib/util/version.ts";
import { writeAll, type Writer } from "./lib/util/write_all.ts";

async function print(text: string, to: Writer = new ExactWriter(Deno.stdout)): Promise<void> {
  await writeAll(to, new TextEncoder().encode(`${text}\n`));
}

/** Writes an event without a screen: with `--json` on standard output, otherwise as a sentence. */
async function tell(
  event: Telling,
  { json }: OutputOptions,
  language: Language,
  to?: Writer,
): Promise<void> {
  if (json) await print(jsonLine(event, new Date()));
  else {
    const { text } = sentence(event, PHONE_TEXTS[language]);
    await print(forOutput(text, to === Deno.stderr ? Deno.stderr : Deno.stdout), to);
  }
}

/** Writes why the program ends, as {@linkcode tell} does. An output that is full or fails does not keep it from ending. */
async function complain(event: Telling, output: OutputOptions, language: Language): Promise<void> {
  await within(FAREWELL_MS, tell(event, output, language, Deno.stderr)).catch(() => {});
}

async function listDevices(): Promise<Telling> {
  using _quiet = quietStderr();
  try {
    await using audioDevices = new AudioDevices({});
    return { event: "devices", devices: await audioDevices.devices() };
  } catch (error) {
    if (!(error instanceof AudioError)) throw error;
    const { code, subject, detail } = error;
    return { event: "audio_failed", side: "both", code, subject, detail, asked: true };
  }
}

/** The options with the secrets that they name. @throws {UsageError} If one cannot be read. */
async function withAccess(
  options: PhoneOptions,
  { password: source, tls, ca }: PhoneAccess,
  question: string,
): Promise<PhoneOptions> {
  const password = await readRoomPassword(source, question);
  const caCerts = ca === undefined ? [] : [await readCertificates("--ca", ca)];
  return {
    ...options,
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: { caCerts } } : {}),
  };
}

/** Checks that no file of the command line would destroy another one. @throws {UsageError} If one would. */
async function checkFiles(
  sound: SoundOptions,
  { password, ca }: PhoneAccess,
  { logKeys }: PhoneOptions,
): Promise<void> {
  const { microphone, speaker } = soundFiles(sound);
  const named = (option: string, path: string | undefined): NamedFile[] =>
    path === undefined ? [] : [{ option, path }];
  const keys = named("--log-keys", logKeys);
  const read = [
    ...named("--room-password-file", password.file),
    ...named("--ca", ca),
    ...named("--mic", microphone),
  ];
  await refuseSharedFiles([...keys, ...named("--speaker", speaker)], read);
  for (const file of keys) await refuseOtherThanFile(file);
}

/**
 * Linux's own sockets and news of addresses if they can be loaded, unless the environment asks for the runtime's: tests run
 * with both.
 */
function chooseNetwork(): { readonly udp: UdpDriver; readonly network: HostNetwork } {
  const linux = environmentVariable("SALA_UDP") === "runtime" ? undefined : LinuxUdp.load();
  return linux ? { udp: linux, network: linux.network } : { udp: runtimeUdp, network: runtimeNetwork };
}

/** Opens the phone's page. @throws What `Deno.serve` throws if it cannot listen. */
async function openWeb(
  { port }: WebOptions,
  { name, voice: { echoCancel, noiseReduction, gain } }: PhoneOptions,
  { browser }: AudioDevices,
  sound: SoundOptions,
  language: Language,
): Promise<WebPhone> {
  const [{ WebPhone }, { loadPageFiles }] = await Promise.all([
    import("./lib/web_phone/web_phone.ts"),
    import("./lib/web_phone/page_files.ts"),
  ]);
  return new WebPhone({
    ...{ port, name, language, version: VERSION },
    files: await loadPageFiles(),
    sound: browser,
    sides: browserSides(sound),
    processing: { echoCancellation: echoCancel, noiseSuppression: noiseReduction, autoGainControl: gain },
    sentences: (event, language) => {
      if (event.event !== "message") return sentence(event, PHONE_TEXTS[language]);
      return isBackground(event) ? undefined : {};
    },
  });
}

async function main(args: readonly string[]): Promise<number> {
  const signals = await signalsAtStart();
  const request = parsePhoneOptions(args);
  const { output } = request;
  const language = chooseLanguage(output.lang, environmentVariable);
  if ("problem" in request) {
    await complain({ event: "wrong_usage", problem: request.problem }, output, language);
    return EXIT.wrongUsage;
  }
  if ("help" in request) {
    await print(forOutput(phoneHelp(language), Deno.stdout));
    return EXIT.done;
  }
  if ("version" in request) {
    await tell({ event: "version", program: "phone", version: VERSION }, output, language);
    return EXIT.done;
  }
  if ("devices" in request) {
    const event = await listDevices();
    if (event.event === "devices") await tell(event, output, language);
    else await complain(event, output, language);
    return event.event === "devices" ? EXIT.done : EXIT.audioFailed;
  }
  const sound = request.web ? orBrowser(request.sound) : request.sound;
  const needs = soundNeeds(sound);
  let options: PhoneOptions;
  try {
    await checkFiles(request.sound, request.access, request.options);
    options = await withAccess(request.options, request.access, PHONE_TEXTS[language].askPassword);
    if (request.web && needs.usesBrowser) {
      options = { ...options, voice: { ...options.voice, frameMs: request.web.frameMs } };
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    await complain({ event: "wrong_usage", problem: error.problem }, output, language);
    return EXIT.wrongUsage;
  }
  // Before the phone gives up the permission to load them.
  const [libopus, cipher, { udp, network }] = [chooseLibopus(), chooseAesGcm(), chooseNetwork()];
  const modes = terminalModes();
  surviveFileLimit();
  raisePriority();
  const audioDevices = new AudioDevices(sound);
  await audioDevices.inspect();
  let web: WebPhone | undefined;
  if (request.web) {
    try {
      web = await openWeb(request.web, options, audioDevices, sound, language);
    } catch (error) {
      const { port } = request.web;
      await complain({ event: "web_failed", port, detail: listenError(error, port) }, output, language);
      return EXIT.wrongUsage;
    }
    if (request.web.open) await openPage(web.address);
  }
  await using _web = web;
  giveUpOtherPermissions(neededPermissions(needs, options.logKeys));
  // Sound libraries write to standard error at any moment, over the screen.
  using stderr = needs.usesDevices ? quietStderr() : undefined;
  // Before the screen changes the terminal's modes.
  const wished = Promise.withResolvers<void>();
  onEndSignal(signals, () => wished.resolve());
  await using ownScreen = openScreen({
    ...output,
    language,
    name: request.options.name,
    modes,
    outputFailed: (detail) => {
      const event = { event: "output_failed", detail } as const;
      if (output.json) ownScreen.show(event);
      print(sentence(event, PHONE_TEXTS[language]).text, stderr ?? Deno.stderr).catch(() => {});
    },
    ...(stderr && { writeError: (bytes: Uint8Array) => writeAll(stderr, bytes) }),
  });
  const screen = web ? new JoinedScreen(ownScreen, web.screen) : ownScreen;
  if (web) screen.show({ event: "web_open", url: web.address });
  // A page's sound comes through the event loop, and cannot wait for it.
  if (needs.usesBrowser) udp.restDuring(new Promise(() => {}));
  const phone = new UserAgent(options, {
    screen,
    audio: new CallAudio({
      devices: audioDevices,
      voice: options.voice,
      tones: options.ring === "tone",
      libopus,
      cipher,
      show: (event) => screen.show(event),
    }),
    connect: (...endpoint) => Registration.connect(...endpoint),
    openTransport: (ip, port, events) =>
      CallTransport.open(ip, port, {
        udp,
        cipher,
        policy: randomPolicy(options.encryption),
        addresses: network.addresses,
      }, events),
    network,
  });
  wished.promise.then(() => phone.quit());
  // Nobody reads any more, as after `phone … | head`.
  screen.broken.then(() => phone.quit());
  onFailure((error) => {
    screen.show({ event: "failed", detail: systemError(error) });
    phone.quit(EXIT.failed);
  });
  const status = await phone.run();
  // PortAudio never stops under a stream that hangs.
  if (phone.soundClosed) await audioDevices[Symbol.asyncDispose]();
  return status;
}

try {
  // Exits at once: a sound card that hangs would keep the event loop, and so the program, running.
  Deno.exit(await main(Deno.args));
} catch (error) {
  const { output } = parsePhoneOptions(Deno.args);
  const language = chooseLanguage(output.lang, environmentVariable);
  // Whom a closed pipe was for does not want to know more, as in `phone --help | head -1`.
  if (!readerHasGone(error)) {
    await complain({ event: "failed", detail: systemError(error) }, output, language);
  }
  Deno.exit(EXIT.failed);
}
