/** What the name of a file says. */

const WAV_NAME = /\.wave?$/i;

/** Begins with a folder: `/`, `./`, `../`, `~/`, `C:\`, and with the other separator. */
const PATH = /^(?:~|\.{1,2}|[a-z]:)?[/\\]/i;

/** Ends of names of sound in other formats. */
const OTHER_FORMATS: Readonly<Record<string, string>> = {
  mp3: "MP3",
  ogg: "Ogg",
  oga: "Ogg",
  opus: "Ogg",
  flac: "FLAC",
  aac: "AAC",
  m4a: "MP4",
  mp4: "MP4",
  aif: "AIFF",
  aiff: "AIFF",
  aifc: "AIFF",
  au: "AU",
  snd: "AU",
  caf: "CAF",
  amr: "AMR",
  wma: "WMA",
  w64: "Wave64",
  mid: "MIDI",
  midi: "MIDI",
  webm: "Matroska",
  mka: "Matroska",
  mkv: "Matroska",
};

/** Whether a file is a WAV file by its name. */
export function isWavName(path: string): boolean {
  return WAV_NAME.test(path);
}

/** The format that the name of a file tells, if it is one of sound and not WAV. */
export function otherFormat(path: string): string | undefined {
  const [, extension = ""] = /\.(\w+)$/.exec(path) ?? [];
  const format = extension.toLowerCase();
  return Object.hasOwn(OTHER_FORMATS, format) ? OTHER_FORMATS[format] : undefined;
}

/** Whether a word of the command line means a file rather than a device: by its end, or because a folder begins it. */
export function meansFile(choice: string): boolean {
  return isWavName(choice) || otherFormat(choice) !== undefined || PATH.test(choice);
}

/**
 * The path of the `count`th recording beside the first: `call-2.wav` for `call.wav`.
 *
 * @param path Path of the first, a WAV file by its name.
 * @param count From 1, which is the path itself.
 */
export function numberedName(path: string, count: number): string {
  return count === 1 ? path : path.replace(WAV_NAME, `-${count}$&`);
}

/**
 * The last part of a path, with the separators of any system.
 *
 * @param path Path of a file, absolute or not.
 */
export function fileName(path: string): string {
  return path.split(/[/\\]/).pop() || path;
}
