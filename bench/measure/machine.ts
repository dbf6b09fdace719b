import { runToEnd } from "../../testing/program.ts";

/** The machine and the versions of the programs in one line, for reports. */
export async function describeMachine(): Promise<string> {
  const parts = [
    `${await processor()}, ${navigator.hardwareConcurrency} cores, ${Deno.build.os}`,
    `Deno ${Deno.version.deno}`,
  ];
  for (
    const [program, args, pattern] of [
      ["pulseaudio", ["--version"], /pulseaudio \S+/],
      ["baresip", ["-h"], /baresip v\S+/],
      ["espeak-ng", ["--version"], /eSpeak NG[^:]*: \S+/],
    ] as const
  ) {
    const found = pattern.exec(await everythingSaid(program, args));
    if (found) parts.push(found[0]);
  }
  return parts.join(" · ");
}

async function processor(): Promise<string> {
  try {
    const text = await Deno.readTextFile("/proc/cpuinfo");
    return /^model name\s*: (.*)$/m.exec(text)?.[1] ?? Deno.build.arch;
  } catch {
    return Deno.build.arch;
  }
}

async function everythingSaid(program: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await runToEnd([program, ...args]);
    return stdout + stderr;
  } catch {
    return "";
  }
}
