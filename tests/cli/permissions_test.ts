import { assertEquals } from "@std/assert";
import { type SoundChoice, soundNeeds } from "../../audio/audio_devices.ts";
import { neededPermissions } from "../../lib/cli/permissions.ts";

const ROWS: [choice: SoundChoice, needed: string[]][] = [
  [{}, ["ffi"]],
  [{ microphone: "usb", speaker: "3" }, ["ffi"]],
  [{ microphone: "tone", speaker: "none" }, []],
  [{ microphone: "fala.wav", speaker: "none" }, ["read"]],
  [{ microphone: "silence", speaker: "OUVI.WAV" }, ["write"]],
  [{ microphone: "fala.wav", speaker: "ouvi.wave" }, ["read", "write"]],
  [{ microphone: "fala.wav" }, ["read", "ffi"]],
];

Deno.test("neededPermissions() are those of the chosen sound, and no others", () => {
  for (const [choice, needed] of ROWS) {
    const given = neededPermissions(soundNeeds(choice));
    assertEquals([...given], needed, JSON.stringify(choice));
  }
});

Deno.test("neededPermissions() include that of a key log", () => {
  const needs = soundNeeds({ microphone: "tone", speaker: "none" });
  assertEquals([...neededPermissions(needs, "keys")], ["write"]);
});
