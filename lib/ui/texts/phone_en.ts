import type { Texts } from "./phone_pt.ts";

/** What a phone tells its person, in English: the keys of the Portuguese file, whose notes hold here too. */
export const TEXTS_EN = {
  locale: "en",

  // The prompt
  prompt: "room",
  askPassword: "room password: ",
  promptForAnotherName: "another name",

  // The line above the prompt
  microphone: "mic",
  speaker: "speaker",
  muted: "[muted]",

  leftOut: (lines) => `… ${lines} lines left out: the screen cannot keep up.`,

  // Registry
  registered: (name, endpoint) => `You are in the room as ${name}, and answer at ${endpoint}.`,
  nameTaken: (name) => `The name “${name}” is already in use in the room. Choose another one.`,
  registrationRefused: (reason) => `The registry did not let this phone in: ${reason}.`,
  registryUnreachable: (endpoint, detail) =>
    `The registry at ${endpoint} cannot be reached (${detail}). Check the address, and that the registry is running.`,
  registryLost:
    "The connection to the registry was lost. The phone tries to come back by itself; a call goes on.",
  registryBack: (name: string) => `The registry is back, and you are in the room again as ${name}.`,
  registryAway: "The registry is away, so nobody can be looked up or called. The phone says when it is back.",
  registryFull: "The room is full: the registry lets nobody else in for now. Try again later.",
  passwordNeeded:
    "This room has a password. Use --room-password-file, --room-password or SALA_ROOM_PASSWORD.",
  passwordWrong: "The room's password is another one. Ask whoever opened the registry for it.",
  person: (name, endpoint) => `${name} answers at ${endpoint}.`,
  unknownPerson: (name) => `There is nobody called “${name}” in the room. Type “list” to see who is.`,
  people: (count) =>
    count === 1 ? "There is one person in the room:" : `There are ${count} people in the room:`,
  nobody: "There is nobody in the room.",
  personColumns: { name: "name", ip: "IP address", port: "port" },
  onlyLocal: (ip) =>
    `The address ${ip} is good on this machine only: phones on other machines cannot call you. ` +
    "So that they can, give the registry's address on the network, or use --ip.",

  // Calls
  inviting: (name, endpoint) => `Calling ${name} at ${endpoint}… (“hangup” gives up)`,
  ringing: (name) => `${name}'s phone is ringing.`,
  invitation: (name, endpoint) => `${name} (${endpoint}) is calling you: type “accept” or “reject”.`,
  busyRejected: (name) => `${name} called just now and was told that you are busy.`,
  rejected: (name, reason) => `${name}: the person called is busy (${reason})`,
  reasons: {
    ocupado: "already in another call",
    recusado: "rejected the call",
    sem_resposta: "did not answer",
    sem_cifra: "takes encrypted calls only",
  },
  unencryptedRejected: (name) =>
    `${name} called without encryption and was told that this phone takes encrypted calls only.`,
  notEncrypted: (name) =>
    `The call to ${name} was given up: the phone there does not encrypt it, and --require-encryption asks for that.`,
  noAnswer: (name) => `${name} did not answer. Try again later.`,
  invitationCancelled: (name) => `You gave up calling ${name}.`,
  invitationWithdrawn: (name) => `${name} gave up the call.`,
  invitationMissed: (name) => `You missed a call from ${name}. To return it, type “call ${name}”.`,
  invitationRefused: (name) => `You rejected the call from ${name}.`,
  invitationsCrossed: (name) => `You and ${name} called each other at the same moment: it becomes one call.`,
  callStarted: (name, endpoint) =>
    `In a call with ${name} (${endpoint}). Go ahead and speak; “hangup” ends it.`,
  callEncrypted: (code) => `The call is encrypted; code ${code}: read it out to each other.`,
  callInTheClear: "The call is not encrypted: whoever has access to the network can listen to it.",
  code: (code) => `code ${code}`,
  inTheClear: "[not encrypted]",
  keyLogFailed: (path, detail) => `The keys could not be written to “${path}” (${detail}). The call goes on.`,
  peerSilent: (name, seconds) =>
    `Nothing has come from ${name} for ${seconds} s. The call waits a little longer before it is given up.`,
  peerBack: (name) => `${name}'s voice is back.`,
  flooded: (datagrams) =>
    `Somebody is flooding this phone: at least ${datagrams} datagrams that mean nothing were ignored. It goes on.`,
  ends: {
    hung_up: (name, duration) => `You ended the call with ${name} after ${duration}.`,
    peer_hung_up: (name, duration) => `${name} ended the call after ${duration}.`,
    peer_lost: (name, duration) =>
      `The call with ${name} was lost after ${duration}: nothing came from there any more. To go on, call again.`,
  },
  figures: (sent, played, rebuilt, concealed, late) =>
    `Voice: ${sent} packets sent; ${played} played, ${rebuilt} rebuilt, ${concealed} concealed, ${late} late.`,
  network: (lossIn, lossOut, jitter, roundTrip, mos) =>
    `Network: loss ${lossIn} % coming and ${lossOut} % going, jitter ${jitter} ms, ` +
    `round trip ${roundTrip} ms; estimated quality ${mos} (1 to 4.5).`,
  quality: (mos, roundTrip) => `quality ${mos}, round trip ${roundTrip} ms`,

  // Sound
  nowMuted: "Microphone muted: nobody hears you. To speak again, type “mute” once more.",
  nowUnmuted: "Microphone on again.",
  audio: {
    both: {
      no_library: (subject) =>
        `Without the PortAudio library (${subject}) there is no microphone and no speaker. ` +
        "Install it (Debian, Ubuntu: libportaudio2).",
      no_default_device:
        "There is no microphone and no speaker. Connect them, or use files with --mic and --speaker.",
      device_failed: (subject, detail) =>
        `The sound (${subject}) failed (${detail}). See that the devices are connected and free.`,
      goesOn: "Calls go on, without sound.",
    },
    microphone: {
      no_library: (subject) =>
        `Without the PortAudio library (${subject}) there is no microphone. Install it (Debian, Ubuntu: libportaudio2).`,
      no_device: (subject) => `There is no microphone “${subject}”. See those that there are with --devices.`,
      no_default_device: "There is no microphone at all. Connect one, or use a file with --mic.",
      device_failed: (subject, detail) =>
        `The microphone “${subject}” failed (${detail}). See that it is connected and free.`,
      file_failed: (subject, detail) =>
        `The file “${subject}” could not be read (${detail}). Check its name and permissions.`,
      bad_file: (subject, detail) =>
        `The file “${subject}” cannot be a microphone (${detail}). Use an uncompressed WAV file.`,
      goesOn: "Calls go on without your sound: the other side does not hear you.",
    },
    speaker: {
      no_library: (subject) =>
        `Without the PortAudio library (${subject}) there is no speaker. Install it (Debian, Ubuntu: libportaudio2).`,
      no_device: (subject) => `There is no speaker “${subject}”. See those that there are with --devices.`,
      no_default_device: "There is no speaker at all. Connect one, or record to a file with --speaker.",
      device_failed: (subject, detail) =>
        `The speaker “${subject}” failed (${detail}). See that it is connected and free.`,
      file_failed: (subject, detail) =>
        `The file “${subject}” could not be written (${detail}). Check the folder, its permissions and the free space.`,
      bad_file: (subject, detail) =>
        `The file “${subject}” cannot be a speaker (${detail}). Use a name that ends in .wav.`,
      goesOn: "Calls go on without sound on this side: you do not hear the other one.",
    },
  },
  audioLost: {
    both: (names) =>
      `The microphone and the speaker (${names}) are gone. The call goes on, without sound; they are used again as soon as they are back.`,
    microphone: (name) =>
      `The microphone ${name} is gone. The call goes on, and the other side does not hear you; it is used again as soon as it is back.`,
    speaker: (name) =>
      `The speaker ${name} is gone. The call goes on, and you do not hear the other side; it is used again as soon as it is back.`,
  },
  audioBack: {
    both: (names) => `The microphone and the speaker (${names}) are back, and in use.`,
    microphone: (name) => `The microphone ${name} is back, and in use.`,
    speaker: (name) => `The speaker ${name} is back, and in use.`,
  },
  devices: "Sound devices:",
  noDevices: "There is no sound device.",
  deviceColumns: {
    index: "no.",
    name: "name",
    host: "system",
    inputs: "inputs",
    outputs: "outputs",
    standard: "default",
  },
  defaultInput: "microphone",
  defaultOutput: "speaker",

  // Commands
  unknownCommand: (text) => `There is no command “${text}”. Type “help” to see those that there are.`,
  nameMissing: (command) => `The name is missing. Type “${command} NAME”.`,
  badName: (name) =>
    `“${name}” cannot be anybody's name. Use 1 to 32 visible characters, without control characters.`,
  notInCall: "You are not in a call.",
  nothingToAnswer: "Nobody is calling you.",
  alreadyInCall: (name) => `You are already with ${name}. Type “hangup” before you call somebody else.`,
  callingOneself: "That is your own name. Call somebody else; “list” shows who is in the room.",
  otherIpVersion: (name, ip) =>
    `${name} is at ${ip}, and this phone uses the other version of IP. Enter the room both over IPv4 or both over IPv6.`,
  portInUse: (port) =>
    `UDP port ${port} is already in use on this machine. Choose another one, or 0 for any free one.`,
  failed: (detail) => `Something unexpected happened: ${detail}.`,
  closed: "Goodbye!",
  commandsTitle: "Commands:",
  commands: {
    call: "calls the person",
    accept: "accepts the call that is ringing",
    reject: "rejects the call that is ringing",
    hang_up: "ends the call, or gives it up",
    look_up: "asks the registry where the person answers",
    list: "shows who is in the room",
    mute: "mutes the microphone, or unmutes it",
    help: "shows this help",
    quit: "leaves the room",
  },
  commandsHint: "The one-letter forms and the Portuguese words do as well; Tab completes commands and names.",

  details: {
    "connection refused": "connection refused",
    "it is empty": "it is empty",
    "certificate does not fit":
      "its certificate does not fit: give the right one with --ca, or its right name",
    "no tls there": "it does not speak TLS",
    "connection closed": "connection closed",
    "timed out": "timed out without an answer",
    "host name not found": "there is no machine of that name",
    "no such file or folder": "there is no such file or folder",
    "permission denied": "permission denied",
    "no space left on device": "the disk is full",
    "is a folder": "it is a folder",
    "not a wav file": "it is not a WAV file",
  },

  // The command line
  arguments: {
    REGISTRY: "REGISTRY",
    NAME: "NAME",
    PORT: "PORT",
  },
  unknownOption: (option) => `There is no option ${option}.`,
  missingArgument: (argument) => `The argument ${argument} is missing.`,
  tooManyArguments: (argument) =>
    `The argument “${argument}” is one too many. A name with blanks has to be quoted.`,
  valueMissing: (option) => `The option ${option} needs a value.`,
  badFile: (option, path, detail) => `The file “${path}” of ${option} could not be used (${detail}).`,
  noTerminal: (option) => `The option ${option} asks at a terminal, and there is none here.`,
  incomplete: (option, missing) => `The option ${option} needs ${missing}.`,
  badValue: (option, value) => `The value “${value}” is no good for ${option}.`,
  expected: {
    REGISTRY:
      "Use an address or host name, with the port if it is not 5000: 192.168.0.10 or [2001:db8::1]:5000.",
    NAME: "Use 1 to 32 visible characters, without control characters.",
    PORT: "Use a number from 0 to 65535; 0 is any free port.",
    "--call": "Use a person's name of 1 to 32 visible characters.",
    "--answer": "Use ask, accept or reject.",
    "--hang-up-after": "Use a number of seconds greater than zero, such as 20 or 2.5.",
    "--mic": "Use a device, a .wav file, tone or silence.",
    "--speaker": "Use a device, a .wav file or none.",
    "--frame": "Use 10 or 20.",
    "--ip": "Use an IPv4 or IPv6 address.",
    "--room-password":
      "Use it without a value, to be asked for the password, or use --room-password-file or SALA_ROOM_PASSWORD.",
    "--require-encryption": "Use one of the two options, or neither.",
    "--log-keys": "Use the name of a file.",
    "--lang": "Use pt or en.",
  },
  helpHint: "With --help you see how it is used.",
  help: `\
Usage: phone REGISTRY NAME [PORT] [options]
       phone --devices

Enters the room as NAME, to make and take voice calls.

  REGISTRY   the registry's machine: name, address, name:port or [IPv6]:port (port 5000)
  NAME       name in the room, 1 to 32 characters; quoted if it has blanks
  PORT       UDP port at which this phone answers (6000; 0 is any free one)

Options:
  --call NAME               calls the person, and leaves when the call is over
  --answer ask|accept|reject
                            ask at each call, or accept or reject all of them
  --hang-up-after SECONDS   ends each call after that time
  --mic SOURCE              microphone: number or part of the name of a device, .wav file,
                            tone (a test tone) or silence
  --speaker TARGET          speaker: number or part of the name of a device, .wav file
                            to record to, or none
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
  --help                    shows this help`,
  exitStatus: `\
Exit status:
  0  all is well                         5  the sound asked for cannot be used
  2  wrong command line                  6  with --call: no such person
  3  the name is already in use          7  with --call: rejected or busy
  4  the registry cannot be reached      8  with --call: no answer`,
} satisfies Texts;
