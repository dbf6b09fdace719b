import { assertEquals } from "@std/assert";
import { portAudioDetail } from "../../../audio/portaudio/error_detail.ts";

const noText = (): string => {
  throw new Error("Only paUnanticipatedHostError has a text of the host's");
};

Deno.test("portAudioDetail() has codes for what a device can do", () => {
  assertEquals(portAudioDetail(-9985, noText), { kind: "device_unavailable" });
  assertEquals(portAudioDetail(-9997, noText), { kind: "device_sample_rate" });
  assertEquals(portAudioDetail(-9987, noText), { kind: "timeout" });
});

Deno.test("portAudioDetail() asks for the host's text only where PortAudio has one", () => {
  assertEquals(portAudioDetail(-9999, () => "Device or resource busy"), {
    kind: "host_error",
    text: "Device or resource busy",
  });
});

Deno.test("portAudioDetail() gives the number of any other error", () => {
  assertEquals(portAudioDetail(-9988, noText), { kind: "portaudio_error", number: -9988 });
  assertEquals(portAudioDetail(-1, noText), { kind: "portaudio_error", number: -1 });
});
