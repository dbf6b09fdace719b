/** The phone's texts in English; `phone_pt.ts` has the notes. */

import { formatEndpoint } from "../../protocol/address.ts";
import type { RejectReason } from "../../protocol/call_messages.ts";
import {
  answered,
  audioFailed,
  clock,
  commandRows,
  deviceNames,
  deviceRows,
  isOfPage,
  peopleRows,
  quotedList,
  registryPlace,
  type SideTexts,
} from "./phrases.ts";
import type { SoundSide } from "../../events/phone_events.ts";
import type { PhoneTexts } from "./shape.ts";
import { ARGUMENTS_EN, causeEn, numberEn, refusalEn, usageEn } from "./shared_en.ts";
import { fromTable } from "./table.ts";

const STANDARD = "default";

/** Name of the browser as a device. */
const BROWSER = "browser";

const names = (devices: readonly string[]): string => deviceNames(devices, STANDARD, BROWSER);

const alternatives = (texts: readonly string[]): string => quotedList(texts, "or");

const REASONS: Readonly<Record<RejectReason, string>> = {
  ocupado: "already in another call",
  recusado: "rejected the call",
  sem_resposta: "did not answer",
  sem_cifra: "takes encrypted calls only",
  outra_pessoa: "no longer answers at that address, and somebody else does; try again in a moment",
};

const AUDIO: SideTexts = {
  both: {
    no_library: (subject) =>
      `Without the PortAudio library (${subject}) there is no microphone and no speaker. ` +
      "Install it (Debian, Ubuntu: libportaudio2).",
    no_default_device:
      "There is no microphone and no speaker. Connect them, or use files with --mic and --speaker.",
    device_failed: (subject, cause) =>
      `The sound (${subject}) failed (${cause}). See that the devices are connected and free.`,
    goesOn: "Calls go on, without sound.",
  },
  microphone: {
    no_library: (subject) =>
      `Without the PortAudio library (${subject}) there is no microphone. Install it (Debian, Ubuntu: libportaudio2).`,
    no_device: (subject) =>
      `There is no microphone “${subject}”. See those that there are with --devices; a file without .wav in its name needs the folder, as in ./speech.`,
    no_default_device: "There is no microphone at all. Connect one, or use a file with --mic.",
    device_failed: (subject, cause) =>
      `The microphone “${subject}” failed (${cause}). See that it is connected and free.`,
    file_failed: (subject, cause) =>
      `The file “${subject}” could not be read (${cause}). Check its name and permissions.`,
    bad_file: (subject, cause, command) =>
      `The file “${subject}” cannot be a microphone (${cause}). ${
        command === undefined
          ? "Use an uncompressed WAV file."
          : `Only WAV is played; to convert it: ${command}`
      }`,
    goesOn: "Calls go on without your sound: the other side does not hear you.",
  },
  speaker: {
    no_library: (subject) =>
      `Without the PortAudio library (${subject}) there is no speaker. Install it (Debian, Ubuntu: libportaudio2).`,
    no_device: (subject) =>
      `There is no speaker “${subject}”. See those that there are with --devices; a file to record to ends in .wav.`,
    no_default_device: "There is no speaker at all. Connect one, or record to a file with --speaker.",
    device_failed: (subject, cause) =>
      `The speaker “${subject}” failed (${cause}). See that it is connected and free.`,
    file_failed: (subject, cause) =>
      `The file “${subject}” could not be written (${cause}). Check the folder, its permissions and the free space.`,
    bad_file: (subject, cause) =>
      `The file “${subject}” cannot be a speaker (${cause}). Recordings are WAV: use a name that ends in .wav.`,
    goesOn: "Calls go on without sound on this side: you do not hear the other one.",
    recordingEnds: "The recording ends here and can be played. Calls go on without it.",
  },
};

/** What a call lacks while the page does not capture or play. */
const WITHOUT: Readonly<Record<SoundSide, string>> = {
  both: "without sound",
  microphone: "and the other side does not hear you",
  speaker: "and you do not hear the other side",
};

const lostPage = (side: SoundSide, cause: string): string =>
  `The browser's sound stopped: ${cause}. The call goes on, ${WITHOUT[side]}, until it is back.`;

