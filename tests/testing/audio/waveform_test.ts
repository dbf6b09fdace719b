import { assert, assertEquals, assertMatch } from "@std/assert";
import { drawWaveforms } from "../../../testing/audio/waveform.ts";
import { noise, sine, speechLike } from "../../../testing/audio/signals.ts";

/** Heights of the filled outlines, in pixels, from top to bottom of the picture. */
function outlineHeights(svg: string): number[] {
  return [...svg.matchAll(/<path d="M([\d. -]+)z"/g)].map(([, points]) => {
    const ys = (points ?? "").split(" ").map(Number).filter((_, i) => i % 2 === 1);
    return Math.max(...ys) - Math.min(...ys);
  });
}

Deno.test("drawWaveforms() keeps two tracks of 10 s under 60 KB", () => {
  const svg = drawWaveforms([
    { title: "said", samples: speechLike(10, 48_000, 1), sampleRate: 48_000 },
    { title: "heard", samples: noise(480_000, 2), sampleRate: 48_000 },
  ]);
  assert(svg.length < 60_000, `${svg.length} bytes`);
  assertEquals(outlineHeights(svg).length, 2);
});

Deno.test("drawWaveforms() draws all tracks at one scale, 16-bit samples and floats alike", () => {
  const loud = sine(100, 8000, 1, 0.8);
  const soft = Int16Array.from(sine(100, 8000, 1, 0.2), (sample) => 32_768 * sample);
  const [loudHeight = 0, softHeight = 0] = outlineHeights(drawWaveforms([
    { title: "loud", samples: loud, sampleRate: 8000 },
    { title: "soft", samples: soft, sampleRate: 8000 },
  ]));
  assert(Math.abs(loudHeight / softHeight - 4) < 0.1, `${loudHeight} and ${softHeight}`);
});

Deno.test("drawWaveforms() puts every track in its place on the time axis", () => {
  const svg = drawWaveforms([
    { title: "first", samples: noise(8000, 1), sampleRate: 8000 },
    { title: "second", samples: noise(8000, 2), sampleRate: 8000, offsetSeconds: 3 },
  ], { width: 448 }); // 400 pixels for 4 s
  const starts = [...svg.matchAll(/<path d="M([\d.]+) [\d. -]+z"/g)].map(([, x]) => Number(x));
  assertEquals(starts, [24.5, 324.5]);
  for (const tick of [0, 0.5, 1, 3.5, 4]) assert(svg.includes(`>${tick} s</text>`), `${tick} s`);
});

Deno.test("drawWaveforms() escapes titles", () => {
  const title = `<b> & "joão" \u0007`;
  const svg = drawWaveforms([{ title, samples: noise(100, 1), sampleRate: 8000 }]);
  assert(svg.includes("&lt;b&gt; &amp; &quot;joão&quot; \ufffd</text>"));
  assert(!svg.includes("<b>"));
});

Deno.test("drawWaveforms() draws silence, nothing and no tracks", () => {
  for (const samples of [new Float32Array(8000), new Int16Array(8000), new Float32Array()]) {
    const svg = drawWaveforms([{ title: "silence", samples, sampleRate: 8000 }]);
    assertEquals(outlineHeights(svg), [0]);
    assertMatch(svg, /^<svg [^>]*>[^]*<\/svg>\n$/);
    assert(!/NaN|Infinity|undefined/.test(svg));
  }
  assert(!/NaN|Infinity/.test(drawWaveforms([])));
});