const EXPECTED = new Map([
  ["", "A name with blanks has to be quoted."],
  [
    "REGISTRY",
    "Use an address or host name, with the port if it is not 5000: 192.168.0.10 or [2001:db8::1]:5000; up to 16 with commas and no blanks.",
  ],
  ["NAME", "Use 1 to 32 visible characters, without control characters."],
  ["PORT", "Use a number from 0 to 65535; 0 is any free port."],
  ["--call", "Use a person's name of 1 to 32 visible characters."],
  ["--answer", "Use ask, accept or reject."],
  [
    "--hang-up-after",
    "Use a number of seconds greater than zero, such as 20 or 2.5, or “file” with a file for --mic.",
  ],
  ["--ring", "Use tone or none."],
  ["--mic", "Use a device, a .wav file, tone, silence or browser."],
  ["--speaker", "Use a device, a .wav file, none or browser."],
  ["--web", "Use a number from 0 to 65535, or none: 0 is any free port."],
  ["--frame", "Use 10 or 20."],
  ["--ip", "Use an IPv4 or IPv6 address at which other phones reach this machine."],
  ["--require-encryption", "Use one of the two options, or neither."],
]);

const USAGE = usageEn(EXPECTED);

/** The phone's texts in English. */
export const PHONE_EN: PhoneTexts = {
  events: {
    output_failed: ({ detail }) =>
      `The output cannot be written: ${causeEn(detail)}. The phone goes on and tries again every second.`,
    left_out: ({ lines }) => `… ${lines} lines left out: the screen cannot keep up.`,

    // Page
    web_open: ({ url }) =>
      `The page of this phone is at ${url} — who has this address can use the phone: give it to nobody.`,
    web_failed: ({ port, detail }) =>
      `The page cannot be opened on TCP port ${port} (${
        causeEn(detail)
      }). Choose another one, or --web without a number.`,

    // Registry
    registered: ({ name, registry, ...place }) =>
      `You are in the room as ${name}, and answer at ${formatEndpoint(place)}.${
        registry ? ` The registry at ${registryPlace(registry)} answered.` : ""
      }`,
    removed: ({ name }) =>
      `The registry's operator has removed “${name}” from the room; for a minute nobody gets that name.`,
    name_taken: ({ name }) => `The name “${name}” is already in use in the room. Choose another one.`,
    registration_refused: ({ reason, text }) =>
      `The registry did not let this phone in: ${refusalEn(reason, text)}.`,
    registry_unreachable: ({ host, port, detail }) =>
      detail.kind === "none_answered"
        ? `No registry can be reached (${
          causeEn(detail)
        }). Check the addresses, and that one of them is running.`
        : `The registry at ${formatEndpoint({ ip: host, port })} cannot be reached (${causeEn(detail)}).${
          answered(detail) ? "" : " Check the address, and that the registry is running."
        }`,
    registry_awaited: ({ host, port, detail }) =>
      (detail.kind === "none_answered"
        ? `No registry answers yet (${causeEn(detail)}). `
        : `The registry at ${formatEndpoint({ ip: host, port })} does not answer yet (${
          causeEn(detail)
        }). `) +
      "The phone waits for it and enters as soon as it can; “quit” gives up.",
    registry_lost:
      "The connection to the registry was lost. The phone tries to come back by itself; a call goes on.",
    registry_back: ({ name, registry }) =>
      registry
        ? `You are in the room again as ${name}: the registry at ${registryPlace(registry)} answered.`
        : `The registry is back, and you are in the room again as ${name}.`,
    address_changed: ({ name, before, ...place }) =>
      `The address of this machine has changed (it was ${before}): ${name} answers at ${
        formatEndpoint(place)
      } now.`,
    trace_shared: ({ host, port }) =>
      `The registry at ${
        formatEndpoint({ ip: host, port })
      } shows the room on a panel and gets copies of this phone's call messages: who calls whom, when, and how good ` +
      "the network is, but neither voice nor keys. “--no-trace-sharing” keeps them back.",
    registry_away:
      "The registry is away, so nobody can be looked up or called. The phone says when it is back.",
    registry_full: "The room is full: the registry lets nobody else in for now. Try again later.",
    password_refused: ({ given }) =>
      given
        ? "The room's password is another one. Ask the person who opened the registry for it."
        : "This room has a password. Use --room-password-file, --room-password or SALA_ROOM_PASSWORD.",
    person: ({ name, ...place }) => `${name} answers at ${formatEndpoint(place)}.`,
    unknown_person: ({ name, similar }) =>
      `There is nobody called “${name}” in the room. ${
        similar.length > 0 ? `Did you mean ${alternatives(similar)}?` : "Type “list” to see who is."
      }`,
    other_spelling: ({ asked, name }) => `There is no “${asked}” in the room, but ${name} is.`,
    people: ({ people }) => {
      if (people.length === 0) return "There is nobody in the room.";
      const count = people.length === 1
        ? "There is one person in the room:"
        : `There are ${people.length} people in the room:`;
      return `${count}\n${peopleRows(people, ["name", "IP address", "port"])}`;
    },
    only_local: ({ ip }) =>
      `The address ${ip} is good on this machine only: phones on other machines cannot call you. ` +
      "So that they can, give the registry's address on the network, or use --ip.",
    only_link_local: ({ ip }) =>
      `The address ${ip} is good on one stretch of network only, and this machine has several networks: not all phones ` +
      "can call you. So that they can, use --ip with an address that is good for all.",

    // Calls
    inviting: ({ name, ...place }) => `Calling ${name} at ${formatEndpoint(place)}… (“hangup” gives up)`,
    ringing: ({ name }) => `${name}'s phone is ringing.`,
    invitation: ({ name, ...place }) =>
      `${name} (${formatEndpoint(place)}) is calling you: type “accept” or “reject”.`,
    busy_rejected: ({ name }) => `${name} called just now and was told that you are busy.`,
    unencrypted_rejected: ({ name }) =>
      `${name} called without encryption and was told that this phone takes encrypted calls only.`,
    misdirected_rejected: ({ name, wanted }) =>
      `${name} called ${wanted} and was told that somebody else answers at this address.`,
    unreachable: ({ name, detail, ...place }) =>
      `${name} cannot be called at ${formatEndpoint(place)}: ${causeEn(detail)}.`,
    rejected: ({ name, reason }) => `${name} ${REASONS[reason]} (the person called is busy).`,
    no_answer: ({ name }) => `${name} did not answer. Try again later.`,
    not_encrypted: ({ name }) =>
      `The call to ${name} was given up: the phone there does not encrypt it, and --require-encryption asks for that.`,
    invitation_cancelled: ({ name }) => `You gave up calling ${name}.`,
    invitation_withdrawn: ({ name }) => `${name} gave up the call.`,
    invitation_missed: ({ name }) => `You missed a call from ${name}. To return it, type “call ${name}”.`,
    invitation_refused: ({ name }) => `You rejected the call from ${name}.`,
    invitations_crossed: ({ name }) =>
      `You and ${name} called each other at the same moment: it becomes one call.`,
    call_started: ({ name, code, ...place }) =>
      `In a call with ${name} (${formatEndpoint(place)}). Go ahead and speak; “hangup” ends it.\n` +
      (code === null
        ? "The call is not encrypted: everybody with access to the network can listen to it."
        : `The call is encrypted; code ${code}: read it out to each other.`),
    key_log_failed: ({ path, detail }) =>
      `The keys could not be written to “${path}” (${causeEn(detail)}). The call goes on.`,
    peer_silent: ({ name, seconds }) =>
      `Nothing has come from ${name} for ${
        Math.floor(seconds)
      } s. The call waits a little longer before it is given up.`,
    peer_back: ({ name }) => `${name}'s voice is back.`,
    peer_moved: ({ name, ...place }) =>
      `${name}'s address has changed to ${formatEndpoint(place)}. The call goes on there.`,
    flooded: ({ datagrams }) =>
      `Somebody is flooding this phone: at least ${
        numberEn(datagrams)
      } datagrams that mean nothing were ignored. It goes on.`,
    call_ended: ({ name, end, seconds, ...figures }) => {
      const duration = clock(seconds);
      const ended = {
        hung_up: `You ended the call with ${name} after ${duration}.`,
        peer_hung_up: `${name} ended the call after ${duration}.`,
        peer_lost:
          `The call with ${name} was lost after ${duration}: nothing came from there any more. To go on, call again.`,
      }[end];
      const { framesSent, framesPlayed, framesRebuilt, framesConcealed, framesLate } = figures;
      const voice = `Voice: ${numberEn(framesSent)} packets sent; ${numberEn(framesPlayed)} played, ` +
        `${numberEn(framesRebuilt)} rebuilt, ${numberEn(framesConcealed)} concealed, ${
          numberEn(framesLate)
        } late.`;
      const { lossInPercent, lossOutPercent, jitterInMs, roundTripMs, mos } = figures;
      if (roundTripMs === null || lossOutPercent === null) return `${ended}\n${voice}`;
      const network =
        `Network: loss ${numberEn(lossInPercent)} % coming and ${numberEn(lossOutPercent)} % going, ` +
        `jitter ${numberEn(jitterInMs)} ms, round trip ${numberEn(roundTripMs)} ms; ` +
        `estimated quality ${numberEn(mos)} (1 to 4.5).`;
      return `${ended}\n${voice}\n${network}`;
    },

    // Sound
    muted: ({ muted }) =>
      muted
        ? "Microphone muted: nobody hears you. To speak again, type “mute” once more."
        : "Microphone on again.",
    audio_failed: (failure) => audioFailed(failure, causeEn(failure.detail), AUDIO, STANDARD),
    audio_lost: ({ side, names: devices, detail }) =>
      isOfPage(detail) ? lostPage(side, causeEn(detail)) : ({
        both: `The microphone and the speaker (${
          names(devices)
        }) are gone. The call goes on, without sound; they are used again as soon as they are back.`,
        microphone: `The microphone ${
          names(devices)
        } is gone. The call goes on, and the other side does not hear you; it is used again as soon as it is back.`,
        speaker: `The speaker ${
          names(devices)
        } is gone. The call goes on, and you do not hear the other side; it is used again as soon as it is back.`,
      }[side]),
    audio_back: ({ side, names: devices }) => ({
      both: `The microphone and the speaker (${names(devices)}) are back, and in use.`,
      microphone: `The microphone ${names(devices)} is back, and in use.`,
      speaker: `The speaker ${names(devices)} is back, and in use.`,
    }[side]),
    recording: ({ path, wanted }) =>
      path === wanted
        ? `The call is being recorded in “${path}”.`
        : `The call is being recorded in “${path}”, because “${wanted}” exists.`,
    recorded: ({ path, seconds }) => `The recording is in “${path}” and lasts ${clock(seconds)}.`,
    devices: ({ devices }) =>
      devices.length === 0 ? "There is no sound device." : `Sound devices:\n${
        deviceRows(devices, {
          headers: ["no.", "name", "system", "inputs", "outputs", "default"],
          defaultInput: "microphone",
          defaultOutput: "speaker",
        })
      }`,

    // Commands
    help: [
      "Commands:",
      commandRows("en", ARGUMENTS_EN.NAME, {
        call: "calls the person",
        accept: "accepts the call that is ringing",
        reject: "rejects the call that is ringing",
        hang_up: "ends the call, or gives it up",
        look_up: "asks the registry where the person answers",
        list: "shows who is in the room",
        mute: "mutes the microphone, or unmutes it",
        help: "shows this help",
        quit: "leaves the room",
      }),
      "The one-letter forms and the Portuguese words do as well; Tab completes commands and names.",
    ].join("\n"),
    unknown_command: ({ text, similar }) =>
      `There is no command “${text}”. ${
        similar.length > 0
          ? `Did you mean ${alternatives(similar)}? “help” shows all.`
          : "Type “help” to see those that there are."
      }`,
    name_missing: ({ command }) => `The name is missing. Type “${command} NAME”.`,
    bad_name: ({ name }) =>
      `“${name}” cannot be anybody's name. Use 1 to 32 visible characters, without control characters.`,
    not_in_call: "You are not in a call.",
    nothing_to_answer: "Nobody is calling you.",
    already_in_call: ({ name }) =>
      `You are already with ${name}. Type “hangup” before you call somebody else.`,
    calling_oneself: "That is your own name. Call somebody else; “list” shows who is in the room.",
    other_ip_version: ({ name, ip }) =>
      `${name} is at ${ip}, and this phone uses the other version of IP. Enter the room both over IPv4 or both over IPv6.`,
    port_in_use: ({ port }) =>
      `UDP port ${port} is already in use on this machine. Choose another one, or 0 for any free one.`,
    port_unusable: ({ port, detail }) => `UDP port ${port} cannot be used (${causeEn(detail)}).`,
    version: ({ program, version }) => `Sala, ${program}, version ${version}`,
    not_utf8: ({ text }) =>
      `The line “${text}” is not in UTF-8. Use a terminal in UTF-8, with LANG=en_US.UTF-8 for example.`,
    failed: ({ detail }) => `Something unexpected happened: ${causeEn(detail)}.`,
    wrong_usage: ({ problem }) => fromTable(USAGE, "kind", problem),
    closed: "Goodbye!",
  },

  prompt: "room",
  promptForAnotherName: "another name",
  askPassword: "room password: ",

  microphone: "mic",
  speaker: "speaker",
  muted: "[muted]",
  code: (code) => `code ${code}`,
  inTheClear: "[not encrypted]",
  quality: (mos) => `quality ${numberEn(mos)}`,
  roundTrip: (ms) => `round trip ${numberEn(ms)} ms`,
  ringing: {
    in: { what: "is calling", keys: "accept (a) · reject (r)" },
    out: { what: "(calling)", keys: "hangup (d)" },
  },
  lineTooLong: (most) => `A line has at most ${numberEn(most)} characters: the rest was ignored.`,

  help: `\
Usage: phone REGISTRY NAME [PORT] [options]
       phone --devices

Enters the room as NAME, to make and take voice calls.

  REGISTRY   the registry's machine: name, address, name:port or [IPv6]:port (port 5000);
             several, with commas: the first that answers is used
  NAME       name in the room, 1 to 32 characters; quoted if it has blanks
  PORT       UDP port at which this phone answers (6000; 0 is any free one)

Options:
  --call NAME               calls the person, and leaves when the call is over
  --answer ask|accept|reject
                            ask at each call, or accept or reject all of them
  --hang-up-after SECONDS|file
                            ends each call after that time, or at the end of the file of --mic
  --ring tone|none          ringing in the speaker: with (tone) or without (none)
  --mic SOURCE              microphone: number or part of the name of a device, .wav file,
                            tone (a test tone) or silence
  --speaker TARGET          speaker: number or part of the name of a device, .wav file
                            to record to (if it exists, another one: name-2.wav) or none
                            browser for --mic and --speaker: the sound of the page of --web
  --web [PORT]              opens a page of this phone in the browser, for this machine only;
                            without PortAudio, the sound is the browser's
  --no-open                 with --web: only shows the address of the page
  --devices                 shows the sound devices and ends
  --frame 10|20             milliseconds of sound in a packet (20; 10 delays less and costs more)
  --no-fec                  does not prepare the voice for losses (Opus's FEC)
  --no-redundancy           sends no copies of recent packets against losses
  --no-stretch              does not play faster or slower to follow the network
  --no-echo-cancel --no-noise-reduction --no-gain
                            leaves the microphone's echo, its noise and its level alone
  --require-encryption      makes and takes encrypted calls only
  --no-encryption           does not encrypt calls, so that other programs can listen to them
  --log-keys FILE           writes the keys of each call to the file, to decipher a recording
  --ip ADDRESS              address to register, instead of that of the connection to the registry
  --room-password-file FILE
                            the room's password is in the file (SALA_ROOM_PASSWORD does as well)
  --room-password           asks for the room's password, without showing it
  --tls                     speaks TLS with the registry
  --ca FILE                 trusts the certificates in this file, too (PEM)
  --lang pt|en              language of the screen (the system's)
  --json                    writes one event a line, in JSON, for programs
  --quiet                   leaves out the messages that are sent and received
  --wait                    waits for a registry that is not running yet, instead of ending
  --show-pings              also shows pings, and the copies for the registry's panel
  --no-trace-sharing        sends no copies of call messages to a registry with a panel
  --plain                   a still screen, for screen readers: one line an event, no colours
  -h, --help                shows this help
  --version                 shows the version`,
  exitStatus: `\
Exit status:
  0  all is well                          6  with --call: no such person
  1  unexpected failure                   7  with --call: rejected or busy
  2  wrong command line                   8  with --call: no answer
  3  the name is already in use           9  with --call: the call broke off
  4  the registry cannot be reached      10  with --call: given up before the answer
  5  the sound asked for cannot be used  11  a recording could not be finished`,
};
